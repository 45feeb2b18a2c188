package mlflow

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sort"

	_ "modernc.org/sqlite" // the driver
)

// ReadDatabase reads an SQLite file of MLflow's server, such as mlflow.db, and
// changes nothing. Artifacts are looked for where their addresses say, and below
// its folder.
func ReadDatabase(ctx context.Context, path string) (f *Found, err error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: abs}).EscapedPath(), RawQuery: "mode=ro"}).String())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	r := dbReader{ctx, db, &Found{Root: filepath.Dir(abs)}, map[string]*FoundRun{}}
	if err := r.read(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r.found, nil
}

type dbReader struct {
	ctx   context.Context
	db    *sql.DB
	found *Found
	runs  map[string]*FoundRun
}

// each calls row for each row of a query; row scans it.
func (r *dbReader) each(query string, row func(*sql.Rows) error) error {
	rows, err := r.db.QueryContext(r.ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (r *dbReader) read() error {
	exps := map[string]Experiment{}
	err := r.each(`SELECT CAST(experiment_id AS TEXT), name, COALESCE(lifecycle_stage, 'active') FROM experiments`, func(rows *sql.Rows) error {
		e := Experiment{Tags: map[string]string{}}
		err := rows.Scan(&e.ID, &e.Name, &e.Stage)
		exps[e.ID] = e
		return err
	})
	if err != nil {
		return fmt.Errorf("no database of MLflow: %w", err)
	}
	if err := errors.Join(r.readRuns(exps), r.readPairs(), r.readMetrics(), r.readModels()); err != nil {
		return err
	}
	for _, run := range r.runs {
		r.found.Runs = append(r.found.Runs, *run)
	}
	runs := r.found.Runs
	sort.Slice(runs, func(i, j int) bool { return runs[i].Started < runs[j].Started })
	return nil
}

func (r *dbReader) readRuns(exps map[string]Experiment) error {
	return r.each(`SELECT run_uuid, CAST(experiment_id AS TEXT), COALESCE(name, ''), COALESCE(user_id, ''), COALESCE(status, ''),
		COALESCE(start_time, 0), COALESCE(end_time, 0), COALESCE(lifecycle_stage, 'active'), COALESCE(artifact_uri, '') FROM runs`, func(rows *sql.Rows) error {
		run := &FoundRun{Run: Run{Params: map[string]string{}, Tags: map[string]string{}, Metrics: map[string][]Value{}, Artifacts: map[string]Artifact{}}}
		var exp string
		err := rows.Scan(&run.ID, &exp, &run.Name, &run.User, &run.Status, &run.Started, &run.Ended, &run.Stage, &run.Address)
		run.Experiment = exps[exp]
		r.runs[run.ID] = run
		return err
	})
}

func (r *dbReader) readPairs() error {
	read := func(table string, into func(*Run) map[string]string) error {
		return r.each(`SELECT run_uuid, key, COALESCE(value, '') FROM `+table, func(rows *sql.Rows) error {
			var id, key, value string
			err := rows.Scan(&id, &key, &value)
			if run := r.runs[id]; run != nil {
				into(&run.Run)[key] = value
			}
			return err
		})
	}
	return errors.Join(
		read("params", func(run *Run) map[string]string { return run.Params }),
		read("tags", func(run *Run) map[string]string { return run.Tags }))
}

func (r *dbReader) readMetrics() error {
	return r.each(`SELECT run_uuid, key, value, timestamp, step, is_nan FROM metrics ORDER BY run_uuid, key, step, timestamp`, func(rows *sql.Rows) error {
		var id, key string
		var v Value
		var x float64
		var nan bool
		err := rows.Scan(&id, &key, &x, &v.Timestamp, &v.Step, &nan)
		v.Value = fromDatabase(x, nan)
		if run := r.runs[id]; run != nil {
			run.Metrics[key] = append(run.Metrics[key], v)
		}
		return err
	})
}

func (r *dbReader) readModels() error {
	at := map[string]*FoundModel{}
	var names []string
	place := "source"
	if r.has("model_versions", "storage_location") { // since MLflow 2.5; the source may be models:/m-… since 3
		place = "COALESCE(NULLIF(storage_location, ''), source)"
	}
	err := r.each(`SELECT name, version, COALESCE(`+place+`, ''), COALESCE(run_id, '') FROM model_versions ORDER BY name, version`, func(rows *sql.Rows) error {
		var name string
		var v FoundVersion
		err := rows.Scan(&name, &v.Number, &v.Source, &v.Run)
		if at[name] == nil {
			at[name] = &FoundModel{Name: name, Aliases: map[string]int{}}
			names = append(names, name)
		}
		at[name].Versions = append(at[name].Versions, v)
		return err
	})
	if err != nil {
		r.found.note("models are left out: %v", err)
		return nil
	}
	err = r.each(`SELECT name, alias, version FROM registered_model_aliases`, func(rows *sql.Rows) error {
		var name, alias string
		var n int
		err := rows.Scan(&name, &alias, &n)
		if at[name] != nil {
			at[name].Aliases[alias] = n
		}
		return err
	})
	if err != nil {
		r.found.note("aliases are left out: %v", err) // databases before MLflow 2.3 have none
	}
	for _, name := range names {
		r.found.Models = append(r.found.Models, *at[name])
	}
	return nil
}

// has reports whether a table has a column.
func (r *dbReader) has(table, column string) bool {
	found := false
	err := r.each(`SELECT name FROM pragma_table_info('`+table+`')`, func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		found = found || name == column
		return err
	})
	return found && err == nil
}

// Read reads a folder or a database, whichever path is.
func Read(ctx context.Context, path string) (*Found, error) {
	st, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !st.IsDir():
		return ReadDatabase(ctx, path)
	}
	f, err := ReadTree(path)
	if errors.Is(err, fs.ErrNotExist) && isFolder(filepath.Join(path, "mlruns")) {
		return ReadTree(filepath.Join(path, "mlruns"))
	}
	return f, err
}
