package record

import (
	"errors"
	"fmt"
	"strings"
)

// What callers branch on.
var (
	// ErrNotFound is what no run with such an id, or no run at all, is.
	ErrNotFound = errors.New("no such run")
	// ErrNoLog is what a job without a log is: it never ran, or the run it was
	// reused from is gone.
	ErrNoLog = errors.New("no log")
	// ErrSealed is what writing into a finished record is.
	ErrSealed = errors.New("record is sealed")
	// ErrExists is what creating a run twice is.
	ErrExists = errors.New("run exists already")
)

// An AmbiguousError reports a beginning that several run ids share.
type AmbiguousError struct {
	Prefix string
	IDs    []string // newest first; at most 10
}

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("run %s: several ids begin so: %s", e.Prefix, strings.Join(e.IDs, ", "))
}

// A CorruptError reports a file of a sealed record that is missing, unreadable
// or not the one that was sealed.
type CorruptError struct {
	Dir  string // of the record
	File string // slash-separated, relative to Dir
	Err  error
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("record %s: %s: %v", e.Dir, e.File, e.Err)
}

func (e *CorruptError) Unwrap() error { return e.Err }

// A VersionError reports a record of a format that this program is too old for.
type VersionError struct {
	Dir     string
	Version int
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("record %s: format %d is newer than %d; use a newer mlops", e.Dir, e.Version, Version)
}
