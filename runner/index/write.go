package index

import (
	"context"
	"database/sql"
	"slices"
	"strings"
)

// together is how many rows one statement inserts; PostgreSQL takes 65,535 bound
// values and SQLite 32,766, and from some hundred on more gain nothing.
const together = 40

// A writer inserts rows in one transaction.
type writer struct {
	ctx      context.Context
	tx       *sql.Tx
	dialect  dialect
	prepared map[string]*sql.Stmt
}

// write runs f in a transaction.
func (x *Index) write(ctx context.Context, f func(w *writer) error) error {
	tx, err := x.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	w := &writer{ctx, tx, x.dialect, map[string]*sql.Stmt{}}
	if err := f(w); err != nil {
		return err
	}
	return tx.Commit()
}

// exec runs a statement whose bound values are written as ?.
func (w *writer) exec(query string, args ...any) error {
	s, err := w.prepare(query)
	if err != nil {
		return err
	}
	_, err = s.ExecContext(w.ctx, args...)
	return err
}

func (w *writer) prepare(query string) (*sql.Stmt, error) {
	if s := w.prepared[query]; s != nil {
		return s, nil
	}
	s, err := w.tx.PrepareContext(w.ctx, w.dialect.number(query))
	w.prepared[query] = s
	return s, err
}

// number replaces each ? of a statement that was written here, and holds no text, by its numbered form.
func (d dialect) number(query string) string {
	var b strings.Builder
	for i, part := range strings.Split(query, "?") {
		if i > 0 {
			b.WriteString(d.bound(i))
		}
		b.WriteString(part)
	}
	return b.String()
}

// insert adds rows to a table.
func (w *writer) insert(t table, rows [][]any) error {
	for chunk := range slices.Chunk(rows, together) {
		n := len(chunk)
		if n < together {
			n = 1
		}
		one := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(t.columns)), ", ") + ")"
		query := "INSERT INTO " + t.name + " (" + strings.Join(t.columns, ", ") + ") VALUES " + strings.TrimSuffix(strings.Repeat(one+", ", n), ", ")
		for part := range slices.Chunk(chunk, n) {
			if err := w.exec(query, slices.Concat(part...)...); err != nil {
				return err
			}
		}
	}
	return nil
}

// drop removes a run from all tables.
func (w *writer) drop(id string) error {
	for _, t := range runTables {
		if err := w.exec("DELETE FROM "+t.name+" WHERE "+t.columns[0]+" = ?", id); err != nil {
			return err
		}
	}
	return nil
}
