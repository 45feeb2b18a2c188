package index

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/spec/expression"
)

// A Query asks for runs. The zero value asks for all, newest first.
type Query struct {
	Where string // expression, see the package documentation; "" for all
	// Sort are names, each with - before it for the greatest first. Runs that lack a
	// name come after those that have it; among equals the newest is first.
	Sort  []string
	Limit int // how many; 0 for all
}

// A Row is a run in an answer.
type Row struct {
	ID       string
	Pipeline string
	Status   string
	Started  time.Time
	Ended    time.Time // zero while it runs, and if it was interrupted
	Commit   string
	Branch   string
	Actor    string
	Dirty    bool
	Values   []any // of [Answer.Names]: nil, bool, float64, string or time.Time
}

// An Answer is what a query found.
type Answer struct {
	Names []string // that where and sort name, in that order
	Rows  []Row
}

// Select answers a query. It fails with a *[QueryError] for what is wrong with it.
func (x *Index) Select(ctx context.Context, query Query) (a *Answer, err error) {
	err = x.sound(ctx, func() error {
		a, err = x.ask(ctx, query)
		return err
	})
	return a, err
}

func (x *Index) ask(ctx context.Context, query Query) (*Answer, error) {
	q := &compiler{x: x, operands: map[string]*operand{}}
	condition := "TRUE"
	var t *expression.Term
	var err error
	if query.Where != "" {
		if t, err = q.parse(ctx, query.Where); err != nil {
			return nil, err
		}
		q.require(t)
		if condition, err = q.condition(t); err != nil {
			return nil, err
		}
	}
	by, err := q.sorts(ctx, query.Sort)
	if err != nil {
		return nil, err
	}
	return q.run(ctx, t, condition, by, query.Limit)
}

// A sorting is an operand to sort by.
type sorting struct {
	*operand
	direction string
}

func (q *compiler) sorts(ctx context.Context, names []string) (out []sorting, err error) {
	for _, name := range names {
		path, down := strings.CutPrefix(strings.TrimSpace(name), "-")
		s := sorting{direction: "ASC"}
		if down {
			s.direction = "DESC"
		}
		t, err := q.parse(ctx, path)
		if err != nil {
			return nil, err
		}
		if t.Op != "path" {
			return nil, q.fail(t, "this is no name", "write --sort -metrics.auc, several with commas between them")
		}
		s.operand = q.operand(t)
		out = append(out, s)
	}
	return out, nil
}

// run asks the database. Runs sorted by a number of a joined table are asked for in
// two steps, those that have it through its index and then the others: nothing else
// lets a database stop after the first of many thousands.
func (q *compiler) run(ctx context.Context, t *expression.Term, condition string, by []sorting, limit int) (*Answer, error) {
	out := &Answer{Rows: []Row{}}
	for _, o := range q.order {
		out.Names = append(out.Names, o.name)
	}
	since, err := q.since(ctx)
	if err != nil {
		return nil, err
	}
	if since != "" && t != nil {
		if done, err := q.askFew(ctx, out, t, condition, by, limit); done || err != nil {
			return out, err
		}
	}
	if since != "" && len(by) == 0 && limit > 0 {
		if done, err := q.askNewest(ctx, out, since, condition, limit); done || err != nil {
			return out, err
		}
	}
	if len(by) == 0 || by[0].join == "" || by[0].kind != number {
		return out, q.ask(ctx, out, condition, by, limit)
	}
	first, needed := by[0], by[0].needed
	first.operand.needed, q.indexed = true, true
	if err := q.ask(ctx, out, condition+" AND "+first.number+" IS NOT NULL", by, limit); err != nil || needed {
		return out, err
	}
	if limit > 0 {
		if limit -= len(out.Rows); limit == 0 {
			return out, nil
		}
	}
	first.operand.needed, q.indexed = false, false
	return out, q.ask(ctx, out, condition+" AND "+first.number+" IS NULL", by[1:], limit)
}

// recent is among how many of the newest runs an answer is sought first, and the least that a
// search among candidates is for.
const recent = 2000

// since is the oldest of the most recent runs, if there are more; "" otherwise, and where the
// database has statistics to go by.
func (q *compiler) since(ctx context.Context) (id string, err error) {
	if q.x.path == "" {
		return "", nil
	}
	err = q.x.db.QueryRowContext(ctx, "SELECT id FROM runs ORDER BY id DESC LIMIT 1 OFFSET ?1", q.x.recent).Scan(&id)
	return id, dropNoRows(err)
}

// askFew asks among the candidates, if they are known and few.
func (q *compiler) askFew(ctx context.Context, out *Answer, t *expression.Term, condition string, by []sorting, limit int) (done bool, err error) {
	left := counted
	ps, n, err := q.candidates(ctx, t, recent, &left)
	if err != nil || len(ps) == 0 || n > recent {
		return false, err
	}
	bound := len(q.args)
	q.few = q.among(ps)
	err = q.ask(ctx, out, condition, by, limit)
	q.few, q.args = "", q.args[:bound]
	return true, err
}

// askNewest asks for the newest runs among the most recent ones. Without statistics
// SQLite begins with the index of a metric, and sorts all that it finds there, also
// where every second run would do.
func (q *compiler) askNewest(ctx context.Context, out *Answer, since, condition string, limit int) (done bool, err error) {
	q.inOrder = true
	err = q.ask(ctx, out, condition+" AND r.id > "+q.bind(since), nil, limit)
	q.inOrder, q.args = false, q.args[:len(q.args)-1]
	if err == nil && len(out.Rows) < limit {
		out.Rows = out.Rows[:0]
	}
	return len(out.Rows) == limit, err
}

func dropNoRows(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

func (q *compiler) ask(ctx context.Context, out *Answer, condition string, by []sorting, limit int) error {
	query := q.text(condition, by, limit)
	rs, err := q.x.db.QueryContext(ctx, query, q.args...)
	if err != nil {
		return fmt.Errorf("index %s: %w", q.x.Place(), err)
	}
	defer rs.Close()
	for rs.Next() {
		row, err := q.row(rs)
		if err != nil {
			return err
		}
		out.Rows = append(out.Rows, row)
	}
	return rs.Err()
}

// text is the whole statement.
func (q *compiler) text(condition string, by []sorting, limit int) string {
	columns := []string{"r.id", "r.pipeline", "r.status", "r.started", "r.ended", "r.commit_hash", "r.branch", "r.actor", "r.dirty"}
	from, joins := q.from(by)
	for _, o := range q.order {
		columns = append(columns, o.cells()...)
	}
	var order []string
	id := "r.id"
	for i, s := range by {
		order = append(order, s.terms(q.x.dialect, i == 0 && q.indexed)...)
		if alias, _, ok := strings.Cut(s.number, "."); ok && i == 0 && len(by) == 1 && q.indexed && !strings.Contains(alias, "(") {
			id = alias + ".run_id" // equal to r.id, and in the index behind the value
		}
	}
	order = append(order, id+" DESC")
	query := "SELECT " + strings.Join(columns, ", ") + " FROM " + from + joins + " WHERE r.damage = '' AND " + condition + " ORDER BY " + strings.Join(order, ", ")
	if limit > 0 {
		query += fmt.Sprintf(" LIMIT %d", limit)
	}
	return query
}

// from is the runs with the tables that are joined to them. CROSS JOIN is in the order of the
// text, for SQLite.
func (q *compiler) from(by []sorting) (from, joins string) {
	if q.indexed && by[0].indexed != nil && q.x.path != "" {
		return q.inOrderOf(by[0].operand)
	}
	from = "runs r"
	if q.few != "" {
		from = "(" + q.few + ") c CROSS JOIN runs r ON r.id = c.run_id"
	}
	for _, o := range q.order {
		switch {
		case o.join == "":
		case o.needed && (q.inOrder || q.few != ""):
			joins += " CROSS JOIN " + o.join
		case o.needed:
			joins += " JOIN " + o.join
		default:
			joins += " LEFT JOIN " + o.join
		}
	}
	return from, joins
}

// inOrderOf begins with the values of an operand, in the order of their index, and reads a
// run only when all that it needs is there. SQLite itself would begin with another
// condition's index and sort what that finds, or read each run first.
func (q *compiler) inOrderOf(first *operand) (from, joins string) {
	from, on, _ := strings.Cut(first.join, " ON ")
	alias, _, _ := strings.Cut(first.number, ".")
	joins = " CROSS JOIN runs r ON " + on
	for _, o := range q.order {
		switch {
		case o.join == "" || o == first:
		case o.needed && o.indexed != nil:
			from += " CROSS JOIN " + strings.Replace(o.join, "r.id", alias+".run_id", 1)
		case o.needed:
			joins += " CROSS JOIN " + o.join
		default:
			joins += " LEFT JOIN " + o.join
		}
	}
	return from, joins
}

// terms are what a sorting orders by. plain leaves out where runs without it come.
func (s sorting) terms(d dialect, plain bool) (out []string) {
	switch {
	case plain:
		return []string{s.number + " " + s.direction}
	case s.kind == text || s.kind == lower:
		return []string{"CASE WHEN " + s.absent + " THEN 1 ELSE 0 END", s.folded + " COLLATE " + d.collation + " " + s.direction}
	case s.kind == scalar:
		return []string{"CASE WHEN " + s.absent + " THEN 2 WHEN " + s.number + " IS NULL THEN 1 ELSE 0 END", "COALESCE(" + s.number + ", 0) " + s.direction,
			"COALESCE(" + s.folded + ", '') COLLATE " + d.collation + " " + s.direction}
	}
	return []string{"CASE WHEN " + s.number + " IS NULL THEN 1 ELSE 0 END", "COALESCE(" + s.number + ", 0) " + s.direction}
}

// cells are the columns from which the value of an operand is read: its kind, number and text.
func (o *operand) cells() []string {
	kind, number, shown := "''", o.number, o.shown
	if o.own != "" {
		kind = o.own
	}
	if number == "" {
		number = "NULL"
	}
	if shown == "" {
		shown = "NULL"
	}
	return []string{kind, number, shown}
}

// row reads a row.
func (q *compiler) row(rs *sql.Rows) (Row, error) {
	var r Row
	var started int64
	var ended sql.NullInt64
	var dirty int64
	cells := make([]cell, len(q.order))
	into := []any{&r.ID, &r.Pipeline, &r.Status, &started, &ended, &r.Commit, &r.Branch, &r.Actor, &dirty}
	for i := range cells {
		into = append(into, &cells[i].kind, &cells[i].number, &cells[i].text)
	}
	if err := rs.Scan(into...); err != nil {
		return r, err
	}
	r.Started, r.Dirty = time.UnixMicro(started).UTC(), dirty != 0
	if ended.Valid {
		r.Ended = time.UnixMicro(ended.Int64).UTC()
	}
	for i, o := range q.order {
		r.Values = append(r.Values, cells[i].value(o))
	}
	return r, nil
}

// A cell is the value of an operand as the database gives it.
type cell struct {
	kind   sql.NullString
	number sql.NullFloat64
	text   sql.NullString
}

func (c cell) value(o *operand) any {
	kind := o.kind
	if kind == scalar {
		switch c.kind.String {
		case "bool":
			kind = boolean
		case "number":
			kind = number
		default:
			kind = text
		}
	}
	switch {
	case kind == text || kind == lower:
		if !c.text.Valid || o.kind != scalar && c.text.String == "" {
			return nil
		}
		return c.text.String
	case kind == number && c.text.String == "nan" && o.kind == number:
		return math.NaN()
	case !c.number.Valid:
		return nil
	case kind == boolean:
		return c.number.Float64 != 0
	case kind == moment:
		return time.UnixMicro(int64(c.number.Float64)).UTC()
	}
	return c.number.Float64
}
