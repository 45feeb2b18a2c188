package datacheck

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/mlops-runner/mlops/actions/action"
	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
	"github.com/mlops-runner/mlops/spec"
)

// Builtin is the action, for the table of built-ins.
func Builtin() action.Action { return action.Action{Action: Action(), Run: Run} }

// Run checks the table that the inputs name. It prints what it finds and hands
// over checks.json, the metrics and a section of the report.
func Run(ctx context.Context, call action.Call) (action.Outcome, error) {
	checked, until, err := Table(ctx, call)
	if err != nil {
		return action.Outcome{}, err
	}
	if err := checked.Log(call.Log); err != nil {
		return action.Outcome{}, err
	}
	text, err := json.MarshalIndent(checked, "", "  ")
	if err != nil {
		return action.Outcome{}, err
	}
	described, err := checked.now.Encode()
	if err != nil {
		return action.Outcome{}, err
	}
	return action.Outcome{
		Failed: checked.Failed > 0, Metrics: checked.metrics(action.TextOf(call.Inputs["as"])), Sections: checked.Sections(), Until: until,
		Files: map[string][]byte{spec.KeptName(ChecksFile, call.Turn): append(text, '\n'), spec.KeptName(ProfileFile, call.Turn): described},
	}, nil
}

// Table checks the table that the inputs of a call name. until is when the result
// ceases to hold by itself; zero means never.
func Table(ctx context.Context, call action.Call) (checked *Checked, until time.Time, err error) {
	c, err := parseConfig(call.Inputs)
	if err != nil {
		return nil, until, err
	}
	files, err := table.Files(call.Root, c.data)
	if err != nil {
		return nil, until, err
	}
	t, err := open(call.Root, files)
	if err != nil {
		return nil, until, err
	}
	s := &setup{config: c, ctx: ctx, call: call, now: call.Now}
	s.over(t.Columns())
	if !c.now.IsZero() {
		s.now = c.now
	}
	s.open = func(pattern string) (source, error) {
		files, err := table.Files(call.Root, pattern)
		if err != nil {
			return nil, err
		}
		return open(call.Root, files)
	}
	checked = &Checked{Version: Version, Data: c.data, Files: files, Columns: len(s.columns)}
	if err := checked.look(s, t); err != nil {
		return nil, until, err
	}
	checked.relative(call.Root)
	checked.sum()
	return checked, s.until, nil
}

// open opens files for checking: what text files hold is looked at by the checks,
// so that a value of the wrong kind is a finding and no error.
func open(root string, files []string) (*table.Table, error) {
	return table.Open(table.Paths(root, files), table.Options{Text: true})
}

// look runs the checks and describes the table at the same time. Both read it: what
// a check sees are texts as they stand in the file, and what is described are values
// of kinds that only the whole file tells. Very many columns are checked first: both
// take memory for each.
func (c *Checked) look(s *setup, t source) error {
	if len(s.columns) > mostTogether {
		if err := c.run(s, t); err != nil {
			return err
		}
		p, err := s.profile(c.Files)
		if err != nil {
			return err
		}
		return c.describe(s, p)
	}
	ctx, stop := context.WithCancel(s.ctx)
	defer stop()
	beside := *s
	beside.ctx = ctx
	var p *profile.Profile
	var g errgroup.Group
	g.Go(func() (err error) { p, err = beside.profile(c.Files); return err })
	if err := c.run(s, t); err != nil {
		stop()
		_ = g.Wait() // what the checks say is closer to the inputs
		return err
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return c.describe(s, p)
}

// mostTogether is how many columns are checked and described at the same time.
const mostTogether = 1000

// describe looks at what the profile of the table tells.
func (c *Checked) describe(s *setup, p *profile.Profile) error {
	c.now = p
	c.hint(p)
	if err := c.accept(s, p); err != nil {
		return err
	}
	if s.drift == nil {
		return nil
	}
	return c.drift(s, p)
}

// Profile is the description of the table.
func (c *Checked) Profile() *profile.Profile { return c.now }

// run lets all checks see all rows.
func (c *Checked) run(s *setup, t source) (err error) {
	s.room = roomFor(s.config)
	var probes []probe
	defer func() {
		for _, p := range probes {
			err = errors.Join(err, p.close())
		}
	}()
	for _, check := range Checks() {
		if check.probe == nil || check.Name != "columns" && s.level(check.Name) == Off {
			continue
		}
		made, e := check.probe(s)
		probes, err = append(probes, made...), errors.Join(err, e)
	}
	more, e := hinters(s)
	probes, err = append(probes, more...), errors.Join(err, e)
	if err != nil {
		return err
	}
	for b, err := range t.Batches(s.ctx) {
		if err != nil {
			return err
		}
		for _, p := range probes {
			if err := p.see(b, uint64(c.Rows)); err != nil {
				return err
			}
		}
		c.Rows += int64(b.Rows)
	}
	for _, p := range probes {
		rs, err := p.results()
		if err != nil {
			return err
		}
		c.Results = append(c.Results, rs...)
		if h, ok := p.(interface{ hints() ([]Hint, error) }); ok {
			hints, err := h.hints()
			if err != nil {
				return err
			}
			c.Hints = append(c.Hints, hints...)
		}
	}
	return c.name(s.ctx, t)
}

// hinters are what looks for oddities beside the checks.
func hinters(s *setup) (out []probe, err error) {
	if len(s.key) == 0 && len(s.columns) >= manyColumns {
		out = append(out, duplicatesProbe(s))
	}
	if s.label != "" {
		p, err := leaksProbe(s)
		if err != nil {
			return out, err
		}
		out = append(out, p)
	}
	return out, nil
}

// roomFor shares the room for hashes out to the checks that need some.
func roomFor(c *config) int {
	n := len(c.refs) + 2*len(c.disjoint) + 2
	for _, line := range c.columns {
		for _, r := range line.Rules {
			if r.Word == "unique" || r.Word == "distinct" {
				n++
			}
		}
	}
	return max(1<<16, MaxHashBytes/entrySize/n)
}

// name reads the table once more for what rows hold that are known by their
// numbers alone; up to the last of them.
func (c *Checked) name(ctx context.Context, t source) error {
	last, any := uint64(0), false
	for _, r := range c.Results {
		for _, row := range r.rows {
			last, any = max(last, row), true
		}
	}
	if !any {
		return nil
	}
	first := uint64(0)
	for b, err := range t.Batches(ctx) {
		if err != nil {
			return err
		}
		for i := range c.Results {
			c.Results[i].nameRows(b, first)
		}
		if first += uint64(b.Rows); first > last {
			break
		}
	}
	return nil
}

func (r *Result) nameRows(b *table.Batch, first uint64) {
	for _, row := range r.rows {
		if row < first || row >= first+uint64(b.Rows) {
			continue
		}
		i := int(row - first)
		r.First = append(r.First, Offender{File: b.File, Line: lineOf(b, i), Row: b.Row + int64(i), Value: clip(tuple(b, i, r.columns))})
	}
}
