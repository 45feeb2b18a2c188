package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/mlops-runner/mlops/runner/store"
)

// A Storage is a store as oras-go's functions know one: what they fetch are the
// store's own blobs, and what they push becomes one.
type Storage struct{ Store *store.Dir }

var _ content.Storage = Storage{}

// Fetch opens a blob.
func (s Storage) Fetch(_ context.Context, d ocispec.Descriptor) (io.ReadCloser, error) {
	f, err := s.open(d)
	if err != nil {
		return nil, err // not a nil *os.File in an interface
	}
	return f, nil
}

func (s Storage) open(d ocispec.Descriptor) (*os.File, error) {
	dig, err := store.Parse(d.Digest.String())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errdef.ErrNotFound, err)
	}
	f, err := s.Store.Open(dig)
	if errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("%w: %w", errdef.ErrNotFound, err)
	}
	return f, err
}

// Exists reports whether a blob is there and sound.
func (s Storage) Exists(_ context.Context, d ocispec.Descriptor) (bool, error) {
	dig, err := store.Parse(d.Digest.String())
	if err != nil {
		return false, nil // of an algorithm that the store does not have
	}
	err = s.Store.Check(dig)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Push stores a blob, if it is the one that was announced.
func (s Storage) Push(ctx context.Context, d ocispec.Descriptor, r io.Reader) error {
	want, err := store.Parse(d.Digest.String())
	if err != nil {
		return fmt.Errorf("%w: %w", errdef.ErrUnsupported, err)
	}
	b, err := s.Store.Begin(ctx)
	if err != nil {
		return err
	}
	got, n, err := b.Put(ctx, io.LimitReader(r, d.Size+1))
	if err == nil && (got != want || n != d.Size) {
		err = &MismatchError{What: "what was pushed", Want: want, Got: got, WantSize: d.Size, GotSize: n}
	}
	if err != nil {
		return errors.Join(err, b.Close())
	}
	return b.Commit(ctx)
}
