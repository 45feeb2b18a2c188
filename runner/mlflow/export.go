package mlflow

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unicode"

	"gopkg.in/yaml.v3"

	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/store"
)

// Exported says what an export wrote.
type Exported struct {
	Runs     int      `json:"runs"`     // that were written
	Present  int      `json:"present"`  // runs that were there already
	Versions int      `json:"versions"` // of models that were written
	Notes    []string `json:"notes"`    // what is left out, and why
}

func (e *Exported) note(format string, args ...any) {
	e.Notes = append(e.Notes, fmt.Sprintf(format, args...))
}

// Export writes all finished runs and models of a store as an mlruns folder, which is
// made if it is missing. Runs and versions that are there are left as they are. Files are copies.
func Export(ctx context.Context, d *store.Dir, dir string) (*Exported, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	x := &exporter{d, abs, &Exported{Notes: []string{}}}
	recs, err := newest(d.Root(), func(id string, err error) { x.out.note("run %s is left out: %v", id, err) })
	if err != nil {
		return nil, err
	}
	for _, rec := range recs {
		if err := ctx.Err(); err != nil {
			return x.out, err
		}
		r, err := Of(rec)
		if err == nil && !isRunID(r.ID) {
			x.out.note("run %s is left out: MLflow takes its id %q for none", rec.ID, r.ID)
			continue
		}
		if err == nil {
			err = x.run(r)
		}
		if err != nil {
			return x.out, fmt.Errorf("run %s: %w", rec.ID, err)
		}
	}
	return x.out, x.models()
}

type exporter struct {
	d   *store.Dir
	dir string
	out *Exported
}

// experimentID is a number of 18 digits that follows from the name, as MLflow's file
// store makes them at random.
func experimentID(name string) string {
	if name == "Default" {
		return defaultExp
	}
	sum := sha256.Sum256([]byte(name))
	return strconv.FormatUint(100_000_000_000_000_000+binary.BigEndian.Uint64(sum[:8])%900_000_000_000_000_000, 10)
}

// isRunID reports whether MLflow takes a text for the id of a run
// (mlflow/utils/validation.py). None of them is a path.
func isRunID(id string) bool {
	for i, r := range id {
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) && (i == 0 || r != '_' && r != '-') {
			return false
		}
	}
	return id != "" && len(id) <= 256
}

func fileURI(path string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
}

// writeMeta writes a meta.yaml.
func writeMeta(dir string, fields map[string]any) error {
	text, err := yaml.Marshal(fields)
	if err != nil {
		return err
	}
	return writeAt(filepath.Join(dir, metaFile), text)
}

func writeAt(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}

func (x *exporter) experiment(r *Run) (dir string, err error) {
	id := experimentID(r.Experiment.Name)
	dir = filepath.Join(x.dir, id)
	if exists(filepath.Join(dir, metaFile)) {
		return dir, nil
	}
	if err := writeKeys(filepath.Join(dir, "tags"), r.Experiment.Tags, x.out); err != nil {
		return "", err
	}
	return dir, writeMeta(dir, map[string]any{
		"artifact_location": fileURI(dir), "creation_time": r.Started, "experiment_id": id, "last_update_time": r.Started, "lifecycle_stage": active, "name": r.Experiment.Name,
	})
}

// run writes a run under another name first, so that it is there as a whole.
func (x *exporter) run(r *Run) error {
	exp, err := x.experiment(r)
	if err != nil {
		return err
	}
	final := filepath.Join(exp, r.ID)
	if exists(final) {
		x.out.Present++
		return nil
	}
	temp, err := os.MkdirTemp(exp, ".export-")
	if err != nil {
		return err
	}
	err = x.fill(r, temp, final)
	if err == nil {
		err = os.Rename(temp, final)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(temp))
	}
	x.out.Runs++
	return os.Chmod(final, 0o755)
}

func (x *exporter) fill(r *Run, dir, final string) error {
	number := map[string]int{running: 1, scheduled: 2, finished: 3, failed: 4, killed: 5}
	err := writeMeta(dir, map[string]any{
		"artifact_uri": fileURI(filepath.Join(final, "artifacts")), "end_time": r.Ended, "entry_point_name": "", "experiment_id": experimentID(r.Experiment.Name),
		"lifecycle_stage": active, "run_id": r.ID, "run_name": r.Name, "run_uuid": r.ID, "source_name": "", "source_type": 4, "source_version": "",
		"start_time": r.Started, "status": number[r.Status], "tags": []string{}, "user_id": r.User,
	})
	err = errors.Join(err, writeKeys(filepath.Join(dir, "params"), r.Params, x.out), writeKeys(filepath.Join(dir, "tags"), r.Tags, x.out))
	for _, name := range slices.Sorted(maps.Keys(r.Metrics)) {
		var b bytes.Buffer
		for _, v := range r.Metrics[name] {
			fmt.Fprintf(&b, "%d %s %d\n", v.Timestamp, pythonFloat(float64(v.Value)), v.Step)
		}
		err = errors.Join(err, writeKey(filepath.Join(dir, "metrics"), name, b.Bytes(), x.out))
	}
	return errors.Join(err, os.MkdirAll(filepath.Join(dir, "artifacts"), 0o755), x.copyAll(r.Artifacts, filepath.Join(dir, "artifacts"), "run "+r.ID))
}

// pythonFloat is a number as Python's float() reads it.
func pythonFloat(f float64) string {
	return strings.TrimPrefix(strings.ToLower(strconv.FormatFloat(f, 'g', -1, 64)), "+")
}

func writeKeys(dir string, m map[string]string, out *Exported) error {
	errs := []error{os.MkdirAll(dir, 0o755)}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		errs = append(errs, writeKey(dir, k, []byte(m[k]), out))
	}
	return errors.Join(errs...)
}

// writeKey writes what stands under a name. A name that MLflow has no file for, or
// that would be a file and a folder, is noted.
func writeKey(dir, key string, text []byte, out *Exported) error {
	if checkKey("name", key) != nil || !fs.ValidPath(key) {
		out.note("%q is left out: MLflow takes it for no name", key)
		return nil
	}
	if checkPath(key) != nil {
		out.note("%.60q… is left out: it is too long for a file's name", key)
		return nil
	}
	path := filepath.Join(dir, filepath.FromSlash(key))
	if isFolder(path) {
		out.note("%q is left out: others are below it", key)
		return nil
	}
	err := writeAt(path, text)
	if errors.Is(err, syscall.ENOTDIR) {
		out.note("%q is left out: what it is below is a file in such a folder", key)
		return nil
	}
	return err
}

// copyAll copies files out of the store; those that it does not have are noted.
func (x *exporter) copyAll(files map[string]Artifact, dir, whose string) error {
	for _, p := range slices.Sorted(maps.Keys(files)) {
		if !fs.ValidPath(p) || checkPath(p) != nil {
			x.out.note("%s: %.100q is left out: it is no path of a file below the run", whose, p)
			continue
		}
		err := x.copy(files[p].Digest, filepath.Join(dir, filepath.FromSlash(p)))
		var gone *store.MissingError
		switch {
		case errors.As(err, &gone):
			x.out.note("%s: %s is left out: its bytes are not in the store any more", whose, p)
		case err != nil:
			return fmt.Errorf("%s: %w", p, err)
		}
	}
	return nil
}

func (x *exporter) copy(dig store.Digest, path string) error {
	in, err := x.d.Open(dig)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, in)
	return errors.Join(err, f.Close())
}

func (x *exporter) models() error {
	reg := registry.Open(x.d, nil)
	names, err := reg.Names()
	if err != nil {
		return err
	}
	for _, name := range names {
		m, err := reg.Model(name)
		if err != nil {
			x.out.note("model %s is left out: %v", name, err)
			continue
		}
		dir := filepath.Join(x.dir, modelsTop, name)
		first, last := m.Journal[0].Time.UnixMilli(), m.Journal[len(m.Journal)-1].Time.UnixMilli()
		if err := writeMeta(dir, map[string]any{"name": name, "creation_timestamp": first, "last_updated_timestamp": last, "description": ""}); err != nil {
			return err
		}
		for n := 1; n <= m.Versions(); n++ {
			if err := x.version(reg, m, n, dir); err != nil {
				return fmt.Errorf("model %s@%d: %w", name, n, err)
			}
		}
		for alias, n := range m.Aliases {
			if err := writeAt(filepath.Join(dir, "aliases", alias), []byte(strconv.Itoa(n))); err != nil {
				return err
			}
		}
	}
	return nil
}

func (x *exporter) version(reg *registry.Registry, m *registry.Model, n int, dir string) error {
	dir = filepath.Join(dir, "version-"+strconv.Itoa(n))
	if exists(filepath.Join(dir, metaFile)) {
		return nil
	}
	v, err := reg.Version(m, n)
	if err != nil {
		return err
	}
	files := map[string]Artifact{}
	for _, f := range v.Files {
		if f.Link == "" {
			files[f.Path] = Artifact{f.Digest, f.Size}
		}
	}
	if err := os.RemoveAll(filepath.Join(dir, "files")); err != nil { // of an export that was killed
		return err
	}
	if err := x.copyAll(files, filepath.Join(dir, "files"), m.Name+"@"+strconv.Itoa(n)); err != nil {
		return err
	}
	source := fileURI(filepath.Join(dir, "files"))
	x.out.Versions++
	return writeMeta(dir, map[string]any{
		"name": m.Name, "version": n, "creation_timestamp": v.Time.UnixMilli(), "last_updated_timestamp": v.Time.UnixMilli(), "current_stage": "None",
		"description": v.Digest.String(), "run_id": plain(v.Run), "run_link": "", "source": source, "storage_location": source, "status": "READY", "status_message": "", "user_id": v.Actor,
	})
}
