package datacheck

import (
	"path/filepath"
	"sort"

	"github.com/mlops-runner/mlops/actions/columns"
	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
)

// Version is that of the form of [Checked] in JSON.
const Version = 1

// Checked is all that checking a table found: checks.json.
type Checked struct {
	Version int      `json:"version"`
	Data    string   `json:"data"`  // path as it was given
	Files   []string `json:"files"` // that it names
	Rows    int64    `json:"rows"`
	Columns int      `json:"columns"`
	Failed  int      `json:"failed"` // checks that failed, of level fail
	Warned  int      `json:"warned"` // of level warn
	Results []Result `json:"results"`
	Hints   []Hint   `json:"hints,omitempty"`
	Notes   []string `json:"notes,omitempty"` // what could not be looked at, and why
	Base    string   `json:"base,omitempty"`  // what drift was measured against

	Accept []columns.Change `json:"accept,omitempty"` // of column lines, by which they accept the table

	now, base *profile.Profile // now, and what drift was measured against; nil if it was not
}

// A Level says how grave it is if a check does not pass.
type Level string

// The levels. Off leaves a check out.
const (
	Fail Level = "fail"
	Warn Level = "warn"
	Off  Level = "off"
)

// A Result is what one check found. Everything measured is there, whether the
// check passed or not.
type Result struct {
	Check    string     `json:"check"` // of [Checks], or a clause of a column line: null, unique, …
	Column   string     `json:"column,omitempty"`
	Input    string     `json:"input"`          // place below with: of the job, such as columns.age
	Line     int        `json:"line,omitempty"` // in mlops.yaml, where it is known
	Level    Level      `json:"level"`
	Passed   bool       `json:"passed"`
	Measured string     `json:"measured"`
	Wanted   string     `json:"wanted"`
	Value    *float64   `json:"value,omitempty"`   // what was measured, if it is one number
	Failing  int64      `json:"failing,omitempty"` // rows that do not pass
	Judged   int64      `json:"judged,omitempty"`  // rows that were looked at
	Share    float64    `json:"share,omitempty"`   // Failing of Judged
	First    []Offender `json:"first,omitempty"`   // the first of them

	// rows and columns are those of offenders that are known by their numbers alone.
	rows    []uint64
	columns []int

	warn, fail float64 // of drift: from which share of moved rows on; 0 where there is no such bar
}

// An Offender is a row that does not pass.
type Offender struct {
	File  string `json:"file"`
	Line  int64  `json:"line,omitempty"` // of a text file, from 1
	Row   int64  `json:"row"`            // of its file, from 1, without the header
	Value string `json:"value"`          // at most 80 bytes
}

// A Hint is something odd that fails nothing.
type Hint struct {
	Kind   string `json:"kind"` // constant, leak, duplicates, …
	Column string `json:"column,omitempty"`
	Text   string `json:"text"`
}

// shownOffenders is how many offending rows a result names.
const shownOffenders = 5

// offenders counts rows that do not pass and keeps the first.
type offenders struct {
	count int64
	first []Offender
}

// add notes row i of a batch. value is asked for only if it is kept.
func (o *offenders) add(b *table.Batch, i int, value func() string) {
	o.count++
	if len(o.first) < shownOffenders {
		o.first = append(o.first, Offender{File: b.File, Line: lineOf(b, i), Row: b.Row + int64(i), Value: clip(value())})
	}
}

// lineOf is the line on which row i of a batch starts; 0 in files without lines.
// Line ends inside texts count.
func lineOf(b *table.Batch, i int) int64 {
	if b.Line == 0 {
		return 0
	}
	line := b.Line + int64(i)
	for k := range b.Columns {
		v := &b.Columns[k]
		if v.Kind != table.Text {
			continue
		}
		for row := range i {
			for _, c := range v.Text(row) {
				if c == '\n' {
					line++
				}
			}
		}
	}
	return line
}

// fill gives a result the rows that do not pass, of those that were judged.
func (r *Result) fill(o *offenders, judged int64) {
	r.Failing, r.Judged, r.First = o.count, judged, o.first
	if judged > 0 {
		r.Share = float64(o.count) / float64(judged)
	}
}

// sum counts what did not pass, and puts the gravest results first.
func (c *Checked) sum() {
	c.Failed, c.Warned = 0, 0
	for _, r := range c.Results {
		switch {
		case r.Passed:
		case r.Level == Fail:
			c.Failed++
		default:
			c.Warned++
		}
	}
	sort.SliceStable(c.Results, func(i, j int) bool { return c.Results[i].rank() < c.Results[j].rank() })
}

func (r *Result) rank() int {
	switch {
	case r.Passed:
		return 2
	case r.Level == Fail:
		return 0
	}
	return 1
}

// Place fills in the lines of mlops.yaml on which the checks stand.
func (c *Checked) Place(line func(input string) int) {
	for i := range c.Results {
		c.Results[i].Line = line(c.Results[i].Input)
	}
}

// relative makes the paths of files relative to the folder they were found from.
func (c *Checked) relative(root string) {
	for i := range c.Results {
		for k := range c.Results[i].First {
			f := &c.Results[i].First[k].File
			if rel, err := filepath.Rel(root, *f); err == nil {
				*f = filepath.ToSlash(rel)
			}
		}
	}
}
