package store

import (
	"errors"
	"fmt"
)

// ErrNotFound is what a missing blob, action, ref or pointer is.
var ErrNotFound = errors.New("not in the store")

// A MissingError reports a blob that the store cannot give, and why if it was
// there once. It is ErrNotFound.
type MissingError struct {
	Digest Digest
	Reason string // "" if it was never there, as far as the store knows
}

func (e *MissingError) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("blob %s: %v", e.Digest.Short(), ErrNotFound)
	}
	return fmt.Sprintf("blob %s: %s", e.Digest.Short(), e.Reason)
}

// Is makes errors.Is(err, ErrNotFound) true.
func (e *MissingError) Is(target error) bool { return target == ErrNotFound }

// A MismatchError reports content that is not what its user said it was.
type MismatchError struct {
	Path      string
	Want, Got Digest
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("%s: content is %s, expected %s", e.Path, e.Got.Short(), e.Want.Short())
}

// A ConflictError reports that a ref moved under the caller's feet. A zero
// digest means that there is no such ref.
type ConflictError struct {
	Ref       string
	Want, Got Digest
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("ref %s: is %s, expected %s", e.Ref, shortOrNone(e.Got), shortOrNone(e.Want))
}

func shortOrNone(d Digest) string {
	if d.IsZero() {
		return "none"
	}
	return d.Short()
}

// An UnsafeError reports a path or link that would lead out of the folder it
// belongs to, or into a place that is not the caller's to write.
type UnsafeError struct {
	Path   string
	Reason string
	Fix    string // what to do, if it is not to move what stands at Path
}

func (e *UnsafeError) Error() string { return fmt.Sprintf("%s: %s", e.Path, e.Reason) }
