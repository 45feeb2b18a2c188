package datacheck

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mlops-runner/mlops/actions/table"
	"github.com/mlops-runner/mlops/spec"
)

// A column checks what one column line says.
type column struct {
	line  columnLine
	at    int // in the batch
	level Level
	tests []test
	tally *tally  // of the values, if they are to be unique or counted
	hash  *hasher // with it

	rows, nulls, trues int64
	n                  int64 // numbers, whose moments follow
	mean, m2, min, max float64
	moments            bool
	verdicts           map[*table.Dict][]uint8 // of texts by dictionary: 1 + the first test that fails; 0 is unknown
}

// A test looks at one value.
type test struct {
	check  string // type, range, values, pattern, length
	wanted string
	holds  func(x cell) bool
	bad    offenders
}

// A cell is a value as its line's type.
type cell struct {
	text   string // good as long as the batch is; only of texts
	number float64
	ok     bool // it is of the type
}

// columnProbes makes a probe for each line whose column is there.
func columnProbes(s *setup) ([]probe, error) {
	var out []probe
	var missing settled
	for _, line := range s.config.columns {
		level := s.level("columns")
		if line.Level != "" {
			level = Level(line.Level)
		}
		if level == Off {
			continue
		}
		at := s.column(line.name)
		if at < 0 {
			missing = append(missing, Result{Check: "missing", Column: line.name, Input: "columns." + line.name, Level: level, Measured: s.missing(line.name, len(missing)), Wanted: line.text})
			continue
		}
		out = append(out, newColumn(s, line, at, level))
	}
	return append(out, missing), nil
}

// mostNearest is how many missing columns are compared with all that there are, for
// what may be meant: of thousands that takes minutes, and nobody reads them.
const mostNearest = 20

// missing says that there is no such column, after so many others.
func (s *setup) missing(name string, others int) string {
	if others >= mostNearest {
		return fmt.Sprintf("there is no column %q", name)
	}
	return noColumn(name, s.columns)
}

func newColumn(s *setup, line columnLine, at int, level Level) *column {
	c := &column{line: line, at: at, level: level, min: math.Inf(1), max: math.Inf(-1), verdicts: map[*table.Dict][]uint8{}}
	if line.Type != "" {
		c.test("type", line.Type, func(x cell) bool { return x.ok })
	}
	if r := line.Range; r != nil {
		c.test("range", rangeText(*r, line.Type), func(x cell) bool { return x.ok && r.Contains(x.number) })
	}
	if line.Values != nil {
		allowed := make(map[string]bool, len(line.Values))
		for _, v := range line.Values {
			allowed[v] = true
		}
		c.test("values", "["+strings.Join(line.Values, ", ")+"]", func(x cell) bool { return allowed[x.text] })
	}
	if line.Pattern != "" {
		re := regexp.MustCompile(line.Pattern) // the line was parsed
		c.test("pattern", "/"+line.Pattern+"/", func(x cell) bool { return re.MatchString(x.text) })
	}
	for _, rule := range line.Rules {
		switch rule.Word {
		case "length":
			r := *rule.Range
			c.test("length", rangeText(r, ""), func(x cell) bool { return r.Contains(float64(utf8.RuneCountInString(x.text))) })
		case "unique", "distinct":
			if c.tally == nil {
				c.tally, c.hash = s.tally(), newHasher()
			}
		case "mean", "std", "min", "max":
			c.moments = true
		}
	}
	return c
}

func (c *column) test(check, wanted string, holds func(cell) bool) {
	c.tests = append(c.tests, test{check: check, wanted: wanted, holds: holds})
}

// wants reports whether the line has a clause.
func (c *column) wants(word string) bool {
	return slices.ContainsFunc(c.line.Rules, func(r spec.ColumnRule) bool { return r.Word == word })
}

func (c *column) see(b *table.Batch, first uint64) error {
	v := &b.Columns[c.at]
	c.rows += int64(b.Rows)
	counting := c.moments || c.wants("true") || c.wants("false")
	for i := range b.Rows {
		if absent(v, i) {
			c.nulls++
			continue
		}
		if c.tally != nil {
			hi, lo := c.hash.row(b, i, []int{c.at})
			if err := c.tally.add(entry{hi, lo, first + uint64(i)}); err != nil {
				return err
			}
		}
		if v.Dict != nil && !counting {
			c.judgeCode(b, v, i)
			continue
		}
		x := c.cell(v, i)
		if counting && x.ok && !math.IsInf(x.number, 0) {
			c.add(x.number)
		}
		if k := c.judge(x); k >= 0 {
			c.tests[k].bad.add(b, i, func() string { return text(v, i) })
		}
	}
	return nil
}

// cell reads a value.
func (c *column) cell(v *table.Vector, i int) (x cell) {
	if v.Kind == table.Text {
		x.text = asString(v.Text(i))
	} else if c.line.Values != nil || c.line.Pattern != "" || c.wants("length") {
		x.text = text(v, i)
	}
	x.number, x.ok = number(v, i, c.line.Type)
	return x
}

// judge returns the first test that a value does not pass, or -1.
func (c *column) judge(x cell) int {
	for k := range c.tests {
		if !c.tests[k].holds(x) {
			return k
		}
	}
	return -1
}

// judgeCode judges a text by dictionary: each of its values once.
func (c *column) judgeCode(b *table.Batch, v *table.Vector, i int) {
	known, code := c.verdicts[v.Dict], v.Codes[i]
	if known == nil {
		clear(c.verdicts) // of stretches that are over
		known = make([]uint8, len(v.Dict.Values))
		c.verdicts[v.Dict] = known
	}
	if known[code] == 0 {
		known[code] = uint8(c.judge(c.cell(v, i)) + 2)
	}
	if k := int(known[code]) - 2; k >= 0 {
		c.tests[k].bad.add(b, i, func() string { return text(v, i) })
	}
}

// add takes a number into the moments (Welford's update).
func (c *column) add(x float64) {
	if x == 1 {
		c.trues++
	}
	c.n++
	d := x - c.mean
	c.mean += d / float64(c.n)
	c.m2 += d * (x - c.mean)
	c.min, c.max = min(c.min, x), max(c.max, x)
}

func (c *column) close() error {
	if c.tally == nil {
		return nil
	}
	return c.tally.close()
}

// result begins the result of one of the line's checks.
func (c *column) result(check, wanted string) Result {
	return Result{Check: check, Column: c.line.name, Input: "columns." + c.line.name, Level: c.level, Wanted: wanted}
}

func (c *column) results() ([]Result, error) {
	out := []Result{c.nullResult()}
	values := c.rows - c.nulls
	for i := range c.tests {
		t := &c.tests[i]
		r := c.result(t.check, t.wanted)
		r.fill(&t.bad, values)
		r.Passed, r.Measured = t.bad.count == 0, "all "+count(values, "value")
		if !r.Passed {
			r.Measured = fmt.Sprintf("%s of %s (%s) do not fit", grouped(t.bad.count), count(values, "value"), percent(r.Share))
		}
		out = append(out, r)
	}
	for _, rule := range c.line.Rules {
		switch rule.Word {
		case "true", "false":
			out = append(out, c.shareResult(rule))
		case "mean", "std", "min", "max":
			out = append(out, c.momentResult(rule))
		}
	}
	if c.tally == nil {
		return out, nil
	}
	more, err := c.tallyResults()
	return append(out, more...), err
}

// nullResult compares the nulls with the null clause; without one there may be none.
func (c *column) nullResult() Result {
	want := spec.Range{}
	r := c.result("null", "none")
	for _, rule := range c.line.Rules {
		if rule.Word == "null" {
			want, r.Wanted = *rule.Range, rangeText(*rule.Range, "")
		}
	}
	r.Failing, r.Judged = c.nulls, c.rows
	if c.rows > 0 {
		r.Share = float64(c.nulls) / float64(c.rows)
	}
	r.Value, r.Measured = value(r.Share), fmt.Sprintf("%s (%s)", count(c.nulls, "null"), percent(r.Share))
	r.Passed = contains(want, float64(c.nulls), r.Share)
	return r
}

// contains compares a count or a share with a range: a share where its bounds are
// percentages or fractions.
func contains(r spec.Range, n, share float64) bool {
	if r.Percent || isFraction(r.Min) || isFraction(r.Max) {
		return r.Contains(share)
	}
	return r.Contains(n)
}

func isFraction(v float64) bool { return !math.IsInf(v, 0) && v != math.Trunc(v) }

func (c *column) shareResult(rule spec.ColumnRule) Result {
	n := c.trues
	if rule.Word == "false" {
		n = c.n - c.trues
	}
	r := c.result(rule.Word, rangeText(*rule.Range, ""))
	share := math.NaN()
	if c.n > 0 {
		share = float64(n) / float64(c.n)
		r.Value = value(share)
	}
	r.Measured, r.Passed = fmt.Sprintf("%s of %s (%s)", grouped(n), count(c.n, "value"), percent(share)), contains(*rule.Range, float64(n), share)
	return r
}

func (c *column) momentResult(rule spec.ColumnRule) Result {
	r := c.result(rule.Word, rangeText(*rule.Range, ""))
	if c.n == 0 || rule.Word == "std" && c.n < 2 {
		r.Measured = "too few numbers"
		return r
	}
	v := map[string]float64{"mean": c.mean, "min": c.min, "max": c.max, "std": math.Sqrt(c.m2 / float64(max(1, c.n-1)))}[rule.Word]
	r.Value, r.Measured, r.Passed = value(v), short(v), rule.Range.Contains(v)
	return r
}

// tallyResults count values that are equal.
func (c *column) tallyResults() (out []Result, err error) {
	var again lowest
	distinct := int64(0)
	err = c.tally.groups(func(es []entry) {
		distinct++
		for _, e := range es[1:] {
			again.add(e.row)
		}
	})
	values := c.rows - c.nulls
	for _, rule := range c.line.Rules {
		switch rule.Word {
		case "unique":
			r := c.result("unique", "no value twice")
			r.repeat(again, values, []int{c.at})
			out = append(out, r)
		case "distinct":
			r := c.result("distinct", rangeText(*rule.Range, ""))
			share := 0.0
			if values > 0 {
				share = float64(distinct) / float64(values)
			}
			r.Value, r.Measured, r.Passed = value(float64(distinct)), count(distinct, "value"), contains(*rule.Range, float64(distinct), share)
			out = append(out, r)
		}
	}
	return out, err
}

// rangeText writes a range as a line does.
func rangeText(r spec.Range, typ string) string {
	bound := func(v float64) string {
		switch {
		case math.IsInf(v, 0):
			return ""
		case r.Percent:
			return strconv.FormatFloat(v*100, 'g', 10, 64) + "%"
		case typ == "date":
			return time.Unix(int64(v)*86400, 0).UTC().Format(time.DateOnly)
		case typ == "datetime":
			return time.UnixMicro(int64(v)).UTC().Format(time.RFC3339)
		}
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	if r.Min == r.Max {
		return bound(r.Min)
	}
	return bound(r.Min) + ".." + bound(r.Max)
}
