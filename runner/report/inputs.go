package report

import (
	"cmp"
	"sort"

	"github.com/mlops-runner/mlops/runner/record"
)

// inputs lists what the runs read in different versions and did not write
// themselves: datasets by their name, the rest by path, datasets first.
func inputs(old, now *record.Run) (cs []InputChange) {
	a, b := inputsOf(old), inputsOf(now)
	for key, was := range a {
		is, ok := b[key]
		switch {
		case !ok && !settled(now, was.jobs):
			continue // the jobs that would read it did not come to that
		case !ok:
			cs = append(cs, InputChange{Name: was.Name, Path: was.Path, Old: was.Digest, OldSize: was.Size, OldFiles: was.Files, IsDataset: was.Name != ""})
		case was.Digest != is.Digest:
			c := added(is)
			c.Old, c.OldSize, c.OldFiles = was.Digest, was.Size, was.Files
			if was.Path != is.Path {
				c.OldPath = was.Path
			}
			cs = append(cs, c)
		}
	}
	for key, is := range b {
		if _, ok := a[key]; !ok && settled(old, is.jobs) {
			cs = append(cs, added(is))
		}
	}
	sort.Slice(cs, func(i, j int) bool { return compareInputs(cs[i], cs[j]) < 0 })
	return cs
}

func added(in input) InputChange {
	return InputChange{Name: in.Name, Path: in.Path, New: in.Digest, NewSize: in.Size, NewFiles: in.Files, IsDataset: in.Name != ""}
}

// An input is what jobs of a run read and none of them had written.
type input struct {
	record.Artifact
	jobs []string // ids
}

// inputsOf returns the inputs of a run by their name or path. Where jobs read
// different versions, that of the last counts.
func inputsOf(r *record.Run) map[string]input {
	written := map[string]bool{}
	for _, j := range r.Jobs {
		for _, a := range j.Outputs {
			written[a.Path+" "+a.Digest.Hex()] = true
		}
	}
	all := map[string]input{}
	for _, j := range r.Jobs {
		for _, a := range j.Inputs {
			if written[a.Path+" "+a.Digest.Hex()] {
				continue
			}
			key := "path " + a.Path
			if a.Name != "" {
				key = "name " + a.Name
			}
			all[key] = input{a, append(all[key].jobs, j.ID)}
		}
	}
	return all
}

// settled reports whether all of a run's jobs among these know their inputs,
// so that what is not there was not read. A job that the run lacks reads nothing.
func settled(r *record.Run, jobs []string) bool {
	for _, id := range jobs {
		if j := r.Job(id); j != nil && j.Fingerprint.IsZero() {
			return false
		}
	}
	return true
}

func compareInputs(a, b InputChange) int {
	if a.IsDataset != b.IsDataset {
		if a.IsDataset {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Path, b.Path))
}
