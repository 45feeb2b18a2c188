package share

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/mlops-runner/mlops/runner/bulk"
	"github.com/mlops-runner/mlops/runner/remote"
	"github.com/mlops-runner/mlops/runner/store"
)

// A DamagedError reports an object of the remote that is not what its name says.
type DamagedError struct {
	At, Name string
	Got      string // what it is instead
}

// Error says what is wrong, and where.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("%s: %s is damaged there: %s", e.At, e.Name, e.Got)
}

// Cure says how to mend it.
func (e *DamagedError) Cure() string {
	return "remove it there, and run \"mlops push --all\" on a machine that has it sound"
}

// Large blobs come in ranges, several at a time, into a file that outlasts a break.
const (
	largeBlob = 64 << 20
	oneRange  = 16 << 20
	rangesAt  = 4
	// batchBytes is how much comes before it is given to the store, so that a break
	// costs no more.
	batchBytes = 512 << 20
)

// bring fetches blobs that the store lacks, and returns how many and how large they were.
func (s *Share) bring(ctx context.Context, bs []blob) (n int, size int64, err error) {
	var todo []blob
	seen := map[store.Digest]bool{}
	for _, b := range bs {
		if seen[b.digest] || s.Local.Has(b.digest) {
			continue
		}
		seen[b.digest] = true
		todo = append(todo, b)
		size += max(b.size, 0)
	}
	if s.DryRun {
		return len(todo), size, nil
	}
	s.meter.total.Add(size)
	for len(todo) > 0 {
		k, sum := 0, int64(0)
		for k < len(todo) && (k == 0 || sum < batchBytes && k < 4096) {
			sum += max(todo[k].size, 0)
			k++
		}
		if err := s.bringBatch(ctx, todo[:k]); err != nil {
			return n, size, err
		}
		n, todo = n+k, todo[k:]
	}
	return n, size, nil
}

func (s *Share) bringBatch(ctx context.Context, bs []blob) error {
	b, err := s.Local.Begin(ctx)
	if err != nil {
		return err
	}
	defer b.Close()
	var claims []func()
	var mu sync.Mutex // guards claims
	defer func() {
		for _, release := range claims {
			release()
		}
	}()
	err = inParallel(ctx, len(bs), func(ctx context.Context, i int) error {
		if bs[i].size < largeBlob {
			return s.bringOne(ctx, b, bs[i])
		}
		release, err := s.bringLarge(ctx, b, bs[i])
		if release != nil {
			mu.Lock()
			claims = append(claims, release)
			mu.Unlock()
		}
		return err
	})
	if err != nil {
		return err
	}
	return b.Commit(ctx)
}

// bringOne streams a blob into the store; its digest is made on the way.
func (s *Share) bringOne(ctx context.Context, b *store.Batch, want blob) error {
	r, err := s.Remote.Get(ctx, blobName(want.digest), 0, -1)
	if err != nil {
		return err
	}
	defer r.Close()
	got, _, err := b.Put(ctx, &counting{r, s.moved})
	if err == nil && got != want.digest {
		err = s.damaged(want.digest, got)
	}
	return err
}

func (s *Share) damaged(want, got store.Digest) error {
	return &DamagedError{s.Remote.Address(), blobName(want), "its bytes have the SHA-256 " + got.Hex()}
}

type counting struct {
	io.Reader
	told func(int64)
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.told(int64(n))
	return n, err
}

// bringLarge collects a large blob in a file, and goes on where another process, or
// an earlier try, has stopped. The claim is to be released when the batch has ended.
func (s *Share) bringLarge(ctx context.Context, b *store.Batch, want blob) (release func(), err error) {
	if release, err = s.Local.Claim(ctx, want.digest, nil); err != nil {
		return nil, err
	}
	if s.Local.Has(want.digest) {
		return release, nil // another process has just brought it
	}
	path := s.Local.Partial(want.digest)
	got, err := s.collect(ctx, path, want)
	wrong := err == nil && got != want.digest
	if err == nil && !wrong {
		known := []store.Entry{{Path: baseOf(path), Digest: got}}
		_, err = b.IngestAll(ctx, dirOf(path), known, store.IngestOptions{Move: true, Known: true})
	}
	switch {
	case wrong:
		err = errors.Join(s.damaged(want.digest, got), os.Remove(path), os.Remove(path+rangesSuffix))
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		os.Remove(path) // to make room is better than to go on later
		os.Remove(path + rangesSuffix)
	case err == nil:
		err = os.Remove(path + rangesSuffix)
	}
	return release, err
}

func dirOf(path string) string  { return path[:strings.LastIndexByte(path, os.PathSeparator)] }
func baseOf(path string) string { return path[strings.LastIndexByte(path, os.PathSeparator)+1:] }

// rangesSuffix names the file that lists the ranges which have come, a number a line.
const rangesSuffix = ".ranges"

// collect brings the ranges that are not in the file yet, and returns the digest of
// all, which is made behind them while others come.
func (s *Share) collect(ctx context.Context, path string, want blob) (got store.Digest, err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return got, err
	}
	defer file.Close()
	bulk.Reserve(file, 0, want.size)
	come := make([]chan struct{}, (want.size+oneRange-1)/oneRange)
	for i := range come {
		come[i] = make(chan struct{})
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	var hashErr error
	wg.Go(func() { got, hashErr = hashBehind(ctx, file, want.size, come) })
	if err = s.ranges(ctx, file, path+rangesSuffix, want, come); err != nil {
		cancel()
	}
	wg.Wait()
	if err == nil {
		err = hashErr
	}
	return got, errors.Join(err, file.Close())
}

// rangeAt is where a range begins, and how long it is.
func rangeAt(i int, size int64) (from, n int64) {
	from = int64(i) * oneRange
	return from, min(oneRange, size-from)
}

// hashBehind hashes a file in the order of its ranges, each when it has come.
func hashBehind(ctx context.Context, file io.ReaderAt, size int64, come []chan struct{}) (d store.Digest, err error) {
	h := sha256.New()
	buf := make([]byte, 256<<10)
	for i, c := range come {
		select {
		case <-c:
		case <-ctx.Done():
			return d, context.Cause(ctx)
		}
		from, n := rangeAt(i, size)
		if _, err := io.CopyBuffer(h, struct{ io.Reader }{io.NewSectionReader(file, from, n)}, buf); err != nil {
			return d, err
		}
	}
	return store.Digest(h.Sum(nil)), nil
}

// ranges brings what the note does not name, several at a time.
func (s *Share) ranges(ctx context.Context, file *os.File, notes string, want blob, come []chan struct{}) error {
	have := readRanges(notes)
	note, err := os.OpenFile(notes, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer note.Close()
	turns := make(chan struct{}, rangesAt)
	return inParallel(ctx, len(come), func(ctx context.Context, i int) error {
		defer close(come[i]) // also after a failure: then the context ends, and what is hashed does not matter
		from, n := rangeAt(i, want.size)
		if have[i] {
			s.moved(n)
			return nil
		}
		turns <- struct{}{}
		defer func() { <-turns }()
		got, err := s.oneRange(ctx, file, want.digest, from, n)
		if err == nil && got != n {
			err = &DamagedError{s.Remote.Address(), blobName(want.digest), fmt.Sprintf("it ends after %d of %d bytes", from+got, want.size)}
		}
		if err == nil {
			_, err = note.WriteString(strconv.Itoa(i) + "\n")
		}
		return err
	})
}

// oneRange brings a range to its place, and returns how much of it there is.
func (s *Share) oneRange(ctx context.Context, file *os.File, d store.Digest, from, n int64) (got int64, err error) {
	r, err := s.Remote.Get(ctx, blobName(d), from, n)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	if l, ok := r.(remote.Local); ok {
		if got, err = bulk.Range(file, l.File(), from, n); errors.Is(err, io.ErrUnexpectedEOF) {
			err = nil // the caller tells how much there is
		}
		s.moved(got)
	} else {
		got, err = io.CopyBuffer(struct{ io.Writer }{io.NewOffsetWriter(file, from)}, &counting{r, s.moved}, make([]byte, 1<<20))
	}
	bulk.Start(file, from, got) // so that the disk is busy while the next ones come and are hashed
	return got, err
}

// readRanges reads which ranges have come. A torn line at the end is a range that comes again.
func readRanges(path string) map[int]bool {
	text, _ := os.ReadFile(path) // none is a beginning
	have := map[int]bool{}
	for line := range strings.Lines(string(text)) {
		if n, err := strconv.Atoi(strings.TrimSuffix(line, "\n")); err == nil && strings.HasSuffix(line, "\n") {
			have[n] = true
		}
	}
	return have
}

// read returns a small object whole.
func (s *Share) read(ctx context.Context, name string) ([]byte, error) {
	data, _, err := s.Remote.Read(ctx, name)
	return data, err
}

// readBlob returns a small blob, held against its digest.
func (s *Share) readBlob(ctx context.Context, d store.Digest) ([]byte, error) {
	data, err := s.read(ctx, blobName(d))
	if err == nil && store.Sum(data) != d {
		return nil, s.damaged(d, store.Sum(data))
	}
	return data, err
}
