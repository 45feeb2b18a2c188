package bulk

import (
	"context"
	"hash"
	"io"
	"os"
	"sync"
)

const (
	buffer  = 1 << 20 // of a piece that comes, in bytes
	buffers = 3       // one is read into and written, one hashed, one waits
	small   = 64 << 10
	// ahead is how much place is reserved at a time for what has no end yet, in bytes.
	ahead = 64 << 20
)

// A WriteError is one of the file that was written, not of what came.
type WriteError struct{ Err error }

func (e *WriteError) Error() string { return e.Err.Error() }

func (e *WriteError) Unwrap() error { return e.Err }

// Receive writes what r gives, until its end, into a file from an offset on, and adds
// it to sum. A piece is hashed while the next one comes and is written: hashing
// alone takes longer than either. told, if not nil, is called with the bytes that were
// written since it was called last. Whatever happens, n bytes are in the file and in
// sum, and the file may end behind them. Errors are those of r, a *[WriteError] or the context's cause.
func Receive(ctx context.Context, file *os.File, at int64, sum hash.Hash, r io.Reader, told func(int64)) (n int64, err error) {
	if told == nil {
		told = func(int64) {}
	}
	x := &receiving{ctx: ctx, file: file, at: at, r: r, told: told}
	x.spare = at >= piece // whoever wrote that may have reserved more, and died
	defer x.giveBack()
	// What is short, as most are, is worth no goroutines.
	buf := make([]byte, small)
	k, more, err := x.one(buf)
	sum.Write(buf[:k])
	if more && err == nil {
		err = x.many(sum)
	}
	return x.at - at, err
}

// receiving is one Receive at work.
type receiving struct {
	ctx      context.Context // of the one call that this lives for
	file     *os.File
	at       int64 // where the next byte goes
	reserved int64 // up to where there is place
	spare    bool  // whether there may be place behind the end
	r        io.Reader
	told     func(int64)
}

// one reads and writes a piece. more is whether another may follow.
func (x *receiving) one(buf []byte) (n int, more bool, err error) {
	if x.ctx.Err() != nil {
		return 0, false, context.Cause(x.ctx)
	}
	k, err := fill(x.r, buf)
	n, werr := x.file.WriteAt(buf[:k], x.at)
	x.at += int64(n)
	x.told(int64(n))
	switch {
	case werr != nil:
		return n, false, &WriteError{werr}
	case err == io.EOF:
		return n, false, nil
	}
	return n, true, err
}

// fill is [io.ReadFull], except that it tells the end of r from one that came too soon.
func fill(r io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var k int
		k, err = r.Read(buf[n:])
		n += k
	}
	return n, err
}

// many goes on to the end, with the hash behind.
func (x *receiving) many(sum hash.Hash) error {
	b := writeBehind(x.file, x.at)
	defer b.end()
	free, full := make(chan []byte, buffers), make(chan []byte, buffers)
	for range buffers {
		free <- nil
	}
	var hashing sync.WaitGroup
	hashing.Go(func() {
		for p := range full {
			sum.Write(p)
			free <- p[:cap(p)]
		}
	})
	defer hashing.Wait()
	defer close(full)
	for {
		buf := <-free
		if buf == nil {
			buf = make([]byte, buffer)
		}
		x.reserve()
		n, more, err := x.one(buf)
		full <- buf[:n]
		b.wrote(x.at)
		if !more || err != nil {
			return err
		}
	}
}

// reserve makes sure that there is place for a while, once it is worth it.
func (x *receiving) reserve() {
	if x.at >= piece && x.at+buffer > x.reserved {
		Reserve(x.file, x.at, ahead)
		x.reserved, x.spare = x.at+ahead, true
	}
}

// giveBack frees what was reserved behind the end.
func (x *receiving) giveBack() {
	if x.spare {
		x.file.Truncate(x.at) // what stays reserved costs place, and harms nothing
	}
}
