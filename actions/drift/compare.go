package drift

import (
	"cmp"
	"fmt"
	"slices"
	"sort"

	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/runner/report/distribution"
)

// Compare tells which columns of now have drifted since base.
//
// A column can move in several ways, each of which is a share of rows: its values
// (numbers by the distance of Kolmogorov and Smirnov, categories by their total
// variation less [ExpectedTV]), its nulls, its infinities, and rows of categories
// that were not there before. It moved if one of these reaches a threshold and its
// p, corrected by Benjamini and Hochberg for all effects of all columns, is below
// Alpha. Where a move as large as the lower threshold could not be told from chance
// even if it were the only one, the verdict is that one can't tell, with the number
// of rows that it takes. Columns that only one profile has are no drift.
//
// It fails with [ErrVersion], [ErrThreshold] or [ErrTest].
func Compare(base, now *profile.Profile, o Options) (*Result, error) {
	if base.Version != now.Version {
		return nil, fmt.Errorf("%w: %d and %d", ErrVersion, base.Version, now.Version)
	}
	for _, p := range o.Past {
		if p.Version != now.Version {
			return nil, fmt.Errorf("%w: %d and %d", ErrVersion, p.Version, now.Version)
		}
	}
	filled, err := o.filled()
	if err != nil {
		return nil, err
	}
	return comparer{Options: filled, strict: o.Fail != 0, learnt: learn(o.Past)}.compare(base, now), nil
}

type comparer struct {
	Options
	strict bool // the threshold of failing was asked for
	learnt learnt
}

func (c comparer) compare(base, now *profile.Profile) *Result {
	r := &Result{BaseRows: base.Rows, Rows: now.Rows, Columns: []Column{}, Verdict: Same}
	for _, p := range pairs(base, now) {
		column := c.measure(p)
		if p.now.Name == c.Label {
			r.Label = &column
			continue
		}
		r.Columns = append(r.Columns, column)
	}
	c.judgeAll(r.Columns)
	sort.Slice(r.Columns, func(i, j int) bool { return worstFirst(r.Columns[i], r.Columns[j]) < 0 })
	if len(r.Columns) > 0 && r.Columns[0].Verdict != LeftOut {
		r.Verdict, r.Level = r.Columns[0].Verdict, r.Columns[0].Level
	}
	if r.Label != nil { // a family of its own: it is looked at whatever the columns do
		label := []Column{*r.Label}
		c.judgeAll(label)
		r.Label = &label[0]
	}
	return r
}

// measure fills in all figures of a column, and its verdict where that does not
// depend on the others.
func (c comparer) measure(p pair) Column {
	column := Column{Name: p.now.Name}
	test, named := c.Tests[p.now.Name]
	if why := p.leftOut(c.Skip); why != "" && (!named || p.incomparable() != "") {
		column.Verdict, column.Why = LeftOut, why
		return column
	}
	laid := lay(p)
	column.Measures = laid.measures(named && test.Name == "ks-p")
	if named {
		column.byTest(test)
		return column
	}
	column.Effects = laid.effects()
	for i := range column.Effects {
		e := &column.Effects[i]
		if own := c.learnt[[2]string{p.now.Name, e.What}]; own > c.Warn {
			e.Learnt = min(own, 1)
		}
		e.Warn, e.Fail = max(c.Warn, e.Learnt), max(c.Fail, e.Learnt)
		if c.strict {
			e.Warn, e.Fail = min(e.Warn, c.Fail), c.Fail
		}
	}
	if column.Effects == nil {
		column.Verdict, column.Why = CantTell, "one side has no rows"
	}
	return column
}

// byTest judges a column by a measure of another tool.
func (c *Column) byTest(t Test) {
	t, _ = t.filled() // it was valid when the options were
	m, _ := t.measure()
	c.Test, c.Threshold = t.Name, t.Warn
	figure, ok := c.Measures[t.Name]
	if !ok {
		c.Verdict, c.Why = CantTell, fmt.Sprintf("%s cannot be computed for such values", t.Name)
		return
	}
	c.Effect, c.Verdict, c.Level = figure, Same, t.level(figure, m.Least)
	if c.Level != "" {
		c.Verdict = Moved
	}
	if c.Level == Fail {
		c.Threshold = t.Fail
	}
	c.Why = fmt.Sprintf("%s %s", m.Is, figureText(figure))
}

// judgeAll corrects the effects' probabilities for how many there are and gives
// every column its verdict.
func (c comparer) judgeAll(columns []Column) {
	var ps []float64
	for i := range columns {
		for _, e := range columns[i].Effects {
			ps = append(ps, e.raw)
		}
	}
	corrected := distribution.BenjaminiHochberg(ps)
	for i := range columns {
		if len(columns[i].Effects) > 0 {
			n := len(columns[i].Effects)
			columns[i].judge(corrected[:n], c.Alpha, len(ps))
			corrected = corrected[n:]
		}
	}
}

// judge gives a column the verdict of its worst effect. The first of its tests
// must have alpha/tests to be an alarm if no other column moved.
func (c *Column) judge(corrected []float64, alpha float64, tests int) {
	for i := range c.Effects {
		e := &c.Effects[i]
		e.P = corrected[i]
		if e.rows != nil {
			e.Needs = e.rows.needs(e.Warn, alpha/float64(tests))
		}
	}
	worst := slices.MinFunc(c.Effects, func(a, b Effect) int { return compareEffects(a, b, alpha) })
	c.What, c.Effect, c.P = worst.What, worst.Size, &worst.P
	c.Verdict, c.Threshold, c.Why = worst.verdict(alpha), worst.Warn, worst.words
	switch c.Verdict {
	case Moved:
		if c.Level = worst.level(); c.Level == Fail {
			c.Threshold = worst.Fail
		}
	case CantTell:
		for _, e := range c.Effects {
			c.Needs = max(c.Needs, e.Needs)
		}
		c.Why = needsRows(c.Needs)
	case Same:
		c.Why = sameWords(worst.Size)
	}
	if c.Learnt = worst.Learnt; c.Learnt > 0 {
		c.Why += learntWords(c.Learnt, worst.Fail)
	}
}

func (e *Effect) verdict(alpha float64) Verdict {
	switch {
	case e.Size >= e.Warn && e.P < alpha:
		return Moved
	case e.Needs > 0:
		return CantTell
	}
	return Same
}

func compareEffects(a, b Effect, alpha float64) int {
	return cmp.Or(
		cmp.Compare(rank(a.verdict(alpha)), rank(b.verdict(alpha))),
		-cmp.Compare(a.Size/a.Warn, b.Size/b.Warn),
		cmp.Compare(a.What, b.What),
	)
}

// worstFirst orders columns of the result.
func worstFirst(a, b Column) int {
	return cmp.Or(
		cmp.Compare(rank(a.Verdict), rank(b.Verdict)),
		cmp.Compare(levelRank(a.Level), levelRank(b.Level)),
		-cmp.Compare(a.reached(), b.reached()),
		cmp.Compare(a.Name, b.Name),
	)
}

// reached returns how much of its threshold a column reaches.
func (c *Column) reached() float64 {
	if c.Threshold == 0 {
		return 0
	}
	return c.Effect / c.Threshold
}

func rank(v Verdict) int { return slices.Index([]Verdict{Moved, CantTell, Same, LeftOut}, v) }

func levelRank(l Level) int { return slices.Index([]Level{Fail, Warn, ""}, l) }
