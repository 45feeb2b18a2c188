package registry

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// Verify reads all that there is of a model and lists what is not as it was
// written: lines of the journal, versions, refs, the records of the runs that
// made them, and every byte of their files. What a killed writer left is none of
// it. A blob that is damaged is set aside, as store.Reread does. The error is of
// Verify itself.
func (r *Registry) Verify(ctx context.Context, model string) ([]Problem, error) {
	return r.verify(ctx, model, 0)
}

// VerifyVersion is [Registry.Verify] for whoever is asked for one version: of all
// others it does not read the files and the records of their runs, which may be
// elsewhere.
func (r *Registry) VerifyVersion(ctx context.Context, model string, version int) ([]Problem, error) {
	return r.verify(ctx, model, version)
}

// verify reads the files of one version, of all if that is 0.
func (r *Registry) verify(ctx context.Context, model string, only int) ([]Problem, error) {
	if err := CheckModel(model); err != nil {
		return nil, err
	}
	if _, err := os.Stat(r.path(folder(model))); errors.Is(err, os.ErrNotExist) {
		return nil, r.unknown(model)
	}
	release, err := r.lock(ctx, model)
	if err != nil {
		return nil, err
	}
	defer release()
	j, err := r.journalOnce(model)
	if err != nil {
		return nil, err
	}
	if len(j.text) == 0 && len(j.wrong) == 0 {
		return nil, r.unknown(model)
	}
	v := &verifier{r: r, only: only, wrong: slices.Clone(j.wrong), read: map[store.Digest]error{}, gone: map[store.Digest]bool{}, runs: map[string]bool{}}
	n := 0
	for _, e := range j.entries {
		if e.Action == Registered && e.Model == model {
			n++
			v.version(ctx, n, e)
		}
		if e.Model == model { // else told already
			v.target(n, e)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	v.strays(model, n)
	return v.wrong, nil
}

// A verifier is one Verify at work.
type verifier struct {
	r     *Registry
	only  int // version whose bytes are read; 0 for all
	wrong []Problem
	read  map[store.Digest]error // what reading a blob came to
	gone  map[store.Digest]bool  // blobs that were not there when they were to be read
	runs  map[string]bool        // records that were looked at
}

func (v *verifier) blame(file string, line int, format string, args ...any) {
	v.wrong = append(v.wrong, Problem{File: file, Line: line, What: fmt.Sprintf(format, args...)})
}

// unread blames a blob that could not be read.
func (v *verifier) unread(d store.Digest, what, of string, err error) {
	p := Problem{File: d.String(), What: fmt.Sprintf("%s of %s: %v", what, of, err)}
	if v.gone[d] {
		p.Missing = d
	}
	v.wrong = append(v.wrong, p)
}

// target looks at what a line is about, of n versions so far.
func (v *verifier) target(n int, e Entry) {
	if e.Version < 1 || e.Version > n {
		v.blame(journalFile(e.Model), e.Seq, "is about version %d, which no line before it registers", e.Version)
	}
}

// version looks at the nth version, which a line registers.
func (v *verifier) version(ctx context.Context, n int, e Entry) {
	if e.Version != n {
		v.blame(journalFile(e.Model), e.Seq, "registers version %d, where %d is next", e.Version, n)
		return
	}
	ver, problem := v.r.version(e)
	if problem != nil {
		v.wrong = append(v.wrong, *problem)
		return
	}
	ref := "refs/" + refName(e.Model, n)
	if dig, err := v.r.d.Ref(refName(e.Model, n)); err != nil || dig != e.Digest {
		v.blame(ref, 0, "does not name the files of version %d, which a garbage collection may take; write %s into it", n, e.Digest)
	}
	if v.only == 0 || v.only == n {
		v.files(ctx, ver)
		v.record(ver)
	}
}

// files reads all of a version's bytes.
func (v *verifier) files(ctx context.Context, ver *Version) {
	name := fmt.Sprintf("%s@%d", ver.Model, ver.Version)
	if err := v.reread(ctx, ver.Digest); err != nil {
		v.unread(ver.Digest, "the tree", name, err)
		return
	}
	es, err := v.r.d.ReadTree(ctx, ver.Digest)
	if err != nil {
		v.blame(ver.Digest.String(), 0, "the tree of %s: %v", name, err)
		return
	}
	if !slices.Equal(es, treeEntries(ver)) {
		v.blame(versionFile(ver.Model, ver.Version), 0, "lists other files than the tree of %s", name)
	}
	for _, e := range es {
		if e.Link != "" || e.Digest.IsZero() {
			continue
		}
		if err := v.reread(ctx, e.Digest); err != nil {
			v.unread(e.Digest, e.Path, name, err)
		}
	}
}

// treeEntries are a version's entries in the order of a tree.
func treeEntries(ver *Version) []store.Entry {
	es := ver.Entries()
	slices.SortFunc(es, func(a, b store.Entry) int { return strings.Compare(a.Path, b.Path) })
	return es
}

func (v *verifier) reread(ctx context.Context, d store.Digest) error {
	err, known := v.read[d]
	if !known {
		_, gone := os.Lstat(v.r.d.Path(d)) // before it is read: what is damaged is set aside by that
		v.gone[d] = errors.Is(gone, os.ErrNotExist)
		err = v.r.d.Reread(ctx, d)
		v.read[d] = err
	}
	return err
}

// record holds the record of the run that made a version against the digest that
// the version has of it.
func (v *verifier) record(ver *Version) {
	if ver.Run == "" || ver.RunDigest.IsZero() || v.runs[ver.Run] {
		return
	}
	v.runs[ver.Run] = true
	switch got, err := record.Verify(v.r.d.Root(), ver.Run); {
	case err != nil:
		v.blame("run "+ver.Run, 0, "which made %s@%d: %v", ver.Model, ver.Version, err)
	case got.Digest != ver.RunDigest:
		v.blame("run "+ver.Run, 0, "which made %s@%d, was sealed as another one", ver.Model, ver.Version)
	case !got.OK():
		v.blame("run "+ver.Run, 0, "which made %s@%d, was changed: \"mlops runs verify\" lists what", ver.Model, ver.Version)
	}
}

// strays finds files of versions that no line registers, but for the next one: its
// writer was killed.
func (v *verifier) strays(model string, n int) {
	es, err := os.ReadDir(v.r.path(folder(model) + "/versions"))
	if err != nil {
		v.blame(folder(model)+"/versions", 0, "%v", err)
	}
	for _, e := range es {
		number, isNumber := strings.CutSuffix(e.Name(), ".json")
		i, err := strconv.Atoi(number)
		if !isNumber || err != nil || i < 1 || i > n+1 {
			v.blame(folder(model)+"/versions/"+e.Name(), 0, "no line of the journal registers it")
		}
	}
}
