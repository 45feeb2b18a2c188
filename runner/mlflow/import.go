package mlflow

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sort"

	"github.com/google/uuid"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/store"
)

// Imported says what an import did.
type Imported struct {
	Runs     []string `json:"runs"`     // ids of the records that were made
	Present  int      `json:"present"`  // runs that were imported before
	Versions []string `json:"versions"` // of models that were registered: churn@1
	Notes    []string `json:"notes"`    // what is not as it was
}

func (i *Imported) note(format string, args ...any) {
	i.Notes = append(i.Notes, fmt.Sprintf(format, args...))
}

// Import makes records and versions of models of what was found. What was imported
// before is left as it is; runs that have not ended are noted and left out.
func Import(ctx context.Context, d *store.Dir, f *Found, env record.Environment) (*Imported, error) {
	out := &Imported{Runs: []string{}, Versions: []string{}, Notes: slices.Clone(f.Notes)}
	runs := slices.Clone(f.Runs)
	sort.Slice(runs, func(i, j int) bool { return runs[i].Started < runs[j].Started })
	here := map[string]bool{}
	for e, err := range record.List(d.Root()) {
		if err != nil {
			return out, err
		}
		here[e.ID] = true
	}
	for i := range runs {
		if err := importRun(ctx, d, f, &runs[i], env, here, out); err != nil {
			return out, fmt.Errorf("run %s: %w", runs[i].ID, err)
		}
	}
	byID := map[string]*FoundRun{}
	for i := range runs {
		byID[runs[i].ID] = &runs[i]
	}
	for _, m := range f.Models {
		if err := importModel(ctx, d, f, &m, byID, out); err != nil {
			return out, fmt.Errorf("model %s: %w", m.Name, err)
		}
	}
	return out, nil
}

// importedID is the id of a run's record: its time is that of the run, the rest
// follows from the run's id, so that a run is imported once.
func importedID(r *Run) string {
	var u uuid.UUID
	sum := sha256.Sum256([]byte("mlflow run " + r.ID))
	copy(u[:], sum[:])
	ms := uint64(max(r.Started, 0))
	for i := range 6 {
		u[i] = byte(ms >> (40 - 8*i))
	}
	u[6], u[8] = u[6]&0x0f|0x70, u[8]&0x3f|0x80
	return u.String()
}

func importRun(ctx context.Context, d *store.Dir, f *Found, r *FoundRun, env record.Environment, here map[string]bool, out *Imported) error {
	switch {
	case !r.over():
		out.note("run %s (%s) has not ended", r.ID, r.Name)
		return nil
	case r.Stage == deleted || r.Experiment.Stage == deleted:
		out.note("run %s (%s) was deleted", r.ID, r.Name)
		return nil
	}
	if err := errors.Join(checkTime("start_time", r.Started), checkTime("end_time", r.Ended)); err != nil {
		out.note("run %s (%s) is left out: %v", r.ID, r.Name, err)
		return nil
	}
	id := importedID(&r.Run)
	if here[id] {
		out.Present++
		return nil
	}
	if err := takeFiles(ctx, d, f, r, id, out); err != nil {
		return err
	}
	run := Record(&r.Run, id, env)
	run.Environment = record.Environment{Executor: Event, Mlops: env.Mlops} // where it ran nobody knows
	if _, err := Write(d.Root(), run, &r.Run); err != nil {
		return err
	}
	here[id] = true
	out.Runs = append(out.Runs, id)
	return nil
}

// takeFiles puts a run's artifacts into the store.
func takeFiles(ctx context.Context, d *store.Dir, f *Found, r *FoundRun, id string, out *Imported) error {
	dir := f.local(r.Address)
	if dir == "" {
		if r.Address != "" {
			out.note("run %s (%s): its artifacts are at %s, which is not here", r.ID, r.Name, r.Address)
		}
		return nil
	}
	files, err := ingest(ctx, d, dir)
	if err != nil {
		return err
	}
	if len(files) > 0 && f.outside(dir) {
		out.note("run %s (%s): its files were taken from %s, outside of %s", r.ID, r.Name, dir, f.Root)
	}
	r.Artifacts = files
	for _, p := range slices.Sorted(maps.Keys(files)) {
		ref := refOf(plain(id), p)
		was, err := d.Ref(ref)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err := errors.Join(d.SetRef(ctx, ref, was, files[p].Digest), d.Check(files[p].Digest)); err != nil {
			return err
		}
	}
	return nil
}

// outside reports whether a path that was found is elsewhere on this machine: where that
// is, only the folder says that is imported, which may be another's.
func (f *Found) outside(path string) bool {
	root, err1 := filepath.Abs(f.Root)
	abs, err2 := filepath.Abs(path)
	rel, err3 := filepath.Rel(root, abs)
	return errors.Join(err1, err2, err3) != nil || !filepath.IsLocal(rel)
}

// ingest puts the files below a folder into the store, or the one file.
func ingest(ctx context.Context, d *store.Dir, dir string) (files map[string]Artifact, err error) {
	b, err := d.Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	files = map[string]Artifact{}
	put := func(key, path string) error {
		in, err := os.Open(path)
		if err != nil {
			return err
		}
		defer in.Close()
		dig, n, err := b.Put(ctx, in)
		files[key] = Artifact{dig, n}
		return err
	}
	if isFolder(dir) {
		err = eachFile(dir, put)
	} else {
		err = put(filepath.Base(dir), dir)
	}
	if err != nil {
		return nil, err
	}
	return files, b.Commit(ctx)
}

// importModel registers the versions in their order, and sets the aliases that the
// model does not have yet.
func importModel(ctx context.Context, d *store.Dir, f *Found, m *FoundModel, runs map[string]*FoundRun, out *Imported) error {
	if err := registry.CheckModel(m.Name); err != nil {
		out.note("model %q is left out: %v", m.Name, err)
		return nil
	}
	reg := registry.Open(d, nil)
	numbers := map[int]int{}
	for _, fv := range m.Versions {
		v, err := foundVersion(ctx, d, f, m.Name, fv, runs)
		if errors.Is(err, fs.ErrNotExist) {
			out.note("model %s: version %d is left out: its files are at %s, which is not here", m.Name, fv.Number, fv.Source)
			continue
		}
		if err != nil {
			return fmt.Errorf("version %d: %w", fv.Number, err)
		}
		got, added, err := reg.Register(ctx, *v, registry.By{Actor: v.Actor, Run: v.Run, RunDigest: v.RunDigest, Reason: fmt.Sprintf("imported: version %d of MLflow", fv.Number)})
		if err != nil {
			return fmt.Errorf("version %d: %w", fv.Number, err)
		}
		numbers[fv.Number] = got.Version
		if added {
			out.Versions = append(out.Versions, fmt.Sprintf("%s@%d", m.Name, got.Version))
			if dir := f.local(fv.Source); f.outside(dir) {
				out.note("model %s: the files of version %d were taken from %s, outside of %s", m.Name, fv.Number, dir, f.Root)
			}
		}
		if got.Version != fv.Number {
			out.note("model %s: version %d is %s@%d", m.Name, fv.Number, m.Name, got.Version)
		}
	}
	for _, alias := range slices.Sorted(maps.Keys(m.Aliases)) {
		n := numbers[m.Aliases[alias]]
		if n == 0 {
			continue
		}
		_, err := reg.Move(ctx, m.Name, alias, 0, n, registry.By{Reason: "imported from MLflow"})
		var moved *registry.ConflictError
		var name *registry.NameError
		switch {
		case errors.As(err, &moved), errors.As(err, &name):
			out.note("model %s: alias %s stays as it is here: %v", m.Name, alias, err)
		case err != nil:
			return err
		}
	}
	return nil
}

// foundVersion is a version with the run that it came from, if that was imported.
func foundVersion(ctx context.Context, d *store.Dir, f *Found, name string, fv FoundVersion, runs map[string]*FoundRun) (*registry.Version, error) {
	dir := f.local(fv.Source)
	if dir == "" {
		return nil, fs.ErrNotExist
	}
	files, err := ingest(ctx, d, dir)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fs.ErrNotExist
	}
	r := Run{Artifacts: map[string]Artifact{}}
	var rec record.Run
	if from := runs[fv.Run]; from != nil {
		if loaded, err := record.Load(d.Root(), importedID(&from.Run)); err == nil {
			rec = *loaded
		}
	}
	const top = "model"
	for p, a := range files {
		r.Artifacts[top+"/"+p] = a
	}
	job := record.Job{ID: JobID, Outputs: r.outputs()}
	v, err := registry.From(&rec, &job, top)
	if err != nil {
		return nil, err
	}
	v.Model, v.Actor = name, rec.Trigger.Actor
	return v, nil
}

// fromDatabase is a metric's value as MLflow's tables have it: NaN is 0 with a mark,
// an infinity the largest number there is.
func fromDatabase(x float64, nan bool) number {
	switch {
	case nan:
		return number(math.NaN())
	case x >= 1.7976931348623157e308:
		return number(math.Inf(1))
	case x <= -1.7976931348623157e308:
		return number(math.Inf(-1))
	}
	return number(x)
}
