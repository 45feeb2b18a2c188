package datacheck

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/actions/table"
)

// repeat says that some rows have what rows before them have.
func (r *Result) repeat(again lowest, judged int64, columns []int) {
	r.Passed, r.Failing, r.Judged = again.count == 0, again.count, judged
	r.Measured = "no value twice"
	if !r.Passed {
		r.Share = float64(again.count) / float64(judged)
		r.Measured = fmt.Sprintf("equal to an earlier one: %s (%s)", count(again.count, "row"), percent(r.Share))
	}
	r.rows, r.columns = again.rows, columns
}

// key checks that columns together are unique and that none of them is null.
type key struct {
	level   Level
	names   string
	columns []int
	tally   *tally
	hash    *hasher
	rows    int64
	nulls   offenders
}

func keyProbe(s *setup) ([]probe, error) {
	if len(s.key) == 0 {
		return nil, nil
	}
	at, err := s.indices("key", s.key)
	if err != nil {
		return nil, err
	}
	return []probe{&key{level: s.level("key"), names: strings.Join(s.key, ", "), columns: at, tally: s.tally(), hash: newHasher()}}, nil
}

func (p *key) see(b *table.Batch, first uint64) error {
	p.rows += int64(b.Rows)
	for i := range b.Rows {
		if anyNull(b, i, p.columns) {
			p.nulls.add(b, i, func() string { return tuple(b, i, p.columns) })
			continue
		}
		hi, lo := p.hash.row(b, i, p.columns)
		if err := p.tally.add(entry{hi, lo, first + uint64(i)}); err != nil {
			return err
		}
	}
	return nil
}

func anyNull(b *table.Batch, i int, columns []int) bool {
	for _, c := range columns {
		if b.Columns[c].Null(i) || b.Columns[c].Kind == table.Unknown {
			return true
		}
	}
	return false
}

// tuple is what columns hold in row i, as text.
func tuple(b *table.Batch, i int, columns []int) string {
	parts := make([]string, len(columns))
	for k, c := range columns {
		if parts[k] = text(&b.Columns[c], i); b.Columns[c].Null(i) {
			parts[k] = "null"
		}
	}
	return strings.Join(parts, ", ")
}

func (p *key) results() ([]Result, error) {
	var again lowest
	err := p.tally.groups(func(es []entry) {
		for _, e := range es[1:] {
			again.add(e.row)
		}
	})
	unique := Result{Check: "key", Column: p.names, Input: "key", Level: p.level, Wanted: "no value twice"}
	unique.repeat(again, p.rows, p.columns)
	null := Result{Check: "key", Column: p.names, Input: "key", Level: p.level, Wanted: "no null", Passed: p.nulls.count == 0}
	null.fill(&p.nulls, p.rows)
	null.Measured = fmt.Sprintf("%s with a null", count(p.nulls.count, "row"))
	return []Result{unique, null}, err
}

func (p *key) close() error { return p.tally.close() }

// pairing compares values of this table with those of another one.
type pairing struct {
	result  Result
	columns []int
	tally   *tally
	hash    *hasher
	judged  int64
	nulls   bool // whether rows with a null take part
	outcome func(es []entry, note *lowest)
	words   func(n, judged int64, share float64) string
}

func (p *pairing) see(b *table.Batch, first uint64) error {
	for i := range b.Rows {
		if !p.nulls && anyNull(b, i, p.columns) {
			continue
		}
		p.judged++
		hi, lo := p.hash.row(b, i, p.columns)
		if err := p.tally.add(entry{hi, lo, first + uint64(i)}); err != nil {
			return err
		}
	}
	return nil
}

// load takes in the other table.
func (p *pairing) load(ctx context.Context, t source, columns []int) error {
	for b, err := range t.Batches(ctx) {
		if err != nil {
			return err
		}
		for i := range b.Rows {
			if !p.nulls && anyNull(b, i, columns) {
				continue
			}
			hi, lo := p.hash.row(b, i, columns)
			if err := p.tally.add(entry{hi, lo, other}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *pairing) results() ([]Result, error) {
	var bad lowest
	err := p.tally.groups(func(es []entry) { p.outcome(es, &bad) })
	r := p.result
	r.Failing, r.Judged, r.Passed = bad.count, p.judged, bad.count == 0
	if p.judged > 0 {
		r.Share = float64(bad.count) / float64(p.judged)
	}
	r.Measured, r.rows, r.columns = p.words(bad.count, p.judged, r.Share), bad.rows, p.columns
	return []Result{r}, err
}

func (p *pairing) close() error { return p.tally.close() }

func ours(e entry) bool { return e.row&other == 0 }

// refProbes checks that values stand in a column of another table.
func refProbes(s *setup) (out []probe, err error) {
	for _, ref := range s.refs {
		input := "refs." + ref.column
		at, err := s.indices(input, []string{ref.column})
		if err != nil {
			return nil, err
		}
		p := &pairing{
			result:  Result{Check: "refs", Column: ref.column, Input: input, Level: s.level("refs"), Wanted: "each in " + ref.data + ", column " + ref.key},
			columns: at, tally: s.tally(), hash: newHasher(),
			outcome: func(es []entry, note *lowest) {
				if !ours(es[len(es)-1]) {
					return
				}
				for _, e := range es {
					note.add(e.row)
				}
			},
			words: func(n, judged int64, share float64) string {
				if n == 0 {
					return "all " + count(judged, "value") + " are there"
				}
				return fmt.Sprintf("%s of %s (%s) are not there", grouped(n), count(judged, "value"), percent(share))
			},
		}
		if err := p.loadFrom(s, input, ref.data, []string{ref.key}); err != nil {
			return nil, errors.Join(err, p.close())
		}
		out = append(out, p)
	}
	return out, nil
}

func (p *pairing) loadFrom(s *setup, input, data string, names []string) error {
	t, err := s.open(data)
	if err != nil {
		return err
	}
	at, err := ofTable(t.Columns()).indices(input, names)
	if err != nil {
		return fmt.Errorf("%s: %w", data, err)
	}
	return p.load(s.ctx, t, at)
}

// disjointProbes checks that another table shares nothing with this one.
func disjointProbes(s *setup) (out []probe, err error) {
	for i, d := range s.disjoint {
		input := fmt.Sprintf("disjoint[%d]", i)
		t, err := s.open(d.with)
		if err != nil {
			return nil, err
		}
		for _, by := range s.common(d, t) {
			p, err := s.separate(input, d, t, by)
			if err != nil {
				return nil, err
			}
			out = append(out, p)
		}
		if d.time != "" {
			p, err := s.before(input, d, t)
			if err != nil {
				return nil, err
			}
			out = append(out, p)
		}
	}
	return out, nil
}

// A likeness is by what rows of two tables are compared: columns whose nulls are
// no values, or whole rows.
type likeness struct {
	names []string
	row   bool
}

// common are the likenesses to look for: what the entry says, else the key and
// all that both tables have.
func (s *setup) common(d disjoint, t source) (all []likeness) {
	if len(d.by) > 0 {
		return []likeness{{d.by, false}}
	}
	if len(s.key) > 0 {
		all = append(all, likeness{s.key, false})
	}
	var names []string
	for _, c := range t.Columns() {
		if s.column(c.Name) >= 0 {
			names = append(names, c.Name)
		}
	}
	if len(names) > len(s.key) {
		all = append(all, likeness{names, true})
	}
	return all
}

func (s *setup) separate(input string, d disjoint, t source, by likeness) (*pairing, error) {
	mine, err := s.indices(input, by.names)
	if err != nil {
		return nil, err
	}
	theirs, err := ofTable(t.Columns()).indices(input, by.names)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.with, err)
	}
	what := strings.Join(by.names, ", ")
	if by.row {
		what = "row"
	}
	p := &pairing{
		result:  Result{Check: "disjoint", Column: what, Input: input, Level: s.level("disjoint"), Wanted: "none in " + d.with},
		columns: mine, tally: s.tally(), hash: newHasher(), nulls: by.row,
		outcome: func(es []entry, note *lowest) {
			if ours(es[len(es)-1]) {
				return
			}
			for _, e := range es {
				if ours(e) {
					note.add(e.row)
				}
			}
		},
		words: func(n, _ int64, share float64) string {
			if n == 0 {
				return "no row is in both"
			}
			return fmt.Sprintf("in both: %s (%s)", count(n, "row"), percent(share))
		},
	}
	if err := p.load(s.ctx, t, theirs); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

// before checks that this table ends before another one begins.
type before struct {
	result Result
	at     int
	oldest time.Time // there
	newest time.Time // here
	late   offenders
	seen   int64
}

func (s *setup) before(input string, d disjoint, t source) (*before, error) {
	at, err := s.indices(input, []string{d.time})
	if err != nil {
		return nil, err
	}
	theirs, err := ofTable(t.Columns()).indices(input, []string{d.time})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.with, err)
	}
	p := &before{at: at[0], result: Result{Check: "disjoint", Column: d.time, Input: input, Level: s.level("disjoint")}}
	for b, err := range t.Batches(s.ctx) {
		if err != nil {
			return nil, err
		}
		v := &b.Columns[theirs[0]]
		for i := range b.Rows {
			if v.Null(i) {
				continue
			}
			if t, ok := timeOf(v, i); ok && (p.oldest.IsZero() || t.Before(p.oldest)) {
				p.oldest = t
			}
		}
	}
	p.result.Wanted = fmt.Sprintf("all before %s, the oldest of %s", p.oldest.UTC().Format(time.RFC3339), d.with)
	return p, nil
}

func (p *before) see(b *table.Batch, _ uint64) error {
	v := &b.Columns[p.at]
	for i := range b.Rows {
		if v.Null(i) {
			continue
		}
		p.seen++
		t, ok := timeOf(v, i)
		if ok && t.After(p.newest) {
			p.newest = t
		}
		if !ok || !t.Before(p.oldest) {
			p.late.add(b, i, func() string { return text(v, i) })
		}
	}
	return nil
}

func (p *before) results() ([]Result, error) {
	r := p.result
	r.fill(&p.late, p.seen)
	r.Passed = p.late.count == 0 && !p.oldest.IsZero() && !p.newest.IsZero()
	r.Measured = "newest " + p.newest.UTC().Format(time.RFC3339)
	if p.newest.IsZero() {
		r.Measured = "no time at all"
	}
	return []Result{r}, nil
}

func (p *before) close() error { return nil }
