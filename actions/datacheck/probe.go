package datacheck

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/actions/action"
	"github.com/mlops-runner/mlops/actions/table"
	"github.com/mlops-runner/mlops/spec"
)

// A probe is a check at work: it sees all rows once, in order, and then says
// what it found.
type probe interface {
	see(b *table.Batch, first uint64) error // first is the number of the batch's first row over all files
	results() ([]Result, error)
	close() error
}

// source is a table that can be read from its beginning, any number of times.
type source interface {
	Columns() []table.Column
	Batches(context.Context) iter.Seq2[*table.Batch, error]
}

// A setup is what checks are made with.
type setup struct {
	*config
	ctx     context.Context
	call    action.Call
	columns []table.Column
	places  map[string]int         // of columns, by name
	lines   map[string]*columnLine // by name
	room    int                    // hashes that one check may hold in memory
	open    func(pattern string) (source, error)
	now     time.Time
	until   time.Time // until when what depends on the clock holds; zero means forever
}

// column finds a column by its name; -1 if there is none.
func (s *setup) column(name string) int {
	if i, ok := s.places[name]; ok {
		return i
	}
	return -1
}

// ofTable is a setup that knows the columns of another table alone.
func ofTable(columns []table.Column) *setup {
	s := &setup{config: &config{}}
	s.over(columns)
	return s
}

// over sets what columns there are.
func (s *setup) over(columns []table.Column) {
	s.columns, s.places, s.lines = columns, make(map[string]int, len(columns)), make(map[string]*columnLine, len(s.config.columns))
	for i := len(columns) - 1; i >= 0; i-- { // of equal names the first counts
		s.places[columns[i].Name] = i
	}
	for i := range s.config.columns {
		s.lines[s.config.columns[i].name] = &s.config.columns[i]
	}
}

// indices finds columns that an input names.
func (s *setup) indices(input string, names []string) ([]int, error) {
	var out []int
	for _, name := range names {
		i := s.column(name)
		if i < 0 {
			return nil, wrongInput(input, noColumn(name, s.columns))
		}
		out = append(out, i)
	}
	return out, nil
}

func noColumn(name string, columns []table.Column) string {
	var names []string
	for _, c := range columns {
		names = append(names, c.Name)
	}
	text := fmt.Sprintf("there is no column %q", name)
	if near := spec.Nearest(name, names); near != "" {
		return text + fmt.Sprintf("; did you mean %q?", near)
	}
	if len(names) > 20 {
		names = append(names[:20], "…")
	}
	return text + "; there are " + strings.Join(names, ", ")
}

func (s *setup) tally() *tally { return &tally{limit: s.room, temp: s.call.Temp} }

// A settled is a check that is decided without rows.
type settled []Result

func (settled) see(*table.Batch, uint64) error { return nil }
func (p settled) results() ([]Result, error)   { return p, nil }
func (settled) close() error                   { return nil }

// number returns a pointer to v, for Result.Value.
func value(v float64) *float64 { return &v }

func wrongInput(input, what string) error { return &action.InputError{Input: input, What: what} }
