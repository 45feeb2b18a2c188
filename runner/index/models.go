package index

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/mlops-runner/mlops/runner/dataset"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/store"
)

var (
	datasetTable = table{"datasets", []string{"store", "name", "digest", "path", "files", "size", "run_id", "seen"}}
	versionTable = table{"model_versions", []string{"store", "name", "version", "digest", "run_id", "actor", "created"}}
	aliasTable   = table{"aliases", []string{"store", "name", "alias", "version"}}
)

func cutPrefix(s, prefix string) (string, bool) { return strings.CutPrefix(s, prefix) }

func (x *Index) files() (*store.Dir, error) {
	return store.OpenWith(x.root, store.Options{ReadOnly: true})
}

// lookModels finds the models whose journals changed.
func (x *Index) lookModels(c *change, known map[string]string) error {
	d, err := x.files()
	if err != nil {
		return err
	}
	names, err := registry.Open(d, nil).Names()
	if err != nil {
		return err
	}
	for _, name := range names {
		path := filepath.Join(x.root, "models", record.JobFolder(name), "journal.jsonl")
		if x.lookFolder(c, known, "models/"+name, path) {
			c.models = append(c.models, name)
		}
	}
	return nil
}

// lookData finds the datasets that have other versions than before.
func (x *Index) lookData(c *change, known map[string]string) error {
	d, err := x.files()
	if err != nil {
		return err
	}
	names, err := dataset.In(d).Names()
	if err != nil {
		return err
	}
	for _, name := range names {
		path := filepath.Join(x.root, "datasets", record.JobFolder(name), "versions")
		if x.lookFolder(c, known, "datasets/"+name, path) {
			c.data = append(c.data, name)
		}
	}
	return nil
}

// lookFolder reports whether a folder or file changed, and takes it out of known.
func (x *Index) lookFolder(c *change, known map[string]string, name, path string) bool {
	now, err := x.stamp(path)
	if err != nil {
		now = "none" // a model without its journal
		if !errors.Is(err, fs.ErrNotExist) && !os.IsPermission(err) {
			now = ""
		}
	}
	was, listed := known[name]
	delete(known, name)
	if listed && was == now && now != "" {
		return false
	}
	if !listed || was != now {
		c.stamps[name] = now
	}
	return true
}

// writeModel replaces what the index has of a model. One that is damaged has
// nothing to say: "mlops model verify" tells why.
func (x *Index) writeModel(w *writer, name string) error {
	if err := w.forgetModel(x.store, name); err != nil {
		return err
	}
	d, err := x.files()
	if err != nil {
		return err
	}
	reg := registry.Open(d, nil)
	m, err := reg.Model(name)
	if err != nil {
		return nil
	}
	var versions, aliases [][]any
	for _, e := range m.Journal {
		if e.Action != registry.Registered {
			continue
		}
		run := e.Run
		if v, err := reg.Version(m, e.Version); err == nil && v.Run != "" {
			run = v.Run
		}
		versions = append(versions, []any{x.store, name, int64(e.Version), e.Digest.String(), clean(run), clean(e.Actor), e.Time.UnixMicro()})
	}
	for alias, n := range m.Aliases {
		aliases = append(aliases, []any{x.store, name, alias, int64(n)})
	}
	if err := w.insert(versionTable, versions); err != nil {
		return err
	}
	return w.insert(aliasTable, aliases)
}

func (w *writer) forgetModel(store, name string) error {
	if err := w.exec("DELETE FROM model_versions WHERE store = ? AND name = ?", store, name); err != nil {
		return err
	}
	return w.exec("DELETE FROM aliases WHERE store = ? AND name = ?", store, name)
}

// writeDataset replaces what the index has of a dataset; damaged versions are left out.
func (x *Index) writeDataset(w *writer, name string) error {
	d, err := x.files()
	if err != nil {
		return err
	}
	if err := w.exec("DELETE FROM datasets WHERE store = ? AND name = ?", x.store, name); err != nil {
		return err
	}
	all, _ := dataset.In(d).All(name)
	var out [][]any
	for _, v := range all {
		out = append(out, []any{x.store, clean(name), v.Digest.String(), clean(v.Path), int64(len(v.Files)), v.Size, clean(v.First.Run), v.First.Time.UnixMicro()})
	}
	return w.insert(datasetTable, out)
}

// forgetFolder removes what the index has of a folder that is no more.
func (x *Index) forgetFolder(w *writer, folder string) error {
	if name, ok := cutPrefix(folder, "models/"); ok {
		if err := w.forgetModel(x.store, name); err != nil {
			return err
		}
	}
	if name, ok := cutPrefix(folder, "datasets/"); ok {
		if err := w.exec("DELETE FROM datasets WHERE store = ? AND name = ?", x.store, name); err != nil {
			return err
		}
	}
	return w.exec("DELETE FROM folders WHERE store = ? AND name = ?", x.store, folder)
}
