package datacheck

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/actions/table"
	"github.com/mlops-runner/mlops/spec"
)

// rows counts rows.
type rows struct {
	want  spec.Range
	text  string
	level Level
	n     int64
}

func rowsProbe(s *setup) ([]probe, error) {
	if s.rows == "" {
		return nil, nil
	}
	r, err := spec.ParseRange(s.rows)
	if err != nil {
		return nil, wrongInput("rows", err.Error())
	}
	return []probe{&rows{want: r, text: s.rows, level: s.level("rows")}}, nil
}

func (p *rows) see(b *table.Batch, _ uint64) error { p.n += int64(b.Rows); return nil }

func (p *rows) results() ([]Result, error) {
	return []Result{{
		Check: "rows", Input: "rows", Level: p.level, Passed: p.want.Contains(float64(p.n)), Value: value(float64(p.n)),
		Measured: count(p.n, "row"), Wanted: p.text,
	}}, nil
}

func (p *rows) close() error { return nil }

// unknownProbe finds columns that no line names.
func unknownProbe(s *setup) ([]probe, error) {
	if len(s.config.columns) == 0 || s.unknown == Off {
		return nil, nil
	}
	level := s.unknown
	if level == "" {
		level = Warn
	}
	var out settled
	for _, c := range s.columns {
		if s.lines[c.Name] == nil {
			out = append(out, Result{Check: "unknown", Column: c.Name, Input: "unknown", Level: level, Measured: "a column " + c.Kind.String(), Wanted: "a line for each column"})
		}
	}
	return []probe{out}, nil
}

// fresh finds the newest time of a column.
type fresh struct {
	s      *setup
	at     int
	name   string
	within time.Duration
	newest time.Time
	bad    offenders
	seen   int64
}

func freshProbe(s *setup) ([]probe, error) {
	if s.fresh == "" {
		return nil, nil
	}
	name, within, err := spec.ParseFreshness(s.fresh)
	if err != nil {
		return nil, wrongInput("fresh", err.Error())
	}
	at, err := s.indices("fresh", []string{name})
	if err != nil {
		return nil, err
	}
	return []probe{&fresh{s: s, at: at[0], name: name, within: within}}, nil
}

func (p *fresh) see(b *table.Batch, _ uint64) error {
	v := &b.Columns[p.at]
	for i := range b.Rows {
		if v.Null(i) {
			continue
		}
		p.seen++
		if t, ok := timeOf(v, i); !ok {
			p.bad.add(b, i, func() string { return text(v, i) })
		} else if t.After(p.newest) {
			p.newest = t
		}
	}
	return nil
}

func (p *fresh) results() ([]Result, error) {
	r := Result{Check: "fresh", Column: p.name, Input: "fresh", Level: p.s.level("fresh"), Wanted: "within " + age(p.within)}
	r.fill(&p.bad, p.seen)
	if p.newest.IsZero() {
		r.Measured = "no time at all"
		return []Result{r}, nil
	}
	old := p.s.now.Sub(p.newest)
	r.Value, r.Passed = value(old.Hours()), old <= p.within && p.bad.count == 0
	r.Measured = fmt.Sprintf("newest %s, %s old at %s", p.newest.UTC().Format(time.RFC3339), age(old), p.s.now.UTC().Format(time.RFC3339))
	if p.bad.count > 0 {
		r.Measured += "; " + count(p.bad.count, "value") + " that are no times"
	}
	if r.Passed && p.s.config.now.IsZero() {
		p.s.until = p.newest.Add(p.within)
	}
	return []Result{r}, nil
}

func (p *fresh) close() error { return nil }

// age writes a duration in days, hours and minutes, without what is too small to matter.
func age(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + age(-d)
	case d >= 48*time.Hour:
		return strconv.FormatFloat(math.Round(d.Hours()/2.4)/10, 'f', -1, 64) + "d"
	case d >= time.Minute:
		return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	}
	return d.Round(time.Second).String()
}

// count writes a number with its noun.
func count(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return grouped(n) + " " + noun + "s"
}

// grouped writes a number with commas between thousands.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// percent writes a share, with as many digits as tell it from nothing and all.
func percent(share float64) string {
	p := share * 100
	switch {
	case p == 0 || p == 100:
		return strconv.FormatFloat(p, 'f', -1, 64) + "%"
	case p < 0.01:
		return "<0.01%"
	case p < 1 || p > 99:
		return strconv.FormatFloat(p, 'f', 2, 64) + "%"
	}
	return strconv.FormatFloat(p, 'f', 1, 64) + "%"
}

// short writes a number with six significant digits at most.
func short(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }
