package remote

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner/s3"
)

// A Bucket is a Store in a bucket, below a prefix.
type Bucket struct {
	b       *s3.Bucket
	prefix  string // "" or with a slash at the end
	address string
}

var (
	_ Store   = (*Bucket)(nil)
	_ Sweeper = (*Bucket)(nil)
)

// NewBucket makes a store below a prefix of a bucket. address is what people call it.
func NewBucket(b *s3.Bucket, prefix, address string) *Bucket {
	if prefix = strings.Trim(prefix, "/"); prefix != "" {
		prefix += "/"
	}
	return &Bucket{b, prefix, address}
}

// Address is as it was given.
func (b *Bucket) Address() string { return b.address }

func (b *Bucket) fail(op, name string, err error) error {
	switch {
	case err == nil || errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, s3.ErrNotFound):
		err = fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return &Error{Op: op, Address: b.address, Name: name, Err: err, Cure: s3.Cure(err)}
}

// oneUpload is up to which size an object goes in one request.
const oneUpload = 2 * s3.PartSize

// Put sends small objects in one request, large ones in parts.
func (b *Bucket) Put(ctx context.Context, name string, body io.ReaderAt, size int64, told func(int64)) (added bool, err error) {
	defer func() { err = b.fail("write", name, err) }()
	if err := checkName(name); err != nil {
		return false, err
	}
	key := b.prefix + name
	if size > oneUpload {
		return b.putLarge(ctx, key, body, size, told)
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(body, 0, size)); err != nil {
		return false, err
	}
	_, err = b.b.Put(ctx, key, body, size, [sha256.Size]byte(h.Sum(nil)), s3.Condition{New: true})
	if errors.Is(err, s3.ErrExists) {
		return false, nil
	}
	if err == nil && told != nil {
		told(size)
	}
	return err == nil, err
}

// putLarge looks first whether the object is there: to learn it at the end of an
// upload costs all of it.
func (b *Bucket) putLarge(ctx context.Context, key string, body io.ReaderAt, size int64, told func(int64)) (bool, error) {
	for try := 0; ; try++ {
		_, err := b.b.Head(ctx, key)
		if err == nil {
			return false, nil
		}
		if !errors.Is(err, s3.ErrNotFound) {
			return false, err
		}
		err = b.b.Upload(ctx, key, body, size, s3.Condition{New: true}, told)
		if err == nil || !errors.Is(err, s3.ErrExists) || try == 2 {
			return err == nil, err
		}
	}
}

// Get asks for the bytes, and takes them up again where a connection was cut.
func (b *Bucket) Get(ctx context.Context, name string, from, n int64) (io.ReadCloser, error) {
	if err := checkName(name); err != nil {
		return nil, b.fail("read", name, err)
	}
	body, o, err := b.b.Get(ctx, b.prefix+name, from, n)
	if err != nil {
		return nil, b.fail("read", name, err)
	}
	return &resuming{ctx: ctx, b: b, name: name, body: body, at: from, end: from + o.Size}, nil
}

// resuming reads an object on after a cut, as long as bytes come.
type resuming struct {
	ctx     context.Context
	b       *Bucket
	name    string
	body    io.ReadCloser
	at, end int64
	fails   int
}

func (r *resuming) Read(p []byte) (int, error) {
	for {
		n, err := r.body.Read(p)
		if r.at += int64(n); n > 0 {
			r.fails = 0
			return n, nil
		}
		if err == nil {
			continue
		}
		if r.at >= r.end && err == io.EOF {
			return 0, io.EOF
		}
		if r.fails++; r.ctx.Err() != nil || r.fails > s3.Attempts {
			return 0, r.b.fail("read", r.name, s3.Plain(errors.Join(context.Cause(r.ctx), err)))
		}
		r.body.Close()
		body, _, err := r.b.b.Get(r.ctx, r.b.prefix+r.name, r.at, r.end-r.at)
		if err != nil {
			return 0, r.b.fail("read", r.name, err)
		}
		r.body = body
	}
}

func (r *resuming) Close() error { return r.body.Close() }

// Stat asks for the head of the object.
func (b *Bucket) Stat(ctx context.Context, name string) (Info, error) {
	if err := checkName(name); err != nil {
		return Info{}, b.fail("read", name, err)
	}
	o, err := b.b.Head(ctx, b.prefix+name)
	return Info{name, o.Size, o.Modified}, b.fail("read", name, err)
}

// List asks for the keys.
func (b *Bucket) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		for o, err := range b.b.List(ctx, b.prefix+prefix) {
			if !yield(Info{strings.TrimPrefix(o.Key, b.prefix), o.Size, o.Modified}, b.fail("list", prefix, err)) {
				return
			}
		}
	}
}

// Delete removes the object.
func (b *Bucket) Delete(ctx context.Context, name string) error {
	if err := checkName(name); err != nil {
		return b.fail("remove", name, err)
	}
	return b.fail("remove", name, b.b.Delete(ctx, b.prefix+name))
}

// Read reads the object; its ETag is the tag.
func (b *Bucket) Read(ctx context.Context, name string) ([]byte, Tag, error) {
	if err := checkName(name); err != nil {
		return nil, "", b.fail("read", name, err)
	}
	body, o, err := b.b.Get(ctx, b.prefix+name, 0, -1)
	if err != nil {
		return nil, "", b.fail("read", name, err)
	}
	defer body.Close()
	data, err := readSmall(body)
	return data, Tag(o.ETag), b.fail("read", name, s3.Plain(err))
}

// Replace writes under a condition.
func (b *Bucket) Replace(ctx context.Context, name string, data []byte, old Tag) (Tag, error) {
	if err := checkName(name); err != nil {
		return "", b.fail("write", name, err)
	}
	c := s3.Condition{New: old == "", ETag: string(old)}
	tag, err := b.b.Put(ctx, b.prefix+name, bytes.NewReader(data), int64(len(data)), sha256.Sum256(data), c)
	if errors.Is(err, s3.ErrExists) {
		err = fmt.Errorf("%w: %w", ErrChanged, err)
	}
	return Tag(tag), b.fail("write", name, err)
}

// Sweep gives up uploads in parts.
func (b *Bucket) Sweep(ctx context.Context, names []string, now time.Time, dry bool) (s Swept, err error) {
	var all []s3.Unfinished
	for _, name := range names {
		some, listErr := b.b.Unfinished(ctx, b.prefix+name)
		all, err = append(all, some...), errors.Join(err, listErr)
	}
	for _, u := range all {
		if now.Sub(u.Begun) <= abandoned {
			s.Young++
			continue
		}
		s.Removed++
		if !dry {
			err = errors.Join(err, b.b.GiveUp(ctx, u))
		}
	}
	return s, b.fail("remove", "unfinished uploads", err)
}
