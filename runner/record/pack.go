package record

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/mlops-runner/mlops/runner/disk"
	"github.com/mlops-runner/mlops/runner/store"
)

// Pack writes a sealed record as one tar: SHA256SUMS, and the files that it names,
// sorted. Equal records have equal bytes, and "tar x && sha256sum -c SHA256SUMS"
// proves them. It fails with [ErrNotSealed], or if a file is not as it was sealed.
func (e Entry) Pack(w io.Writer) error {
	r := reader{dir: e.Dir}
	if err := r.seal(); err != nil {
		return err
	}
	if !r.sealed() {
		return fmt.Errorf("pack run %s: %w", e.ID, ErrNotSealed)
	}
	t := tar.NewWriter(w)
	for _, name := range append([]string{sumsName}, slices.Sorted(maps.Keys(r.sums))...) {
		want := r.sums[name]
		if name == sumsName {
			want = r.run.Digest
		}
		if err := packFile(t, e.Dir, name, want); err != nil {
			return fmt.Errorf("pack run %s: %s: %w", e.ID, name, err)
		}
	}
	return t.Close()
}

func packFile(t *tar.Writer, dir, name string, want store.Digest) error {
	f, err := openRegular(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: st.Size(), Mode: 0o444, ModTime: time.Unix(0, 0), Format: tar.FormatPAX}
	if err := t.WriteHeader(h); err != nil {
		return err
	}
	got, _, err := sumReader(io.TeeReader(f, t))
	if err == nil && got != want {
		err = errors.New("it is not as it was sealed")
	}
	return err
}

// Sealed reports whether the record is finished.
func (e Entry) Sealed() bool {
	_, err := os.Lstat(filepath.Join(e.Dir, sumsName))
	return err == nil
}

// Folder is the folder of a run's record, relative to the root: runs/YYYY/MM/<id>. It
// fails for what is no id of a run.
func Folder(id string) (string, error) {
	u, err := parseID(id)
	if err != nil {
		return "", err
	}
	return filepath.ToSlash(runFolder(u)), nil
}

// Unpack takes in a record that Pack wrote, if there is none with that id: every
// file is held against SHA256SUMS, and the folder appears complete, on the disk, or
// not at all. added is false if there is one already; what it holds is not compared.
func Unpack(d disk.Disk, root, id string, from io.Reader) (added bool, err error) {
	rel, err := Folder(id)
	if err != nil {
		return false, err
	}
	dir := filepath.Join(root, filepath.FromSlash(rel))
	if _, err := os.Lstat(dir); err == nil {
		return false, nil
	}
	temp := filepath.Join(root, "runs", ".new", id+ownerMark+store.Self().FileName())
	if err := d.Mkdir(temp); err != nil {
		return false, fmt.Errorf("take in run %s: %w", id, err)
	}
	err = unpack(d, temp, id, from)
	if err == nil {
		_, err = d.SyncAll(temp, nil)
	}
	if err == nil {
		err = d.Mkdir(filepath.Dir(dir))
	}
	if err == nil {
		err = d.Rename(temp, dir)
	}
	if err == nil {
		return true, d.Sync(filepath.Dir(dir))
	}
	err = errors.Join(err, os.RemoveAll(temp))
	if _, there := os.Lstat(dir); there == nil {
		return false, nil // somebody else was first
	}
	return false, fmt.Errorf("take in run %s: %w", id, err)
}

// maxSums is how many bytes SHA256SUMS of a packed record may have.
const maxSums = 256 << 20

func unpack(d disk.Disk, dir, id string, from io.Reader) error {
	t := tar.NewReader(from)
	var sums map[string]store.Digest
	for n := 0; ; n++ {
		h, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if n == 0 {
			text, err := io.ReadAll(io.LimitReader(t, maxSums))
			if err != nil || h.Name != sumsName {
				return errors.Join(err, fmt.Errorf("it does not begin with %s", sumsName))
			}
			if sums, err = parseSums(text); err != nil {
				return fmt.Errorf("%s: %w", sumsName, err)
			}
			if err := disk.WriteFile(d, filepath.Join(dir, sumsName), text, 0o444); err != nil {
				return err
			}
			continue
		}
		want, ok := sums[h.Name]
		if !ok || h.Typeflag != tar.TypeReg {
			return fmt.Errorf("%q is not in %s", h.Name, sumsName)
		}
		delete(sums, h.Name)
		if err := unpackFile(d, filepath.Join(dir, filepath.FromSlash(h.Name)), want, t); err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
	}
	if len(sums) > 0 || sums == nil {
		return fmt.Errorf("%d files of it are missing", len(sums))
	}
	return ofRun(filepath.Join(dir, runName), id)
}

func unpackFile(d disk.Disk, path string, want store.Digest, from io.Reader) error {
	if err := d.Mkdir(filepath.Dir(path)); err != nil {
		return err
	}
	f, err := d.Create(path, 0o444)
	if err != nil {
		return err
	}
	got, _, err := sumReader(io.TeeReader(from, f))
	if err == nil && got != want {
		err = errors.New("it is not what was sealed")
	}
	return errors.Join(err, f.Close())
}

// ofRun makes sure that a record is of the run whose name it is to get.
func ofRun(path, id string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("it has no %s", runName)
	}
	var run struct{ ID string }
	if err == nil {
		err = json.Unmarshal(text, &run)
	}
	if err == nil && run.ID != id {
		err = fmt.Errorf("it is of run %q", run.ID)
	}
	return err
}
