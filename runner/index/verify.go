package index

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Status says how large an index is.
type Status struct {
	Place   string `json:"place"`
	Engine  string `json:"engine"` // SQLite or PostgreSQL
	Runs    int64  `json:"runs"`   // of all stores
	Metrics int64  `json:"metrics"`
	Damaged int64  `json:"damaged"` // records that cannot be read
	Models  int64  `json:"modelVersions"`
	Size    int64  `json:"size"` // bytes of the file; 0 for PostgreSQL
}

// Status counts.
func (x *Index) Status(ctx context.Context) (Status, error) {
	s := Status{Place: x.Place(), Engine: x.dialect.name}
	for query, into := range map[string]*int64{
		"SELECT COUNT(*) FROM runs": &s.Runs, "SELECT COUNT(*) FROM metrics_latest": &s.Metrics,
		"SELECT COUNT(*) FROM runs WHERE damage <> ''": &s.Damaged, "SELECT COUNT(*) FROM model_versions": &s.Models,
	} {
		if err := x.db.QueryRowContext(ctx, query).Scan(into); err != nil {
			return s, err
		}
	}
	if st, err := os.Stat(x.path); x.path != "" && err == nil {
		s.Size = st.Size()
	}
	return s, nil
}

// Rebuild forgets what the index has of the store and reads all of its files again.
// Other processes see the old rows until each of their runs has been read.
func Rebuild(ctx context.Context, root string, o Options) (*Index, error) {
	x, err := connect(ctx, root, o)
	if err != nil {
		return nil, err
	}
	if err := x.exclusive(ctx, x.forget); err != nil {
		return nil, fmt.Errorf("index %s: %w", x.Place(), err)
	}
	return x, x.Refresh(ctx)
}

// forget removes all that the index has of this store.
func (x *Index) forget(ctx context.Context) error {
	return x.write(ctx, func(w *writer) error {
		for _, t := range runTables {
			err := w.exec("DELETE FROM "+t.name+" WHERE "+t.columns[0]+" IN (SELECT run_id FROM holders WHERE store = ?)"+
				" AND "+t.columns[0]+" NOT IN (SELECT run_id FROM holders WHERE store <> ?)", x.store, x.store)
			if err != nil {
				return err
			}
		}
		for _, t := range []string{"holders", "folders", "datasets", "model_versions", "aliases"} {
			if err := w.exec("DELETE FROM "+t+" WHERE store = ?", x.store); err != nil {
				return err
			}
		}
		return nil
	})
}

// A Difference is a row that only one of the index and the files has.
type Difference struct {
	Table string
	Row   string // its cells, tab-separated
	Extra bool   // the index has it and the files do not
}

// Verify builds a second index from the store's files and compares each row.
func (x *Index) Verify(ctx context.Context) ([]Difference, error) {
	dir, err := os.MkdirTemp("", "mlops-index")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	fresh, err := Open(ctx, x.root, Options{Address: filepath.Join(dir, File), Now: x.options.Now})
	if err != nil {
		return nil, err
	}
	defer fresh.Close()
	var out []Difference
	for _, t := range slices.Concat(runTables, []table{datasetTable, versionTable, aliasTable}) {
		have, err := x.dump(ctx, t)
		if err != nil {
			return nil, err
		}
		want, err := fresh.dump(ctx, t)
		if err != nil {
			return nil, err
		}
		out = append(out, differences(t.name, have, want)...)
	}
	return out, nil
}

func differences(table string, have, want map[string]bool) (out []Difference) {
	for _, row := range slices.Sorted(maps.Keys(have)) {
		if !want[row] {
			out = append(out, Difference{table, row, true})
		}
	}
	for _, row := range slices.Sorted(maps.Keys(want)) {
		if !have[row] {
			out = append(out, Difference{table, row, false})
		}
	}
	return out
}

// dump returns the rows of a table that are this store's.
func (x *Index) dump(ctx context.Context, t table) (map[string]bool, error) {
	columns, where := t.columns, t.columns[0]+" IN (SELECT run_id FROM holders WHERE store = ?)"
	if columns[0] == "store" {
		columns, where = columns[1:], "store = ?"
	}
	rs, err := x.db.QueryContext(ctx, x.dialect.number("SELECT "+strings.Join(columns, ", ")+" FROM "+t.name+" WHERE "+where), x.store)
	if err != nil {
		return nil, err
	}
	defer rs.Close()
	out := map[string]bool{}
	cells := make([]any, len(columns))
	into := make([]any, len(columns))
	for i := range cells {
		into[i] = &cells[i]
	}
	for rs.Next() {
		if err := rs.Scan(into...); err != nil {
			return nil, err
		}
		var row []string
		for _, c := range cells {
			if b, ok := c.([]byte); ok {
				c = string(b)
			}
			row = append(row, fmt.Sprint(c))
		}
		out[strings.Join(row, "\t")] = true
	}
	return out, rs.Err()
}
