package registry

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// A Registry is the models of a store. It is safe for concurrent use, by
// goroutines and by processes.
type Registry struct {
	d   *store.Dir
	now func() time.Time
}

// Open returns the models of a store. now is the clock; nil means time.Now.
func Open(d *store.Dir, now func() time.Time) *Registry {
	if now == nil {
		now = time.Now
	}
	return &Registry{d, now}
}

const top = "models"

func folder(model string) string { return path.Join(top, record.JobFolder(model)) }

// Names of files in the folder of a model.
const (
	journalName = "journal.jsonl"
	headName    = "head"
)

func journalFile(model string) string { return folder(model) + "/" + journalName }

func headFile(model string) string { return folder(model) + "/" + headName }

func versionFile(model string, n int) string {
	return folder(model) + "/versions/" + strconv.Itoa(n) + ".json"
}

func refName(model string, n int) string { return folder(model) + "/" + strconv.Itoa(n) }

func (r *Registry) path(rel string) string {
	return filepath.Join(r.d.Root(), filepath.FromSlash(rel))
}

func (r *Registry) read(rel string) ([]byte, error) { return os.ReadFile(r.path(rel)) }

func (r *Registry) has(rel string) bool {
	_, err := os.Stat(r.path(rel))
	return err == nil
}

// Names returns the names of all models, sorted, also of those that are damaged.
func (r *Registry) Names() ([]string, error) {
	es, err := os.ReadDir(r.path(top))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("list models: %w", err)
	}
	var names []string
	for _, e := range es {
		if name, ok := record.JobID(e.Name()); ok && (r.has(journalFile(name)) || r.has(headFile(name))) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// State is the digest of what the journals of all models below a store's root come to:
// who has found out what there is to do for them has to look again once it is
// another one. It reads no journal, and trusts that each is as its head says.
func State(root string) (store.Digest, error) {
	dir := filepath.Join(root, top)
	models, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return store.Digest{}, fmt.Errorf("list models: %w", err)
	}
	var all []byte
	for _, m := range models {
		head, err := os.ReadFile(filepath.Join(dir, m.Name(), headName))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return store.Digest{}, fmt.Errorf("model %s: %w", m.Name(), err)
		}
		size := int64(-1)
		if info, err := os.Stat(filepath.Join(dir, m.Name(), journalName)); err == nil {
			size = info.Size()
		}
		all = fmt.Appendf(all, "%q %q %d\n", m.Name(), head, size)
	}
	return store.Sum(all), nil
}

var namePattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`) })

// CheckModel fails with a *NameError for what cannot be the name of a model.
func CheckModel(name string) error {
	if !namePattern().MatchString(name) {
		return &NameError{"model", name, "up to 100 letters, digits and . _ -, a letter or digit first"}
	}
	return nil
}

// CheckAlias fails with a *NameError for what cannot be an alias: a number is a
// version's.
func CheckAlias(name string) error {
	if !namePattern().MatchString(name) {
		return &NameError{"alias", name, "up to 100 letters, digits and . _ -, a letter or digit first"}
	}
	if strings.Trim(name, "0123456789") == "" {
		return &NameError{"alias", name, "a number names a version"}
	}
	return nil
}

// lock takes a model's lock for a writer, and makes its folder if it is missing.
func (r *Registry) lock(ctx context.Context, model string) (release func(), err error) {
	if err := CheckModel(model); err != nil {
		return nil, err
	}
	dir := r.path(folder(model))
	if _, err := os.Stat(filepath.Join(dir, "versions")); errors.Is(err, os.ErrNotExist) {
		if err := r.d.Disk().Mkdir(filepath.Join(dir, "versions")); err != nil {
			return nil, fmt.Errorf("model %s: %w", model, err)
		}
	}
	release, err = store.Lock(ctx, filepath.Join(dir, "lock"))
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", model, err)
	}
	return release, nil
}
