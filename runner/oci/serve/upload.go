package serve

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"cuelabs.dev/go/oci/ociregistry"

	"github.com/mlops-runner/mlops/runner/bulk"
	"github.com/mlops-runner/mlops/runner/store"
)

const (
	// keepUpload is how long an upload may rest before it is removed.
	keepUpload = 24 * time.Hour
	// chunk is what clients are advised to send at a time, in bytes.
	chunk = 8 << 20
	// idBytes is how many random bytes name an upload.
	idBytes = 16
)

// An upload is a blob on its way: a file, and the hash of what it has. It is used
// by one request at a time.
type upload struct {
	r    *Registry
	repo string
	id   string
	ctx  context.Context // of the request that writes; the interface has no other place for it
	file *os.File
	sum  hash.Hash
	size int64
	from int64 // where the client says that it goes on; -1: wherever the upload is
	busy bool
	done bool
}

// PushBlobChunked begins an upload.
func (r *Registry) PushBlobChunked(ctx context.Context, repo string, _ int) (ociregistry.BlobWriter, error) {
	if err := r.writable(repo); err != nil {
		return nil, err
	}
	_ = r.sweep() // what rests here for too long is tried again with the next upload
	var random [idBytes]byte
	rand.Read(random[:])
	u := &upload{r: r, repo: repo, id: hex.EncodeToString(random[:]), ctx: ctx, sum: sha256.New(), from: -1, busy: true}
	f, err := os.OpenFile(u.path(), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, fmt.Errorf("upload: %w", err)
	}
	u.file = f
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open[u.id] = u
	return u, nil
}

// PushBlobChunkedResume goes on with an upload, also with one that an earlier
// server began.
func (r *Registry) PushBlobChunkedResume(ctx context.Context, repo, id string, offset int64, _ int) (ociregistry.BlobWriter, error) {
	if err := r.writable(repo); err != nil {
		return nil, err
	}
	if random, err := hex.DecodeString(id); err != nil || len(random) != idBytes || hex.EncodeToString(random) != id {
		return nil, ociregistry.ErrBlobUploadUnknown
	}
	u, first, err := r.take(repo, id)
	if err != nil {
		return nil, err
	}
	if err := u.reopen(first); err != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.open, id)
		return nil, err
	}
	u.ctx, u.from = ctx, offset
	return u, nil
}

// take gives an upload to one request; first is whether this server does not know it yet.
func (r *Registry) take(repo, id string) (u *upload, first bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if u = r.open[id]; u == nil {
		u, first = &upload{r: r, repo: repo, id: id, sum: sha256.New()}, true
	}
	if u.repo != repo {
		return nil, false, ociregistry.ErrBlobUploadUnknown
	}
	if u.busy {
		return nil, false, fmt.Errorf("%w: another request writes it", ociregistry.ErrBlobUploadInvalid)
	}
	u.busy = true
	r.open[id] = u
	return u, first, nil
}

// reopen opens the file, and hashes what an earlier server has left in it.
func (u *upload) reopen(hash bool) (err error) {
	u.file, err = os.OpenFile(u.path(), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return ociregistry.ErrBlobUploadUnknown
	}
	if err == nil && hash {
		u.size, err = io.Copy(u.sum, u.file)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("upload: %w", err), u.shut())
	}
	return nil
}

// shut closes the file.
func (u *upload) shut() error {
	if u.file == nil {
		return nil
	}
	err := u.file.Close()
	u.file = nil
	return err
}

// path names the repository too: an upload of one cannot go on in another.
func (u *upload) path() string {
	of := sha256.Sum256([]byte(u.repo))
	return filepath.Join(u.r.uploads, u.id+"-"+hex.EncodeToString(of[:8]))
}

// ID names the upload to its client.
func (u *upload) ID() string { return u.id }

// Size is how many bytes have come.
func (u *upload) Size() int64 { return u.size }

// ChunkSize is how many bytes clients are advised to send at a time.
func (u *upload) ChunkSize() int { return chunk }

// Write adds bytes at the upload's end.
func (u *upload) Write(p []byte) (int, error) {
	n, err := u.ReadFrom(bytes.NewReader(p))
	return int(n), err
}

// ReadFrom adds what r gives at the upload's end.
func (u *upload) ReadFrom(r io.Reader) (int64, error) {
	if u.from >= 0 && u.from != u.size {
		return 0, nothing(r)
	}
	u.from = -1
	n, err := bulk.Receive(u.ctx, u.file, u.size, u.sum, r, nil)
	u.size += n
	if err != nil {
		err = fmt.Errorf("upload: %w", err)
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		err = errors.Join(err, u.drop()) // to make room is better than to go on later
	}
	return n, err
}

// nothing is no error if r gives no byte: a request that ends an upload has none, and
// says nothing of where it goes on.
func nothing(r io.Reader) error {
	_, err := io.ReadFull(r, make([]byte, 1))
	switch err {
	case nil:
		return ociregistry.ErrRangeInvalid
	case io.EOF:
		return nil
	}
	return fmt.Errorf("upload: %w", err)
}

// Close lets another request go on. The file is open only meanwhile: many uploads are
// begun, broken off and never come back.
func (u *upload) Close() error {
	u.r.mu.Lock()
	defer u.r.mu.Unlock()
	u.busy = false
	return u.shut()
}

// Cancel drops the upload, unless it was committed.
func (u *upload) Cancel() error {
	if u.done {
		return nil
	}
	return u.drop()
}

func (u *upload) drop() error {
	u.done = true
	u.r.mu.Lock()
	delete(u.r.open, u.id)
	u.r.mu.Unlock()
	err := os.Remove(u.path())
	if errors.Is(err, fs.ErrNotExist) { // it is a blob now
		err = nil
	}
	return errors.Join(u.shut(), err)
}

// Commit makes a blob of the upload if it is the one that was announced; else
// the upload is gone, as it can never become that.
func (u *upload) Commit(want ociregistry.Digest) (ociregistry.Descriptor, error) {
	var none ociregistry.Descriptor
	dig, err := parseDigest(want)
	if err != nil {
		return none, errors.Join(err, u.drop())
	}
	var got store.Digest
	u.sum.Sum(got[:0])
	if got != dig {
		return none, errors.Join(ociregistry.ErrDigestInvalid, u.drop())
	}
	if err := u.publish(dig); err != nil {
		return none, err
	}
	if err := u.r.show(u.ctx, u.repo, dig); err != nil {
		return none, errors.Join(err, u.drop())
	}
	return ociregistry.Descriptor{MediaType: "application/octet-stream", Digest: want, Size: u.size}, u.drop()
}

// publish moves the file into the store, whose name for it is known.
func (u *upload) publish(dig store.Digest) error {
	b, err := u.r.store.Begin(u.ctx)
	if err != nil {
		return err
	}
	name := filepath.Base(u.path())
	es := []store.Entry{{Path: name, Mode: 0o644, Size: u.size, Digest: dig}}
	if _, err := b.IngestAll(u.ctx, u.r.uploads, es, store.IngestOptions{Move: true, Known: true}); err != nil {
		return errors.Join(err, b.Close())
	}
	return b.Commit(u.ctx)
}

// sweep removes uploads that rest for too long.
func (r *Registry) sweep() error {
	all, err := os.ReadDir(r.uploads)
	if err != nil {
		return err
	}
	for _, e := range all {
		info, err := e.Info()
		if err != nil || time.Since(info.ModTime()) < keepUpload {
			continue
		}
		if err := os.Remove(filepath.Join(r.uploads, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		r.forget(e.Name())
	}
	return nil
}

// forget lets go of an upload whose file is gone.
func (r *Registry) forget(file string) {
	id, _, _ := strings.Cut(file, "-")
	r.mu.Lock()
	defer r.mu.Unlock()
	if u := r.open[id]; u != nil && !u.busy {
		delete(r.open, id)
	}
}
