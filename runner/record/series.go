package record

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of one source of metrics. They are far above what people write, and
// low enough that a wrong file (predictions, a data set) is an error at once
// and not a slow report.
const (
	MaxMetrics    = 10_000    // names in one file; more are an error
	MaxPoints     = 100_000   // of one metric's history; more are thinned
	maxAllPoints  = 1_000_000 // of all histories of a file together; more are thinned
	maxMetricName = 512       // bytes
	maxSliceKeys  = 16
)

// MetricReader reads metrics and tells what it left out. Its zero value works
// and keeps that to itself. It may be used by several goroutines at once if
// Notice may.
type MetricReader struct {
	// Notice, if not nil, is called for each thing that a person should know
	// and that is no error: values that are no numbers, thinned histories.
	Notice func(text string)
	// NotNumber, if not nil, is called for each value that is no number and so no
	// metric: its name, and [Text] or [Null].
	NotNumber func(name, kind string)
}

// collector gathers the metrics of one source in the order of their first
// appearance. A record is what may name a metric only once: a root object, a
// row, a line. A later record with the same metric replaces its value, and if
// it has a step extends its history.
type collector struct {
	file    string
	notice  func(string)
	odd     func(name, kind string) // may be nil
	series  []*series
	at      map[string]*series // by Metric.Key
	records int                // begun so far
	record  int                // number of the current one
	step    *float64           // of the current record
	points  int                // in all histories
	ignored int                // values that are no numbers
	first   string             // the first of them
}

// series is a metric that grows. Every stride-th of the seen points is in its
// history; tail is the last one if that is not.
type series struct {
	Metric
	record, line int // of the latest value
	stride, seen int
	tail         *Point
}

func newCollector(file string, mr MetricReader) *collector {
	return &collector{file: file, notice: mr.Notice, odd: mr.NotNumber, at: map[string]*series{}}
}

func (c *collector) errorf(line int, format string, args ...any) error {
	return &MetricError{File: c.file, Line: line, Err: fmt.Errorf(format, args...)}
}

// begin starts a record. step is its place in histories, or nil.
func (c *collector) begin(step *float64) {
	c.records++
	c.record, c.step = c.records, step
}

// ignore counts a value that is no number.
func (c *collector) ignore(name, kind, value string, line int) {
	c.ignored++
	if c.odd != nil && checkName(Metric{Name: name}) == nil {
		c.odd(name, kind)
	}
	if c.ignored == 1 {
		c.first = fmt.Sprintf("%s = %s in line %d", name, clip(value), line)
		if _, err := strconv.ParseFloat(strings.Trim(value, `"`), 64); err == nil {
			c.first += "; write it without quotes to make it a metric"
		}
	}
}

// clip shortens what is quoted in an error. What stands in a file need not be UTF-8.
func clip(s string) string {
	const most = 40 // bytes
	if len(s) <= most {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	cut := most
	for cut > most-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return strings.ToValidUTF8(s[:cut], "\uFFFD") + "…"
}

// add takes a value of the current record for the metric that m names; only
// Name, Slice, Unit, Better and Kind of m count.
func (c *collector) add(m Metric, value float64, line int) error {
	s, again, err := c.set(m, value, line)
	if err == nil && c.step != nil && !again {
		c.point(s, Point{*c.step, value})
	}
	return err
}

// set is add without the history. It reports whether the record has said so before.
func (c *collector) set(m Metric, value float64, line int) (s *series, again bool, err error) {
	if s, err = c.find(m, line); err != nil {
		return nil, false, err
	}
	again = s.record == c.record
	if again && !sameValue(s.Value, value) {
		return nil, true, c.errorf(line, "metric %s is %v here and %v in line %d; rename one of them", m.Key(), value, s.Value, s.line)
	}
	s.Value, s.record, s.line = value, c.record, line
	s.Step = c.step
	s.Kind = m.Kind
	if m.Unit != "" {
		s.Unit = m.Unit
	}
	if m.Better != "" {
		s.Better = m.Better
	}
	return s, again, nil
}

// find returns the series of a metric, a new one if need be.
func (c *collector) find(m Metric, line int) (*series, error) {
	key := m.Key()
	if s := c.at[key]; s != nil {
		return s, nil
	}
	if err := checkName(m); err != nil {
		return nil, c.errorf(line, "%w", err)
	}
	if len(c.series) == MaxMetrics {
		return nil, c.errorf(line, "more than %d metrics; write a list of rows with a step, or keep this file an output only", MaxMetrics)
	}
	s := &series{Metric: Metric{Name: m.Name, Slice: m.Slice, File: c.file}, stride: 1}
	c.series, c.at[key] = append(c.series, s), s
	return s, nil
}

func checkName(m Metric) error {
	bad := func(s string) bool {
		return len(s) > maxMetricName || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl)
	}
	if strings.TrimSpace(m.Name) == "" {
		return errors.New("a metric without a name")
	}
	if bad(m.Name) {
		return fmt.Errorf("metric name %q: want at most %d bytes of text without control characters", clip(m.Name), maxMetricName)
	}
	if len(m.Slice) > maxSliceKeys {
		return fmt.Errorf("metric %s: a slice of %d columns; at most %d", clip(m.Name), len(m.Slice), maxSliceKeys)
	}
	for k, v := range m.Slice {
		if k == "" || bad(k) || bad(v) {
			return fmt.Errorf("metric %s: bad slice %q = %q", clip(m.Name), clip(k), clip(v))
		}
	}
	return nil
}

// point appends to a history, thinning it where it gets too long.
func (c *collector) point(s *series, p Point) {
	s.tail = nil
	if s.seen++; (s.seen-1)%s.stride != 0 {
		s.tail = &p
		return
	}
	s.History = append(s.History, p)
	c.points++
	if len(s.History) > MaxPoints {
		c.thin(s)
	}
	for c.points > maxAllPoints {
		for _, o := range c.series {
			c.thin(o)
		}
	}
}

// thin keeps every second point, the first included, and remembers the last.
func (c *collector) thin(s *series) {
	n := len(s.History)
	if n < 3 {
		return
	}
	if last := s.History[n-1]; n%2 == 0 && s.tail == nil {
		s.tail = &last
	}
	kept := s.History[:0]
	for i := 0; i < n; i += 2 {
		kept = append(kept, s.History[i])
	}
	c.points -= n - len(kept)
	s.History = kept
	s.stride *= 2
}

// finish returns the metrics and gives the notices.
func (c *collector) finish() []Metric {
	ms := make([]Metric, 0, len(c.series))
	for _, s := range c.series {
		if s.record == 0 {
			continue // a column without any value
		}
		if s.tail != nil {
			s.History = append(s.History, *s.tail)
		}
		if s.stride > 1 {
			s.Points = s.seen
			c.say("metric %s has %d points; %d of them are kept", s.Key(), s.seen, len(s.History))
		}
		if len(s.History) < 2 {
			s.History = nil // Value and Step say it
		}
		s.History = slices.Clip(s.History)
		ms = append(ms, s.Metric)
	}
	switch {
	case c.ignored == 1:
		c.say("1 value is no number and was ignored: %s", c.first)
	case c.ignored > 1:
		c.say("%d values are no numbers and were ignored (first: %s)", c.ignored, c.first)
	}
	if len(ms) == 0 {
		c.say("no metric found")
	}
	return ms
}

func (c *collector) say(format string, args ...any) {
	if c.notice != nil {
		c.notice(c.file + ": " + fmt.Sprintf(format, args...))
	}
}
