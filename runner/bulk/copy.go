package bulk

import (
	"context"
	"io"
	"os"
)

// piece is how much goes between two looks at the context, in bytes.
const piece = 8 << 20

// Copy writes the first size bytes of one file to the beginning of another, which
// is empty. told, if not nil, is called with the bytes that have gone since it was
// called last. It fails with [io.ErrUnexpectedEOF] if there are fewer.
func Copy(ctx context.Context, to, from *os.File, size int64, told func(int64)) error {
	if told == nil {
		told = func(int64) {}
	}
	if st, err := from.Stat(); err == nil && st.Size() == size && clone(to, from) {
		told(size)
		return nil
	}
	Reserve(to, 0, size)
	b := writeBehind(to, 0)
	defer b.end()
	for at := int64(0); at < size; {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n, err := Range(to, from, at, min(piece, size-at))
		at += n
		told(n)
		b.wrote(at)
		if err != nil {
			return err
		}
	}
	return nil
}

// Range writes n bytes of one file to the same place of another, and returns how many
// it did. Where the file system can, both then share the bytes on the disk. It
// fails with [io.ErrUnexpectedEOF] if there are fewer.
func Range(to, from *os.File, at, n int64) (done int64, err error) {
	done = copyRange(to, from, at, n)
	if done == n {
		return done, nil
	}
	rest := io.NewSectionReader(from, at+done, n-done)
	k, err := io.CopyBuffer(struct{ io.Writer }{io.NewOffsetWriter(to, at+done)}, struct{ io.Reader }{rest}, make([]byte, 1<<20))
	done += k
	if err == nil && done < n {
		err = io.ErrUnexpectedEOF
	}
	return done, err
}
