package drift

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
)

// A SchemaChange is one way in which the form of a table changed, whatever its rows say.
type SchemaChange struct {
	What     string `json:"what"`   // new, gone, renamed, retyped, values, nulls or range
	Column   string `json:"column"` // its present name, if it has one
	Was      string `json:"was,omitempty"`
	Is       string `json:"is,omitempty"`
	Severity string `json:"severity"` // fail, warn or info
	Text     string `json:"text"`     // one line of English
}

// How grave a change of the form is: what reads the table will fail, may be
// surprised, or should merely know.
const (
	Breaks    = "fail"
	Surprises = "warn"
	Informs   = "info"
)

// The sorts of changes.
const (
	changedNew     = "new"
	changedGone    = "gone"
	changedName    = "renamed"
	changedKind    = "retyped"
	changedValues  = "values"
	changedNulls   = "nulls"
	changedNumbers = "range"
)

// Schema tells how the form of a table changed: columns that are new, gone,
// renamed or of another type, categories that came or went, nulls where there were
// none or clearly more or fewer, and numbers far outside of where they were. What
// chance explains is left out. That a column was renamed is a guess, made only if one
// column that is gone and one that is new are alike and no other pair is nearly so.
// The gravest come first, then those of the first columns.
//
// It fails with [ErrVersion].
func Schema(base, now *profile.Profile) ([]SchemaChange, error) {
	if base.Version != now.Version {
		return nil, fmt.Errorf("%w: %d and %d", ErrVersion, base.Version, now.Version)
	}
	var changes []SchemaChange
	together := pairs(base, now)
	gone, fresh := apart(base, now), apart(now, base)
	for _, p := range renamed(gone, fresh) {
		changes = append(changes, SchemaChange{
			What: changedName, Column: p.now.Name, Was: p.base.Name, Is: p.now.Name, Severity: Breaks,
			Text: fmt.Sprintf("%s seems to be %s under a new name", quoted(p.now.Name), quoted(p.base.Name)),
		})
		gone = slices.DeleteFunc(gone, func(c *profile.Column) bool { return c == p.base })
		fresh = slices.DeleteFunc(fresh, func(c *profile.Column) bool { return c == p.now })
		together = append(together, p)
	}
	for _, c := range gone {
		changes = append(changes, SchemaChange{What: changedGone, Column: c.Name, Was: c.Kind.String(), Severity: Breaks, Text: quoted(c.Name) + " is gone"})
	}
	for _, c := range fresh {
		text := fmt.Sprintf("%s is new, %s", quoted(c.Name), c.Kind)
		if c.Nulls > 0 {
			text += ", " + percent(float64(c.Nulls)/float64(c.Rows)) + " null"
		}
		changes = append(changes, SchemaChange{What: changedNew, Column: c.Name, Is: c.Kind.String(), Severity: Surprises, Text: text})
	}
	for _, p := range together {
		changes = append(changes, p.changes()...)
	}
	sort.SliceStable(changes, func(i, j int) bool { return gravity(changes[i].Severity) < gravity(changes[j].Severity) })
	return changes, nil
}

func gravity(severity string) int {
	return slices.Index([]string{Breaks, Surprises, Informs}, severity)
}

// apart returns the columns of a profile that the other lacks.
func apart(of, other *profile.Profile) []*profile.Column {
	names := map[string]bool{}
	for _, c := range other.Columns {
		names[c.Name] = true
	}
	var cs []*profile.Column
	for i := range of.Columns {
		if !names[of.Columns[i].Name] {
			cs = append(cs, &of.Columns[i])
		}
	}
	return cs
}

// changes tells what changed of the form of one column.
func (p pair) changes() []SchemaChange {
	if p.base.Rows == 0 || p.now.Rows == 0 {
		return nil
	}
	var all []SchemaChange
	add := func(c SchemaChange, ok bool) {
		if ok {
			c.Column = p.now.Name
			c.Text = quoted(p.now.Name) + " " + c.Text
			all = append(all, c)
		}
	}
	add(p.retyped())
	add(p.nulls())
	if values(p.base) > 0 && values(p.now) > 0 {
		add(p.newValues())
		add(p.lostValues())
		add(p.ranged())
	}
	return all
}

// retyped compares kinds. Whole numbers that become fractions are still numbers.
func (p pair) retyped() (SchemaChange, bool) {
	was, is := p.base.Kind, p.now.Kind
	if was == is || was == table.Unknown || is == table.Unknown {
		return SchemaChange{}, false
	}
	c := SchemaChange{What: changedKind, Was: was.String(), Is: is.String(), Severity: Breaks, Text: fmt.Sprintf("was %s and is %s", was, is)}
	if numeric(was, is) {
		c.Severity = Surprises
	}
	return c, true
}

// nulls compares the shares of nulls: an alarm is a change that chance makes once in
// a thousand times, of a hundredth of the rows at least or from none at all.
func (p pair) nulls() (SchemaChange, bool) {
	const least, large = 0.01, 0.05
	n, m := float64(p.base.Rows), float64(p.now.Rows)
	k, l := float64(p.base.Nulls+p.base.NaNs), float64(p.now.Nulls+p.now.NaNs)
	_, chance := ChiSquare([]float64{k, n - k}, []float64{l, m - l})
	moved := math.Abs(k/n - l/m)
	if chance >= rarely || moved < least && k > 0 {
		return SchemaChange{}, false
	}
	c := SchemaChange{What: changedNulls, Was: percent(k / n), Is: percent(l / m), Severity: Informs, Text: movedShare(ofNulls, k/n, l/m)}
	switch {
	case l == m:
		c.Severity = Breaks
	case l/m > k/n && (k == 0 || moved >= large):
		c.Severity = Surprises
	}
	return c, true
}

// rarely is how seldom chance may make a change that is told.
const rarely = 0.001

// newValues tells of categories that were not there, beyond those that always come.
func (p pair) newValues() (SchemaChange, bool) {
	const large = 0.01
	if p.base.Kind != table.Text || p.now.Kind != table.Text || mostly(p.base, 0.5) {
		return SchemaChange{}, false
	}
	laid := lay(p)
	e, ok := laid.newCategories()
	surely := ok && e.raw < rarely
	if !ok || !surely && e.Noise > 0 { // others came before
		return SchemaChange{}, false
	}
	names, share := laid.categories.unseen, laid.categories.unseenRows/float64(values(p.now))
	c := SchemaChange{What: changedValues, Is: shortList(names), Severity: Informs, Text: fmt.Sprintf("has new values in %s of rows: %s", percent(share), shortList(names))}
	if surely && share >= large {
		c.Severity = Surprises
	}
	return c, true
}

// lostValues tells of categories that are not there any more: were the rows of both
// sides dealt out at random, hardly ever would all of one be the base's.
func (p pair) lostValues() (SchemaChange, bool) {
	if p.base.Kind != table.Text || p.now.Kind != table.Text || !p.now.Exact {
		return SchemaChange{}, false
	}
	present := map[string]bool{}
	for _, v := range p.now.Values {
		present[v.Text] = true
	}
	n, m := float64(values(p.base)), float64(values(p.now))
	var names []string
	rows := 0.0
	for _, v := range p.base.Values {
		count := float64(v.Count - v.Over)
		if !present[v.Text] && math.Pow(n/(n+m), count)*float64(len(p.base.Values)) < rarely {
			names = append(names, v.Text)
			rows += count
		}
	}
	if names == nil {
		return SchemaChange{}, false
	}
	return SchemaChange{
		What: changedValues, Was: shortList(names), Severity: Surprises,
		Text: fmt.Sprintf("has lost values that %s of rows had: %s", percent(rows/n), shortList(names)),
	}, true
}

// ranged tells of numbers that lie outside of where they were, by a tenth of how
// wide that was or below zero where none was, and are more than chance puts there.
// Dates go on and are no news.
func (p pair) ranged() (SchemaChange, bool) {
	b, n := p.base.Numbers, p.now.Numbers
	if !numeric(p.base.Kind, p.now.Kind) || b.Count == 0 || n.Count == 0 || p.now.Kind == table.Date || p.now.Kind == table.Time || p.leftOut(nil) != "" {
		return SchemaChange{}, false
	}
	room := (b.Max - b.Min) / 10
	below, above := outside(b, n)
	// That the k largest of all numbers are all of now has this probability at most.
	share := float64(n.Count) / float64(b.Count+n.Count)
	low := math.Pow(share, below) < rarely && (n.Min < b.Min-room || b.Min >= 0 && n.Min < 0)
	high := math.Pow(share, above) < rarely && n.Max > b.Max+room
	if !low && !high {
		return SchemaChange{}, false
	}
	span := func(x *profile.Numbers) string { return figureText(x.Min) + ".." + figureText(x.Max) }
	text := fmt.Sprintf("ranges over %s, before over %s, %s of rows lie outside", span(n), span(b), percent((below+above)/float64(n.Count)))
	return SchemaChange{What: changedNumbers, Was: span(b), Is: span(n), Severity: Surprises, Text: text}, true
}

// outside returns how many of n's numbers lie surely below and above all of b's.
func outside(b, n *profile.Numbers) (below, above float64) {
	for c := range n.Histogram.All() {
		switch {
		case c.Low > b.Max:
			above += float64(c.Count)
		case c.High < b.Min || c.High == b.Min && c.High > c.Low:
			below += float64(c.Count)
		}
	}
	return below, above
}
