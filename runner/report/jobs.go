package report

import (
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
)

// jobs tells what became of each job, in the order of the plan; those that only
// the baseline has come last.
func (c *comparison) jobs() (out []Job) {
	old := map[string]*record.Job{}
	if c.base != nil {
		for i := range c.base.Jobs {
			old[c.base.Jobs[i].ID] = &c.base.Jobs[i]
		}
	}
	here := map[string]bool{}
	for i := range c.head.Jobs {
		j := &c.head.Jobs[i]
		here[j.ID] = true
		out = append(out, c.job(j, old[j.ID]))
	}
	if c.base == nil {
		return out
	}
	for _, j := range c.base.Jobs {
		if !here[j.ID] {
			out = append(out, Job{ID: j.ID, Only: "base", Base: j.Status, Outputs: Sameness{All: len(j.Outputs)}})
		}
	}
	return out
}

func (c *comparison) job(now, old *record.Job) Job {
	j := Job{
		ID: now.ID, Status: now.Status, Cached: now.Cached, Reason: now.Reason, Error: now.Error, Exit: now.Exit, Why: now.Why, Wall: now.Wall,
		Outputs: Sameness{All: len(now.Outputs)},
	}
	if now.Status == record.Failure || now.Status == record.Cancelled {
		j.Log = c.Logs[now.ID]
	}
	if c.base == nil {
		return j
	}
	if old == nil {
		j.Only = "head"
		return j
	}
	j.Base = old.Status
	j.Outputs = sameness(old.Outputs, now.Outputs)
	if now.Fingerprint.IsZero() || old.Fingerprint.IsZero() {
		return j
	}
	j.Equal = now.Fingerprint == old.Fingerprint
	if !j.Equal {
		j.Changed = ingredients(old.FingerprintLines, now.FingerprintLines)
	}
	return j
}

// ingredients lists the lines in which two fingerprints differ, by kind and name.
func ingredients(old, now []string) (cs []Change) {
	for _, d := range plan.Diff(old, now) {
		c := Change{Name: d.Kind + " " + d.Name}
		if d.Kind == "" {
			c.Name = d.Name
		}
		if !d.Added {
			c.Old = &d.Old
		}
		if !d.Removed {
			c.New = &d.New
		}
		cs = append(cs, c)
	}
	return cs
}

// sameness counts the outputs that are equal to the bit.
func sameness(old, now []record.Artifact) Sameness {
	was := make(map[string]record.Artifact, len(old))
	for _, a := range old {
		was[a.Path] = a
	}
	s := Sameness{All: len(was)}
	for _, a := range now {
		b, ok := was[a.Path]
		switch {
		case !ok:
			s.All++
		case a.Digest == b.Digest && a.Link == b.Link:
			s.Same++
		}
	}
	return s
}

// outputs adds up the jobs that came to have outputs in the run.
func outputs(jobs []Job) (sum Sameness) {
	for _, j := range jobs {
		if j.Status == record.Success || j.Only == "base" {
			sum.Same += j.Outputs.Same
			sum.All += j.Outputs.All
		}
	}
	return sum
}
