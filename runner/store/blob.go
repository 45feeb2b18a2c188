package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// casDir is where blobs lie, below the store's folder.
const casDir = "cas/sha256"

// Path returns where the blob lies or would lie. Nothing is checked: use Open,
// or Check before handing the path out.
func (d *Dir) Path(dig Digest) string { return filepath.Join(d.root, sharded(casDir, dig)) }

// Has reports whether the blob is there and sound; see Check.
func (d *Dir) Has(dig Digest) bool { return d.Check(dig) == nil }

// Size returns the blob's length in bytes; see Check for its errors.
func (d *Dir) Size(dig Digest) (int64, error) {
	st, err := d.check(dig)
	return st.Size, err
}

// Check makes sure that the blob is there and has the content of its name. It
// costs one stat; a blob without its mark is read. It fails with a
// *MissingError; a damaged blob is moved to bad/ before.
func (d *Dir) Check(dig Digest) error {
	_, err := d.check(dig)
	return err
}

func (d *Dir) check(dig Digest) (fileInfo, error) {
	cas, err := openFolder(d.path(casDir))
	if err != nil {
		return fileInfo{}, fmt.Errorf("blob %s: %w", dig.Short(), err)
	}
	defer cas.close()
	return d.checkIn(cas, dig, sharded("", dig)[1:])
}

// checkIn is check for callers that hold the open blob folder; rel is ab/<hex>.
func (d *Dir) checkIn(cas folder, dig Digest, rel string) (fileInfo, error) {
	d.counter.Stats.Add(1)
	st, err := cas.stat(rel) // two names, but both are ours
	if errors.Is(err, fs.ErrNotExist) {
		return st, d.missing(dig)
	}
	if err != nil {
		return st, fmt.Errorf("blob %s: %w", dig.Short(), err)
	}
	if st.Mode.IsRegular() && Stamped(dig, st.Mtime) {
		return st, nil
	}
	if err := d.recheck(dig, st); err != nil {
		return st, err
	}
	return cas.stat(rel)
}

// Reread makes sure of what Check takes on trust: it reads the blob, whatever its
// mark says, and fails with a *MissingError if it is not there or has another
// content; a damaged blob is moved to bad/ before.
func (d *Dir) Reread(ctx context.Context, dig Digest) error {
	cas, err := openFolder(d.path(casDir))
	if err != nil {
		return fmt.Errorf("blob %s: %w", dig.Short(), err)
	}
	defer cas.close()
	st, err := cas.stat(sharded("", dig)[1:])
	if errors.Is(err, fs.ErrNotExist) {
		return d.missing(dig)
	}
	if err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("blob %s: %w", dig.Short(), err)
	}
	return d.recheck(dig, st)
}

// missing explains why a blob is not there.
func (d *Dir) missing(dig Digest) error {
	if _, err := os.Lstat(d.path("bad", dig.Hex())); err == nil {
		return &MissingError{dig, "its file was changed in place and is kept as bad/" + dig.Hex()}
	}
	return &MissingError{Digest: dig}
}

// recheck hashes a blob whose mark is gone. It gets the mark back or moves to bad/.
func (d *Dir) recheck(dig Digest, st fileInfo) error {
	path := d.Path(dig)
	if !st.Mode.IsRegular() {
		return d.quarantine(dig, "its place holds no regular file")
	}
	got, err := d.hashFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return d.missing(dig)
	}
	if err != nil {
		return fmt.Errorf("check blob %s: %w", dig.Short(), err)
	}
	if got != dig {
		return d.quarantine(dig, fmt.Sprintf("its file was changed in place (it now holds %s)", got.Short()))
	}
	if d.readOnly {
		return nil
	}
	if err := os.Chmod(path, 0o444); err != nil {
		return fmt.Errorf("check blob %s: %w", dig.Short(), err)
	}
	when := dig.stamp(time.Unix(st.seconds(), 0))
	if err := os.Chtimes(path, when, when); err != nil {
		return fmt.Errorf("check blob %s: %w", dig.Short(), err)
	}
	return nil
}

func (d *Dir) quarantine(dig Digest, reason string) error {
	if d.readOnly {
		return &MissingError{dig, reason}
	}
	err := d.disk.Rename(d.Path(dig), d.path("bad", dig.Hex()))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("quarantine blob %s: %w", dig.Short(), err)
	}
	return &MissingError{dig, reason + " and is kept as bad/" + dig.Hex()}
}

func (d *Dir) hashFile(path string) (Digest, error) {
	f, err := os.Open(path)
	if err != nil {
		return Digest{}, err
	}
	defer f.Close()
	dig, _, err := d.copyHash(context.Background(), io.Discard, f)
	return dig, err
}

// Open opens the blob for reading, after Check.
func (d *Dir) Open(dig Digest) (*os.File, error) {
	if err := d.Check(dig); err != nil {
		return nil, err
	}
	f, err := os.Open(d.Path(dig))
	if err != nil {
		return nil, fmt.Errorf("blob %s: %w", dig.Short(), err)
	}
	return f, nil
}

// ReadBlob returns the content of a blob that fits into memory, such as a tree
// or a log. It is hashed while it is read, so what it returns is right.
func (d *Dir) ReadBlob(dig Digest) ([]byte, error) {
	f, err := d.Open(dig)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var buf bytes.Buffer
	got, _, err := d.copyHash(context.Background(), &buf, f)
	if err != nil {
		return nil, fmt.Errorf("blob %s: %w", dig.Short(), err)
	}
	if got != dig {
		return nil, d.quarantine(dig, fmt.Sprintf("its file was changed in place (it now holds %s)", got.Short()))
	}
	return buf.Bytes(), nil
}

// hashBuffer is large enough that a system call costs little next to hashing it.
const hashBuffer = 256 << 10

// copyHash copies src to dst and returns the digest and length of what passed.
func (d *Dir) copyHash(ctx context.Context, dst io.Writer, src io.Reader) (dig Digest, n int64, err error) {
	h := d.hasher()
	defer d.hashers.Put(h)
	for {
		if ctx.Err() != nil {
			return dig, n, context.Cause(ctx)
		}
		k, err := src.Read(h.buf)
		h.sum.Write(h.buf[:k])
		n += int64(k)
		if _, werr := dst.Write(h.buf[:k]); werr != nil {
			return dig, n, werr
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return dig, n, err
		}
	}
	d.counter.BytesHashed.Add(n)
	d.counter.FilesHashed.Add(1)
	h.sum.Sum(dig[:0])
	return dig, n, nil
}

// A hasher is what one file's hashing needs; stores keep them for the next file.
type hasher struct {
	sum hash.Hash
	buf []byte
}

func (d *Dir) hasher() *hasher {
	h, ok := d.hashers.Get().(*hasher)
	if !ok {
		h = &hasher{sha256.New(), make([]byte, hashBuffer)}
	}
	h.sum.Reset()
	return h
}
