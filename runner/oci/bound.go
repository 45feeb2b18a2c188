package oci

import (
	"fmt"
	"io"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// What a stranger's archive may become, unless Options.MaxUnpacked says otherwise. Weights
// hardly shrink, and text does ten times; an archive of zeros, or of empty files, does a
// thousand times, and so would fill the disk by a few bytes.
const (
	// MaxRatio is how many times its own size an archive may unpack to.
	MaxRatio = 100
	// FreeUnpacked is what any archive may unpack to, in bytes.
	FreeUnpacked = 64 << 20
	// MaxUnpacked is what all archives of an artifact may unpack to, in bytes.
	MaxUnpacked = 256 << 30
)

// A LimitError reports an archive that would unpack to more than it may.
type LimitError struct {
	Limit int64 // bytes
	Size  int64 // bytes of the archive; 0 if it is about all of them together
}

// Error says what is wrong, and where.
func (e *LimitError) Error() string {
	if e.Size == 0 {
		return fmt.Sprintf("the archives of the artifact unpack to more than %d MiB", e.Limit>>20)
	}
	return fmt.Sprintf("the archive has %d bytes and unpacks to more than %d MiB", e.Size, e.Limit>>20)
}

// Cure says how to allow it.
func (e *LimitError) Cure() string {
	return "nothing of it was kept. If you know what it is, allow it with --max-unpacked SIZE"
}

// A bound is what may still be unpacked: of one archive, and of all.
type bound struct {
	layer, all int64 // bytes that are left
	err        *LimitError
	total      *LimitError
}

// bound is that of an archive, where those before it came to so many bytes.
func (u *unpacking) bound(l ocispec.Descriptor, before int64) *bound {
	most, all := u.repo.opts.MaxUnpacked, u.repo.opts.MaxUnpacked
	if most == 0 {
		all = MaxUnpacked
		most = max(FreeUnpacked, min(l.Size, MaxUnpacked/MaxRatio)*MaxRatio)
	}
	return &bound{layer: most, all: all - before, err: &LimitError{most, l.Size}, total: &LimitError{all, 0}}
}

// take fails if that many bytes are too many.
func (b *bound) take(n int64) error {
	b.layer, b.all = b.layer-n, b.all-n
	switch {
	case n < 0 || b.layer < 0:
		return b.err
	case b.all < 0:
		return b.total
	}
	return nil
}

// A bounded reader is an archive's own bytes: many empty files are many headers.
type bounded struct {
	io.Reader
	bound *bound
}

func (r *bounded) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if limit := r.bound.take(int64(n)); limit != nil {
		return 0, limit
	}
	return n, err
}
