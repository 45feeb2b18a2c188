package baseline

import (
	"errors"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report"
)

// A Trail is what an answer of [Resolver.Resolve] rested on beside the history of
// the repository: which runs were looked for, and where.
type Trail struct {
	Query   Query    `json:"query"`
	Commits []string `json:"commits,omitempty"` // whose runs were looked for, in this order
	Lonely  bool     `json:"lonely,omitempty"`  // no run stood for any commit, so that none was looked for
}

// errFirst reports that there is no commit to compare with, and will be none.
var errFirst = errors.New("is the first commit")

// trail notes the commits whose runs are looked for. A run that asks is no longer
// its own baseline alone once it is recorded: then it is one run like another.
func (f *Found) trail(q Query, commits []string, lonely bool) {
	q.Run = ""
	f.Trail = &Trail{q, commits, lonely}
}

// Again returns the run that Resolve would find for the query of a trail now, nil
// for none, if the history of the repository is as it was. It asks neither the
// repository nor a forge. ok is false where the runs alone do not tell.
func (r *Resolver) Again(t *Trail) (run *record.Run, ok bool) {
	if t == nil {
		return nil, false
	}
	if t.Query.Asked == "previous" {
		var f Found
		r.previous(&f, t.Query)
		return f.Run, true
	}
	runs := r.Index.of(t.Query)
	if t.Lonely {
		return nil, len(runs) == 0
	}
	for _, commit := range t.Commits {
		if run := r.load(runs[commit]); run != nil {
			return run, true
		}
	}
	return nil, true
}

// Of is a run that was chosen otherwise, as if it had been found; nil is none.
func Of(run *record.Run) *Found {
	f := &Found{Baseline: report.Baseline{Tip: -1}}
	if run == nil {
		f.none("no run is recorded")
		return f
	}
	f.take(run, 0, "the run that was chosen")
	f.Wanted, f.Name = f.Found, run.Source.Branch
	f.text = "run " + shortRun(run.ID)
	if f.Found != "" {
		f.text += " of " + at(f.Name, f.Found)
	}
	return f
}
