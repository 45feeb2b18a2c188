// Package remote keeps objects by name in a place that several machines reach: a
// folder, such as a network share, or a bucket of a server that speaks S3. It
// knows nothing of what the objects hold.
//
// Both are the same to their users, by one interface of seven methods, [Store],
// and by one suite of tests, package remotetest. An object is written once, whole
// or not at all: half an upload is never seen. The few that change, such as the
// journal of a model, are small, and are replaced only by who has seen what is there.
package remote

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"time"
)

// A Store keeps objects by name. Names are clean relative paths with slashes, of
// ASCII letters, digits and - _ . = @ , + ! % ~ /. It is safe for concurrent use,
// by goroutines and by machines. Errors are an *[Error].
type Store interface {
	// Put writes an object of size bytes unless there is one of the name; added is
	// whether it did. It appears whole, when all of it is there. told, if not nil, is
	// called with the bytes that have gone since it was called last, maybe by several
	// goroutines. Who puts an object again whose upload was cut may find that part of
	// it is there already: names must not be given to different contents.
	Put(ctx context.Context, name string, body io.ReaderAt, size int64, told func(bytes int64)) (added bool, err error)
	// Get opens n bytes of an object from an offset on, or what there is of them; all
	// that follow if n is negative. It fails with ErrNotFound.
	Get(ctx context.Context, name string, from, n int64) (io.ReadCloser, error)
	// Stat fails with ErrNotFound.
	Stat(ctx context.Context, name string) (Info, error)
	// List yields the objects whose names begin with prefix, in no order. After an
	// error it ends.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]
	// Delete removes an object. One that is not there is no error.
	Delete(ctx context.Context, name string) error
	// Read returns a small object and its tag. It fails with ErrNotFound.
	Read(ctx context.Context, name string) ([]byte, Tag, error)
	// Replace writes a small object if it is still the one with the tag old; the zero
	// tag means that there must be none. It fails with ErrChanged otherwise.
	Replace(ctx context.Context, name string, data []byte, old Tag) (Tag, error)
	// Address is where it is, for people: without keys.
	Address() string
}

// Local is implemented by what Get returns where the object is a file of a file system
// of this machine, at whose offsets its bytes are: the kernel copies it faster.
type Local interface {
	File() *os.File // open until what Get returned is closed
}

// A Sweeper knows what writers left that were stopped while they wrote: it is in no list of
// objects. Both stores of this package are one.
type Sweeper interface {
	// Sweep removes what is a day old by now, unless dry is set, and says what there is. What is
	// younger is what the next Put of the same goes on with. Only objects whose names begin
	// with one of those are meant: others may keep theirs in the same bucket.
	Sweep(ctx context.Context, names []string, now time.Time, dry bool) (Swept, error)
}

// Swept is what a [Sweeper] found.
type Swept struct {
	Removed int // or would be removed
	Young   int // stay, as they are not a day old
}

// abandoned is how old must be what a writer left for it to go.
const abandoned = 24 * time.Hour

// An Info is what is known of an object without reading it.
type Info struct {
	Name     string
	Size     int64
	Modified time.Time // by the clock of whoever keeps it
}

// A Tag tells one content of a small object from another; "" is none.
type Tag string

// MaxSmall is how many bytes an object may have that is read and replaced as one.
const MaxSmall = 64 << 20

// Errors of a Store.
var (
	ErrNotFound = errors.New("not there")
	ErrChanged  = errors.New("somebody else changed it meanwhile")
)

// An Error says what could not be done where.
type Error struct {
	Op, Address, Name string
	Err               error
	Cure              string // what may help, or ""
}

// Error says what is wrong, and where.
func (e *Error) Error() string {
	at := e.Address
	if e.Name != "" {
		at += ": " + e.Name
	}
	return e.Op + " " + at + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Fix is what may help, or "".
func (e *Error) Fix() string { return e.Cure }

var errName = errors.New("that is no name of an object")

func checkName(name string) error {
	if !fs.ValidPath(name) || name == "." {
		return errName
	}
	return nil
}
