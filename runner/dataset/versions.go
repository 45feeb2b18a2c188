package dataset

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// Versions are the versions kept in one store. It is safe for concurrent use, by
// goroutines and by processes: of two that add one version the later stays.
type Versions struct{ d *store.Dir }

// In returns the versions of a store.
func In(d *store.Dir) *Versions { return &Versions{d} }

const folder = "datasets"

func place(name, kind, file string) string {
	return path.Join(folder, record.JobFolder(name), kind, file+".json")
}

func versionFile(name string, d store.Digest) string { return place(name, "versions", d.Hex()) }

// readingFile names a pipeline by the digest of its name, which is free text.
func readingFile(name, pipeline string) string {
	return place(name, "read", store.Sum([]byte(pipeline)).Hex()[:16])
}

func (s *Versions) path(rel string) string {
	return filepath.Join(s.d.Root(), filepath.FromSlash(rel))
}

// Has reports whether a version is known.
func (s *Versions) Has(name string, d store.Digest) bool {
	_, err := os.Stat(s.path(versionFile(name, d)))
	return err == nil
}

// Add writes a version; one that is known already is replaced. The blobs of one
// that is Kept must be in the store before. It is on the disk when Add returns.
func (s *Versions) Add(v Version) error {
	data, err := record.Canonical(v)
	if err != nil {
		return fmt.Errorf("version of %s: %w", v.Dataset, err)
	}
	return s.d.KeepFile(versionFile(v.Dataset, v.Digest), data)
}

// Read notes what the newest run of a pipeline read.
func (s *Versions) Read(name string, r Reading) error {
	r.Format = Format
	data, err := record.Canonical(r)
	if err != nil {
		return fmt.Errorf("reading of %s: %w", name, err)
	}
	return s.d.WriteFile(readingFile(name, r.Pipeline), data)
}

// Last returns what the newest run of a pipeline read of a dataset. ok is false
// if none has, or if the note is damaged: then nobody knows.
func (s *Versions) Last(name, pipeline string) (r Reading, ok bool) {
	ok = s.decode(readingFile(name, pipeline), &r) == nil && r.Pipeline == pipeline && !r.Version.IsZero()
	return r, ok
}

// Readings returns what the newest run of each pipeline read, in no order.
func (s *Versions) Readings(name string) (out []Reading) {
	for _, file := range s.list(path.Dir(place(name, "read", "x"))) {
		var r Reading
		if s.decode(file, &r) == nil {
			out = append(out, r)
		}
	}
	return out
}

// Names returns the names of the datasets that have versions, sorted.
func (s *Versions) Names() ([]string, error) {
	es, err := os.ReadDir(s.path(folder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var out []string
	for _, e := range es {
		if name, ok := record.JobID(e.Name()); ok && e.IsDir() {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, err
}

// Count returns how many versions of a dataset are known, without reading them.
func (s *Versions) Count(name string) int {
	return len(s.list(path.Dir(versionFile(name, store.Digest{}))))
}

// Load reads one version. It fails with [store.ErrNotFound], or with a
// *[DamagedError] if the file is not what was written.
func (s *Versions) Load(name string, d store.Digest) (*Version, error) {
	return s.load(versionFile(name, d), name, d.Hex())
}

func (s *Versions) load(file, name, hex string) (*Version, error) {
	var v Version
	err := s.decode(file, &v)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("version %.12s of %s: %w", hex, name, store.ErrNotFound)
	case err != nil:
	case v.Format > Format:
		err = fmt.Errorf("it is of format %d, which a newer version of mlops wrote", v.Format)
	case v.Dataset != name || v.Digest.Hex() != hex:
		err = fmt.Errorf("it is of version %s of %q", v.Digest.Short(), v.Dataset)
	default:
		err = store.CheckEntries(v.Entries())
	}
	if err != nil {
		return nil, &DamagedError{file, err}
	}
	return &v, nil
}

// All returns the versions of a dataset, the newest first, with damaged ones
// left out and named in the error.
func (s *Versions) All(name string) ([]*Version, error) {
	var out []*Version
	var errs []error
	for _, file := range s.list(path.Dir(versionFile(name, store.Digest{}))) {
		v, err := s.load(file, name, strings.TrimSuffix(path.Base(file), ".json"))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b *Version) int {
		if c := b.First.Time.Compare(a.First.Time); c != 0 {
			return c
		}
		return strings.Compare(b.Digest.Hex(), a.Digest.Hex())
	})
	return out, errors.Join(errs...)
}

// Describe keeps a profile of a version: JSON of which only "rows" is read here.
func (s *Versions) Describe(name string, d store.Digest, profile []byte) error {
	return s.d.WriteFile(place(name, "profiles", d.Hex()), profile)
}

// Rows returns how many rows a version has, if a profile of it is known.
func (s *Versions) Rows(name string, d store.Digest) (rows int64, ok bool) {
	var p struct {
		Rows *int64 `json:"rows"`
	}
	if s.decode(place(name, "profiles", d.Hex()), &p) != nil || p.Rows == nil {
		return 0, false
	}
	return *p.Rows, true
}

// list returns the JSON files in a folder of the store, relative to it.
func (s *Versions) list(dir string) (files []string) {
	es, _ := os.ReadDir(s.path(dir)) // none there is an empty list
	for _, e := range es {
		if e.Type().IsRegular() && strings.HasSuffix(e.Name(), ".json") {
			files = append(files, path.Join(dir, e.Name()))
		}
	}
	return files
}

// maxFile bounds what is read of one file: a version of ten million files.
const maxFile = 2 << 30

func (s *Versions) decode(rel string, v any) error {
	st, err := os.Stat(s.path(rel))
	if err != nil {
		return err
	}
	if st.Size() > maxFile {
		return fmt.Errorf("it has %d bytes", st.Size())
	}
	data, err := os.ReadFile(s.path(rel))
	if err != nil {
		return err
	}
	return json.Unmarshal(data, v)
}

// A DamagedError reports a file that is not what was written.
type DamagedError struct {
	File string // relative to the store
	Err  error
}

func (e *DamagedError) Error() string { return "damaged file " + e.File + ": " + e.Err.Error() }
func (e *DamagedError) Unwrap() error { return e.Err }

// Pick finds the version that ref means among all of a dataset, newest first:
// latest; a number, 1 for the oldest; or the beginning of a digest, of at least
// four digits, with or without "sha256:". It fails with an *[UnknownError].
func Pick(all []*Version, ref string) (*Version, error) {
	if ref == "latest" && len(all) > 0 {
		return all[0], nil
	}
	if n, err := strconv.Atoi(ref); err == nil && n >= 1 && n <= len(all) {
		return all[len(all)-n], nil
	}
	var found []*Version
	if hex := strings.TrimPrefix(strings.ToLower(ref), "sha256:"); len(hex) >= 4 {
		for _, v := range all {
			if strings.HasPrefix(v.Digest.Hex(), hex) {
				found = append(found, v)
			}
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	return nil, &UnknownError{ref, len(found)}
}

// An UnknownError reports a reference that means no version, or several.
type UnknownError struct {
	Ref  string
	Many int // how many it might mean
}

func (e *UnknownError) Error() string {
	if e.Many > 1 {
		return fmt.Sprintf("%d versions begin with %s", e.Many, e.Ref)
	}
	return "there is no version " + strconv.Quote(e.Ref)
}
