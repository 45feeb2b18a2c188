package remote

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner/bulk"
	"github.com/mlops-runner/mlops/runner/store"
)

// A Folder is a Store in a folder of this machine or of a network share.
//
//	<name>           an object
//	.tmp/            what is being written; what is a day old is removed
//	.lock            held while an object is replaced (flock)
type Folder struct{ root string }

var (
	_ Store   = (*Folder)(nil)
	_ Sweeper = (*Folder)(nil)
)

// OpenFolder opens the store in a folder, which is made when something is put there.
func OpenFolder(root string) *Folder { return &Folder{root} }

const (
	foldersTemp = ".tmp"
	foldersLock = ".lock"
)

// Address is the folder's path.
func (f *Folder) Address() string { return f.root }

func (f *Folder) path(name string) string { return filepath.Join(f.root, filepath.FromSlash(name)) }

func (f *Folder) fail(op, name string, err error) error {
	switch {
	case err == nil || errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, fs.ErrNotExist):
		err = fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	e := &Error{Op: op, Address: f.root, Name: name, Err: err}
	if errors.Is(err, fs.ErrPermission) {
		e.Cure = "make the folder writable for you, or name another store"
	}
	return e
}

// Put writes the object beside the others and links it to its name.
func (f *Folder) Put(ctx context.Context, name string, body io.ReaderAt, size int64, told func(int64)) (added bool, err error) {
	defer func() { err = f.fail("write", name, err) }()
	if err := checkName(name); err != nil {
		return false, err
	}
	if _, err := os.Lstat(f.path(name)); err == nil {
		return false, nil
	}
	temp, err := f.write(ctx, body, size, told)
	if err != nil {
		return false, err
	}
	defer os.Remove(temp)
	err = f.within(name, func(to string) error { return os.Link(temp, to) })
	switch {
	case errors.Is(err, fs.ErrExist):
		return false, nil
	case err == nil:
		return true, nil
	case errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrPermission): // no hard links here
		err = f.within(name, func(to string) error { return os.Rename(temp, to) })
	}
	return err == nil, err
}

// within lets work make a file of a name, making its folder if that is missing.
func (f *Folder) within(name string, work func(to string) error) error {
	to := f.path(name)
	err := work(to)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return err
	}
	return work(to)
}

// write makes a temporary file that is on the disk.
func (f *Folder) write(ctx context.Context, body io.ReaderAt, size int64, told func(int64)) (temp string, err error) {
	name := foldersTemp + "/" + fmt.Sprintf("%016x", rand.Uint64())
	var out *os.File
	err = f.within(name, func(to string) error {
		out, err = os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o444)
		return err
	})
	if err != nil {
		return "", err
	}
	err = fill(ctx, out, body, size, told)
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		os.Remove(out.Name())
		return "", err
	}
	return out.Name(), nil
}

// fill copies what is to be put, in pieces, so that it can be cancelled and followed.
func fill(ctx context.Context, to *os.File, body io.ReaderAt, size int64, told func(int64)) error {
	if from, ok := body.(*os.File); ok {
		return bulk.Copy(ctx, to, from, size, told)
	}
	from := io.NewSectionReader(body, 0, size)
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n, err := io.CopyN(to, from, 8<<20)
		if told != nil && n > 0 {
			told(n)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// A section is a part of an open file.
type section struct {
	io.Reader
	file *os.File
}

var _ Local = section{}

func (s section) Close() error   { return s.file.Close() }
func (s section) File() *os.File { return s.file }

// Get opens the file.
func (f *Folder) Get(_ context.Context, name string, from, n int64) (io.ReadCloser, error) {
	if err := checkName(name); err != nil {
		return nil, f.fail("read", name, err)
	}
	in, err := os.Open(f.path(name))
	if err != nil {
		return nil, f.fail("read", name, err)
	}
	if n < 0 {
		n = 1<<62 - from
	}
	return section{io.NewSectionReader(in, from, n), in}, nil
}

// Stat looks at the file.
func (f *Folder) Stat(_ context.Context, name string) (Info, error) {
	if err := checkName(name); err != nil {
		return Info{}, f.fail("read", name, err)
	}
	st, err := os.Stat(f.path(name))
	if err == nil && !st.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		return Info{}, f.fail("read", name, err)
	}
	return Info{name, st.Size(), st.ModTime()}, nil
}

// List walks the folder that all names share.
func (f *Folder) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		dir := path.Dir(prefix + "x")
		err := filepath.WalkDir(f.path(dir), func(p string, e fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // it was removed meanwhile, or never was
			}
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(f.root, p)
			if err != nil {
				return err
			}
			name := filepath.ToSlash(rel)
			switch {
			case ctx.Err() != nil:
				return context.Cause(ctx)
			case e.IsDir() && (name == foldersTemp || name != "." && !strings.HasPrefix(name+"/", prefix) && !strings.HasPrefix(prefix, name+"/")):
				return fs.SkipDir
			case !e.Type().IsRegular() || !strings.HasPrefix(name, prefix) || name == foldersLock:
				return nil
			}
			st, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err == nil && !yield(Info{name, st.Size(), st.ModTime()}, nil) {
				return fs.SkipAll
			}
			return err
		})
		if err != nil {
			yield(Info{}, f.fail("list", prefix, err))
		}
	}
}

// Delete removes the file, and what was left in the folder of temporary files.
func (f *Folder) Delete(_ context.Context, name string) error {
	if err := checkName(name); err != nil {
		return f.fail("remove", name, err)
	}
	err := os.Remove(f.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return f.fail("remove", name, err)
}

// Sweep looks into the folder of temporary files, which is this store's alone.
func (f *Folder) Sweep(_ context.Context, _ []string, now time.Time, dry bool) (s Swept, err error) {
	es, err := os.ReadDir(f.path(foldersTemp))
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	for _, e := range es {
		st, infoErr := e.Info()
		switch {
		case infoErr != nil: // its writer has just ended
		case now.Sub(st.ModTime()) <= abandoned:
			s.Young++
		default:
			s.Removed++
			if dry {
				continue
			}
			if gone := os.Remove(filepath.Join(f.path(foldersTemp), e.Name())); !errors.Is(gone, fs.ErrNotExist) { // else its writer has just ended
				err = errors.Join(err, gone)
			}
		}
	}
	return s, f.fail("remove", foldersTemp, err)
}

// Read reads the file.
func (f *Folder) Read(_ context.Context, name string) ([]byte, Tag, error) {
	if err := checkName(name); err != nil {
		return nil, "", f.fail("read", name, err)
	}
	in, err := os.Open(f.path(name))
	if err != nil {
		return nil, "", f.fail("read", name, err)
	}
	defer in.Close()
	data, err := readSmall(in)
	if err != nil {
		return nil, "", f.fail("read", name, err)
	}
	return data, tagOf(data), nil
}

func readSmall(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxSmall+1))
	if err == nil && len(data) > MaxSmall {
		err = fmt.Errorf("it is larger than %d MiB", MaxSmall>>20)
	}
	return data, err
}

func tagOf(data []byte) Tag {
	sum := sha256.Sum256(data)
	return Tag(hex.EncodeToString(sum[:]))
}

// Replace holds the folder's lock meanwhile.
func (f *Folder) Replace(ctx context.Context, name string, data []byte, old Tag) (tag Tag, err error) {
	defer func() { err = f.fail("write", name, err) }()
	if err := checkName(name); err != nil {
		return "", err
	}
	if err := os.MkdirAll(f.root, 0o777); err != nil {
		return "", err
	}
	release, err := store.Lock(ctx, f.path(foldersLock))
	if err != nil {
		return "", err
	}
	defer release()
	now, err := os.ReadFile(f.path(name))
	switch {
	case errors.Is(err, fs.ErrNotExist) && old == "":
	case errors.Is(err, fs.ErrNotExist):
		return "", ErrChanged
	case err != nil:
		return "", err
	case tagOf(now) != old:
		return "", ErrChanged
	}
	temp, err := f.write(ctx, bytes.NewReader(data), int64(len(data)), nil)
	if err != nil {
		return "", err
	}
	defer os.Remove(temp)
	err = f.within(name, func(to string) error { return os.Rename(temp, to) })
	return tagOf(data), err
}
