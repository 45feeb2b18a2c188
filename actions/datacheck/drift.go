package datacheck

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/mlops-runner/mlops/actions/drift"
	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
	"github.com/mlops-runner/mlops/spec"
)

// baselineWord, as what drift is measured against, is the same data of the run
// that this one is compared with.
const baselineWord = "baseline"

// profile describes the table of files below root. Values of text files that are
// not of the type that a column's line names count as nulls; the kinds of columns
// that are in free are found out.
func (s *setup) profile(files []string, free ...string) (*profile.Profile, error) {
	kinds := map[string]table.Kind{}
	found := make(map[string]bool, len(free))
	for _, name := range free {
		found[name] = true
	}
	for _, line := range s.config.columns {
		if k, ok := kindOf(line.Type); ok && !found[line.name] {
			kinds[line.name] = k
		}
	}
	return describe(s.ctx, s.call.Root, files, kinds, s.call.Cache)
}

func kindOf(typ string) (table.Kind, bool) {
	for k := table.Bool; k <= table.Text; k++ {
		if k.String() == typ {
			return k, true
		}
	}
	return table.Unknown, false
}

// base is the profile that drift is measured against, and before it those that the
// baseline's branch had until then, the oldest first; nil, with the reason, if there is none.
func (s *setup) base() (p *profile.Profile, past []*profile.Profile, why string, err error) {
	if s.drift.against == baselineWord {
		return s.baseline()
	}
	files, err := table.Files(s.call.Root, s.drift.against)
	if err != nil {
		return nil, nil, "", err
	}
	p, err = s.profile(files)
	return p, nil, "", err
}

func (s *setup) baseline() (p *profile.Profile, past []*profile.Profile, why string, err error) {
	if s.call.Past == nil {
		return nil, nil, "there is no baseline", nil
	}
	texts, err := s.call.Past(spec.KeptName(ProfileFile, s.call.Turn))
	if err != nil {
		return nil, nil, "", err
	}
	if len(texts) == 0 {
		return nil, nil, "the baseline has no profile of this data; its next run will", nil
	}
	if p, err = profile.Decode(texts[0]); err != nil {
		return nil, nil, fmt.Sprintf("the baseline's profile: %v", err), nil
	}
	for _, text := range slices.Backward(texts) {
		if old, err := profile.Decode(text); err == nil && old.Version == p.Version { // another version's teaches nothing
			past = append(past, old)
		}
	}
	return p, past, "", nil
}

// drift compares the table's profile with another and adds a result for each column.
func (c *Checked) drift(s *setup, now *profile.Profile) error {
	c.strangers(s)
	base, past, why, err := s.base()
	if err != nil {
		return err
	}
	if base == nil {
		c.Notes = append(c.Notes, "drift: not measured: "+why)
		return nil
	}
	if err := c.schema(s, base, now); err != nil {
		return err
	}
	r, err := drift.Compare(base, now, s.driftOptions(past))
	if err != nil {
		return fmt.Errorf("drift: %w", err)
	}
	columns := r.Columns
	if r.Label != nil {
		columns = append(columns, *r.Label)
	}
	for _, d := range columns {
		c.Results = append(c.Results, s.moved(d))
	}
	c.Base, c.now, c.base = s.drift.against, now, base
	return nil
}

// schema adds a result for each way in which the form of the table changed.
func (c *Checked) schema(s *setup, base, now *profile.Profile) error {
	level := cmp.Or(s.levels["schema"], Warn)
	if level == Off {
		return nil
	}
	changes, err := drift.Schema(base, now)
	if err != nil {
		return fmt.Errorf("drift: %w", err)
	}
	for _, ch := range changes {
		r := Result{Check: "schema", Column: ch.Column, Input: "drift", Level: level, Measured: ch.Text, Wanted: "as in " + s.drift.against, Passed: ch.Severity == drift.Informs}
		if ch.Severity == drift.Surprises {
			r.Level = Warn
		}
		c.Results = append(c.Results, r)
	}
	return nil
}

func (s *setup) driftOptions(past []*profile.Profile) drift.Options {
	o := drift.Options{Past: past, Warn: s.drift.warn, Fail: s.drift.fail, Label: s.label, Skip: s.drift.skip, Tests: s.drift.tests}
	if o.Fail == 0 {
		o.Fail = 1 // no share is more
	}
	o.Warn = min(o.Warn, o.Fail)
	return o
}

// moved is what drift found of a column. That one cannot tell is no failure.
func (s *setup) moved(d drift.Column) Result {
	r := Result{Check: "drift", Column: d.Name, Input: "drift", Level: Warn, Passed: d.Verdict != drift.Moved, Measured: d.Why, Value: value(d.Effect)}
	if d.Verdict == drift.LeftOut || d.Verdict == drift.CantTell {
		r.Measured = string(d.Verdict) + ": " + d.Why
	}
	if d.Test != "" { // its figure is no share of rows, and its thresholds are its own
		if d.Level == drift.Fail {
			r.Level = Fail
		}
		r.Wanted = fmt.Sprintf("not %s %s since %s", d.Test, short(d.Threshold), s.drift.against)
		return r
	}
	r.fail = s.drift.fail
	r.warn = max(s.drift.warn, d.Learnt)
	if r.fail > 0 {
		r.warn = min(r.warn, r.fail)
	}
	most := r.warn
	if d.Verdict == drift.Moved && d.Level == drift.Fail && r.fail > 0 {
		r.Level, most = Fail, r.fail
	}
	r.Share, r.Wanted = d.Effect, "less than "+percent(most)+" of rows moved since "+s.drift.against
	return r
}

// strangers notes columns that the input names and the table does not have.
func (c *Checked) strangers(s *setup) {
	for _, name := range append(slices.Sorted(maps.Keys(s.drift.tests)), s.drift.skip...) {
		if s.column(name) < 0 {
			c.Notes = append(c.Notes, "drift: "+name+": "+noColumn(name, s.columns))
		}
	}
}
