package main

import (
	"context"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/actions/datacheck"
	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/spec"
)

// A checkedTable is a table that is compared with another.
type checkedTable struct {
	turn    int // of the data check of a job that described it, from 1; 0 if none did
	profile *profile.Profile
}

// file is the path of the table's first file, as the data check had it.
func (c *checkedTable) file() string {
	if len(c.profile.Files) == 0 {
		return ""
	}
	return c.profile.Files[0].Path
}

// profilesNamed are the profile of a table, or those that the data checks of a job
// kept in a run.
func (a *app) profilesNamed(ctx context.Context, name string) ([]checkedTable, error) {
	run, job, ok := strings.Cut(name, ":")
	job, which, _ := strings.Cut(job, ":")
	if _, err := os.Stat(name); err == nil || !ok || strings.Contains(job, "/") {
		p, err := a.profileOf(ctx, name, true)
		return []checkedTable{{profile: p}}, err
	}
	r, err := a.loadRun(run)
	if err != nil {
		return nil, err
	}
	p, err := a.findProject("")
	if err != nil {
		return nil, err
	}
	s, err := store.OpenWith(p.sharedStore(), store.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	found, err := keptTables(r, s, job)
	if err != nil {
		return nil, err
	}
	if found == nil {
		return nil, noProfile(r, job)
	}
	if which == "" {
		return found, nil
	}
	for _, c := range found {
		if which == strconv.Itoa(c.turn) || which == c.file() || which == path.Base(c.file()) {
			return []checkedTable{c}, nil
		}
	}
	return nil, fixError{fmt.Errorf("job %s of run %s kept no profile of %s", job, r.ID, which), "there are " + listTables(run+":"+job, found)}
}

// keptTables reads what the data checks of a job kept, by their turns.
func keptTables(r *record.Run, s *store.Dir, job string) (out []checkedTable, err error) {
	for _, turn := range keptTurns(r.Job(job)) {
		text, err := keptFile(r, s, job, spec.KeptName(datacheck.ProfileFile, turn))
		if err != nil {
			return nil, err
		}
		if text == nil {
			continue
		}
		p, err := profile.Decode(text)
		if err != nil {
			return nil, err
		}
		out = append(out, checkedTable{turn, p})
	}
	return out, nil
}

// keptTurns are the turns of the data checks of a job that kept a profile.
func keptTurns(j *record.Job) (turns []int) {
	if j == nil {
		return nil
	}
	for _, k := range j.Kept {
		turn := 1
		_, _ = fmt.Sscanf(k.Path, "profile-%d.json", &turn)
		if k.Path == spec.KeptName(datacheck.ProfileFile, turn) {
			turns = append(turns, turn)
		}
	}
	slices.Sort(turns)
	return turns
}

func noProfile(r *record.Run, job string) error {
	var jobs []string
	for i := range r.Jobs {
		if keptTurns(&r.Jobs[i]) != nil {
			jobs = append(jobs, r.Jobs[i].ID)
		}
	}
	if jobs == nil {
		return fmt.Errorf("no job of run %s kept a profile", r.ID)
	}
	return fixError{fmt.Errorf("no job %s of run %s kept a profile", job, r.ID), "jobs that did: " + strings.Join(jobs, ", ")}
}

// ambiguous says that a name stands for several tables and the other for one.
func ambiguous(name string, found []checkedTable) error {
	return fixError{fmt.Errorf("%s has %d data checks", name, len(found)), "name one of " + listTables(name, found)}
}

// listTables names the tables of a job as the command takes them.
func listTables(name string, found []checkedTable) string {
	var names []string
	for _, c := range found {
		names = append(names, fmt.Sprintf("%s:%d (%s)", name, c.turn, foreign(path.Base(c.file()))))
	}
	return strings.Join(names, ", ")
}

// A checkDifference is how what a data check of a job saw differs between two runs.
type checkDifference struct {
	Check int    `json:"check"` // its turn in the job, from 1
	File  string `json:"file"`
	dataDifference
}

// diffChecks tells how the tables of two jobs differ, check by check.
func (a *app) diffChecks(o dataDiffOptions, base, now []checkedTable) error {
	var all []checkDifference
	for _, n := range now {
		i := slices.IndexFunc(base, func(b checkedTable) bool { return b.turn == n.turn })
		if i < 0 {
			a.say("only the second job has data check %d (%s)", n.turn, foreign(path.Base(n.file())))
			continue
		}
		d, err := differenceOf(base[i].profile, n.profile)
		if err != nil {
			return err
		}
		all = append(all, checkDifference{n.turn, n.file(), d})
		if o.json {
			continue
		}
		fmt.Fprintf(a.stdout, "data check %d, %s:\n", n.turn, foreign(path.Base(n.file())))
		if err := a.writeDifference(d, base[i].profile, n.profile, o.all); err != nil {
			return err
		}
	}
	for _, b := range base {
		if !slices.ContainsFunc(now, func(n checkedTable) bool { return n.turn == b.turn }) {
			a.say("only the first job has data check %d (%s)", b.turn, foreign(path.Base(b.file())))
		}
	}
	if o.json {
		return a.printJSON(all)
	}
	return nil
}
