package spec

// sound is what a file with errors has left without the jobs that they stand in,
// and without those that need one of them: enough to look for mistakes in the
// graph of the others. A mistake between two jobs counts as one of the job above it.
func (f *File) sound(ds Diagnostics) *File {
	broken := map[string]bool{}
	for _, d := range ds {
		if j := f.jobAt(d); j != nil && d.Severity == Error {
			broken[j.ID.Value] = true
		}
	}
	out := *f
	for n := -1; n != len(out.Jobs); {
		n = len(out.Jobs)
		out.Jobs = f.unbroken(broken)
	}
	return &out
}

// jobAt is the job that begins last before a problem, or nil.
func (f *File) jobAt(d Diagnostic) (at *Job) {
	if d.File != f.Path {
		return nil
	}
	for _, j := range f.Jobs {
		if j.Pos.compare(d.Pos) <= 0 && (at == nil || at.Pos.compare(j.Pos) < 0) {
			at = j
		}
	}
	return at
}

// unbroken returns the jobs that are not broken, and marks those as broken that
// need one which is or does not exist.
func (f *File) unbroken(broken map[string]bool) (jobs []*Job) {
	for _, j := range f.Jobs {
		for _, need := range j.Needs {
			if broken[need.Value] || f.Job(need.Value) == nil {
				broken[j.ID.Value] = true
			}
		}
		if !broken[j.ID.Value] {
			jobs = append(jobs, j)
		}
	}
	return jobs
}
