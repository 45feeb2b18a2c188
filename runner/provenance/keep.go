package provenance

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/store"
)

// Names of files below an attest folder.
const (
	folder        = "attest"
	suffix        = ".json"
	jobSuffix     = ".provenance" + suffix
	gateSuffix    = ".test-result" + suffix
	summarySuffix = ".summary" + suffix
)

// A File is a kept bundle, or what came of reading it.
type File struct {
	Path   string // relative to the store, slash-separated
	Bundle *Bundle
	Digest store.Digest // of the text
	Err    error        // it is there and is no bundle
}

// JobFile is where the provenance of a job is kept.
func JobFile(d *store.Dir, run *record.Run, job string) (string, error) {
	return runFile(d, run, "job-"+record.JobFolder(job)+jobSuffix)
}

// GateFile is where the result of the nth gate is kept, from 0.
func GateFile(d *store.Dir, run *record.Run, n int) (string, error) {
	return runFile(d, run, fmt.Sprintf("gate-%d%s", n+1, gateSuffix))
}

func runFile(d *store.Dir, run *record.Run, name string) (string, error) {
	rel, err := filepath.Rel(d.Root(), run.Dir)
	if err != nil || !filepath.IsLocal(rel) {
		return "", fmt.Errorf("record %s is not in the store %s", run.Dir, d.Root())
	}
	return path.Join(filepath.ToSlash(rel), folder, name), nil
}

// SummaryFile is where the summary of a line of a model's journal is kept.
func SummaryFile(model string, line int) string {
	return path.Join(ModelFolder(model), fmt.Sprintf("%d%s", line, summarySuffix))
}

// Keep writes a bundle into the store, at the place relative to it, over the one that
// was there.
func Keep(d *store.Dir, rel string, b *Bundle) error {
	text, err := b.Text()
	if err != nil {
		return err
	}
	return d.KeepFile(rel, text)
}

// Read reads a bundle; nil if there is none. What is there and is no bundle is a
// [File] with an Err; the error is of reading.
func Read(d *store.Dir, rel string) (*File, error) {
	f, err := os.Open(filepath.Join(d.Root(), filepath.FromSlash(rel)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() || st.Size() > maxBundle {
		return &File{Path: rel, Err: errors.New("not a regular file below 16 MiB")}, nil
	}
	text, err := io.ReadAll(io.LimitReader(f, maxBundle))
	if err != nil {
		return nil, err
	}
	return ParseFile(rel, text), nil
}

// Resource names the file in a summary.
func (f *File) Resource() Resource { return Resource{URI: "mlops:" + f.Path, Digest: sha(f.Digest)} }

// Of returns all bundles that are kept of a version, for who hands it on: the
// summaries of its promotions, the provenance of the job that made it and the
// results of its run's gates.
func Of(d *store.Dir, m *registry.Model, v *registry.Version) (out []*File, err error) {
	var paths []string
	for _, e := range m.Journal {
		if e.Version == v.Version {
			paths = append(paths, SummaryFile(m.Name, e.Seq))
		}
	}
	if v.Run != "" {
		run, err := record.Load(d.Root(), v.Run)
		if err != nil && !errors.Is(err, record.ErrNotFound) {
			return nil, err
		}
		if err == nil {
			more, err := ofRun(d, run, v.Job)
			if err != nil {
				return nil, err
			}
			paths = append(paths, more...)
		}
	}
	for _, rel := range paths {
		f, err := Read(d, rel)
		if err != nil {
			return nil, err
		}
		if f != nil {
			out = append(out, f)
		}
	}
	return out, nil
}

// ofRun are the places of a run's bundles about a job and the gates.
func ofRun(d *store.Dir, run *record.Run, job string) (paths []string, err error) {
	p, err := JobFile(d, run, job)
	if err != nil {
		return nil, err
	}
	paths = append(paths, p)
	for n := range run.Gates {
		if p, err = GateFile(d, run, n); err != nil {
			return nil, err
		}
		paths = append(paths, p)
	}
	return paths, nil
}

// Strays lists the files of the attest folder of a run or a model that are not
// among those named.
func Strays(d *store.Dir, rel string, named []string) (out []string, err error) {
	dir := path.Dir(rel)
	es, err := os.ReadDir(filepath.Join(d.Root(), filepath.FromSlash(dir)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range es {
		if p := path.Join(dir, e.Name()); !slices.Contains(named, p) {
			out = append(out, p)
		}
	}
	return out, nil
}

// About says what a file of the store is a bundle about, by its name: a run, by its
// id, or a model. ok is false for what is no place of a bundle.
func About(rel string) (run, model string, ok bool) {
	dir, name := path.Split(rel)
	owner, isAttest := strings.CutSuffix(dir, "/"+folder+"/")
	if !isAttest {
		return "", "", false
	}
	if top, of := path.Split(owner); top == "models/" {
		model, known := record.JobID(of)
		line, summary := strings.CutSuffix(name, summarySuffix)
		n, err := strconv.Atoi(line)
		return "", model, known && summary && err == nil && rel == SummaryFile(model, n)
	}
	run = path.Base(owner)
	at, err := record.Folder(run)
	kind := strings.HasPrefix(name, "job-") && strings.HasSuffix(name, jobSuffix) || strings.HasPrefix(name, "gate-") && strings.HasSuffix(name, gateSuffix)
	return run, "", err == nil && at == owner && kind
}

// RunFolder is where the bundles about a run are kept.
func RunFolder(id string) (string, error) {
	at, err := record.Folder(id)
	return path.Join(at, folder), err
}

// ModelFolder is where the bundles about a model are kept.
func ModelFolder(model string) string {
	return path.Join("models", record.JobFolder(model), folder)
}

// List reads all bundles of a folder.
func List(d *store.Dir, dir string) (out []*File, err error) {
	es, err := os.ReadDir(filepath.Join(d.Root(), filepath.FromSlash(dir)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, e := range es {
		rel := path.Join(dir, e.Name())
		if _, _, ok := About(rel); !ok {
			continue
		}
		f, err := Read(d, rel)
		if err != nil {
			return nil, err
		}
		if f != nil {
			out = append(out, f)
		}
	}
	return out, nil
}

// ParseFile reads the text of a bundle that is to be kept at a place.
func ParseFile(rel string, text []byte) *File {
	f := &File{Path: rel, Digest: store.Sum(text)}
	f.Bundle, f.Err = ParseBundle(text)
	return f
}

// IsSummary reports whether a file of the store is a summary, by its name.
func IsSummary(rel string) bool { return strings.HasSuffix(rel, summarySuffix) }
