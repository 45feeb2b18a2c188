package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/repro"
)

// outputs compares the files of the first job with those of the others; the first
// difference counts.
func (r *reproduction) outputs(jobs []*record.Job, when repro.Span) (out []reproOutput) {
	var paths []string
	for _, j := range jobs {
		for _, o := range j.Outputs {
			paths = append(paths, o.Path)
		}
	}
	slices.Sort(paths)
	for _, path := range slices.Compact(paths) {
		o := reproOutput{Path: path, Verdict: reproIdentical}
		first := outputOf(jobs[0], path)
		for _, j := range jobs[1:] {
			if other := outputOf(j, path); o.Verdict == reproIdentical && !sameOutput(first, other) {
				r.look(&o, first, other, when)
			}
		}
		out = append(out, o)
	}
	return out
}

func outputOf(j *record.Job, path string) *record.Artifact {
	for i := range j.Outputs {
		if j.Outputs[i].Path == path {
			return &j.Outputs[i]
		}
	}
	return nil
}

func sameOutput(a, b *record.Artifact) bool {
	return a != nil && b != nil && a.Digest == b.Digest && a.Mode == b.Mode && a.Link == b.Link
}

// maxLook is how large a file is looked into, in bytes.
const maxLook = 64 << 20

// look says how two files differ.
func (r *reproduction) look(o *reproOutput, a, b *record.Artifact, when repro.Span) {
	o.Verdict = reproDifferent
	switch {
	case a == nil || b == nil:
		o.Why = "is not there in every run"
		return
	case a.Digest == b.Digest:
		o.Why = "has another mode or target"
		return
	case a.Size > maxLook || b.Size > maxLook:
		o.Why = fmt.Sprintf("%s and %s, too large to look into", a.Digest.Short(), b.Digest.Short())
		return
	}
	x, errX := r.read(a)
	y, errY := r.read(b)
	if err := cmp.Or(errX, errY); err != nil {
		o.Why = err.Error()
		return
	}
	o.Difference = repro.Compare(x, y, when)
	if d := o.Difference; d != nil && d.Relative != nil && *d.Relative <= r.options.tolerance {
		o.Verdict = reproWithin
	}
}

func (r *reproduction) read(a *record.Artifact) ([]byte, error) {
	f, err := r.session.Store.Open(a.Digest)
	if err != nil && r.session.Overlay.Lower != nil {
		f, err = r.session.Overlay.Lower.Open(a.Digest) // of a recorded run
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}
