package record

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// csvTable reads a table of one of two shapes: wide, where each column of
// numbers is a metric and each row a point of its history, and long, with the
// columns metric (or name) and value, where each row is a metric.
type csvTable struct {
	*collector
	r       *csv.Reader
	header  []string
	step    []int  // columns that count steps, the preferred one first
	text    []bool // columns known to hold text
	numbers []bool // columns known to hold numbers
}

// readCSV takes a table with a header line.
func (c *collector) readCSV(in io.Reader, comma rune) error {
	t := csvTable{collector: c, r: csv.NewReader(in)}
	t.r.Comma, t.r.ReuseRecord, t.r.TrimLeadingSpace = comma, true, comma != '\t'
	header, err := t.r.Read()
	if errors.Is(err, io.EOF) {
		return c.errorf(0, "is empty")
	}
	if err != nil {
		return t.failed(err)
	}
	if err := t.setHeader(header); err != nil {
		return err
	}
	row := t.wideRow
	if name, value := t.column("metric", "name"), t.column("value"); name >= 0 && value >= 0 {
		row = func(_ int, cells []string, line int) error { return t.longRow(cells, name, value, line) }
	}
	for i := 0; ; i++ {
		cells, err := t.r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return t.failed(err)
		}
		line, _ := t.r.FieldPos(0)
		if err := row(i, cells, line); err != nil {
			return err
		}
	}
}

// failed gives an error of the csv package its place.
func (t *csvTable) failed(err error) error {
	var p *csv.ParseError
	if errors.As(err, &p) {
		if errors.Is(p.Err, csv.ErrFieldCount) {
			return t.errorf(p.Line, "another number of cells than the header's %d", len(t.header))
		}
		return t.errorf(p.Line, "%w", p.Err)
	}
	return t.errorf(0, "%w", err)
}

func (t *csvTable) setHeader(cells []string) error {
	seen := map[string]bool{}
	numbers := 0
	for _, name := range cells {
		name = strings.TrimSpace(name)
		if name != "" && seen[name] {
			return t.errorf(1, "column %q stands twice", clip(name))
		}
		if _, err := strconv.ParseFloat(name, 64); err == nil {
			numbers++
		}
		seen[name] = true
		t.header = append(t.header, name)
	}
	if numbers == len(cells) {
		return t.errorf(1, "the first line holds numbers; write the names of the columns above it")
	}
	t.text, t.numbers = make([]bool, len(cells)), make([]bool, len(cells))
	for _, key := range stepKeys() {
		for i, name := range t.header {
			if strings.ToLower(name) == key {
				t.step = append(t.step, i)
			}
		}
	}
	return nil
}

// column returns the first of the named columns, or -1.
func (t *csvTable) column(names ...string) int {
	for _, want := range names {
		for i, have := range t.header {
			if strings.EqualFold(have, want) {
				return i
			}
		}
	}
	return -1
}

// stepOf returns the step of a row: of the first counter that has a number.
func (t *csvTable) stepOf(cells []string) *float64 {
	for _, i := range t.step {
		if f, ok := parseCell(cells[i]); ok {
			return &f
		}
	}
	return nil
}

func (t *csvTable) isStep(i int) bool {
	for _, s := range t.step {
		if s == i {
			return true
		}
	}
	return false
}

// wideRow takes the numbers of a row. Without a column that counts, the rows
// are counted from 0. Empty cells say nothing.
func (t *csvTable) wideRow(i int, cells []string, line int) error {
	step := t.stepOf(cells)
	if step == nil && len(t.step) == 0 {
		count := float64(i)
		step = &count
	}
	t.begin(step)
	for k, cell := range cells {
		if t.header[k] == "" || t.isStep(k) || t.text[k] || strings.TrimSpace(cell) == "" {
			continue
		}
		f, ok := parseCell(cell)
		if !ok && t.numbers[k] {
			return t.errorf(line, "%s is %q, not a number as above", t.header[k], clip(cell))
		}
		if !ok {
			t.text[k] = true
			t.ignore(t.header[k], Text, strconv.Quote(cell), line)
			continue
		}
		t.numbers[k] = true
		if err := t.add(Metric{Name: t.header[k]}, f, line); err != nil {
			return err
		}
	}
	return nil
}

// longRow takes a row as a metric; the columns that have no meaning of their
// own make its slice.
func (t *csvTable) longRow(cells []string, name, value, line int) error {
	f, ok := parseCell(cells[value])
	if !ok {
		return t.errorf(line, "metric %s: value is %q, not a number", clip(cells[name]), clip(cells[value]))
	}
	m := Metric{Name: strings.TrimSpace(cells[name])}
	for k, cell := range cells {
		cell = strings.TrimSpace(cell)
		switch {
		case k == name || k == value || t.isStep(k) || cell == "" || t.header[k] == "":
		case strings.EqualFold(t.header[k], "unit"):
			m.Unit = cell
		case strings.EqualFold(t.header[k], "better"):
			if cell != "higher" && cell != "lower" {
				return t.errorf(line, "metric %s: better is %q; write higher or lower", clip(m.Name), clip(cell))
			}
			m.Better = cell
		default:
			if m.Slice == nil {
				m.Slice = map[string]string{}
			}
			m.Slice[t.header[k]] = cell
		}
	}
	return t.longValue(m, t.stepOf(cells), f, line)
}

// longValue adds a row's value. Rows without a step are one record together,
// so that a metric that stands twice is noticed.
func (t *csvTable) longValue(m Metric, step *float64, f float64, line int) error {
	if step != nil || t.records == 0 {
		t.begin(step)
	}
	t.collector.step = step
	return t.add(m, f, line)
}

// parseCell reads a number as pandas and numpy write it: also nan, inf, True and False.
func parseCell(cell string) (float64, bool) {
	f, err := parseNumber(strings.TrimSpace(cell))
	return f, err == nil
}

// parseNumber reads a number as people and programs write it: decimal, nan and
// inf in any case, true and false. What is too large is infinite.
func parseNumber(text string) (float64, error) {
	switch text {
	case "true", "True", "TRUE":
		return 1, nil
	case "false", "False", "FALSE":
		return 0, nil
	}
	if strings.ContainsAny(text, "xXpP_") || len(text) > 10_000 {
		return 0, fmt.Errorf("%q is not a decimal number", clip(text))
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, fmt.Errorf("%q is not a number", clip(text))
	}
	return f, nil
}
