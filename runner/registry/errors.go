package registry

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner/store"
)

// ErrNotFound is what a model, version or alias is that nobody registered.
var ErrNotFound = errors.New("not in the registry")

// A NotFoundError says what is missing, and what there is instead. It is
// ErrNotFound.
type NotFoundError struct {
	What  string   // model churn, churn@production
	Known []string // names that would have done
}

func (e *NotFoundError) Error() string { return e.What + ": " + ErrNotFound.Error() }

// Is makes errors.Is(err, ErrNotFound) true.
func (e *NotFoundError) Is(target error) bool { return target == ErrNotFound }

// Cure names what there is.
func (e *NotFoundError) Cure() string {
	if len(e.Known) == 0 {
		return `no model is registered yet; "uses: promote" registers one`
	}
	return "there are: " + strings.Join(e.Known, ", ")
}

// A NameError reports a name that no model or alias can have.
type NameError struct {
	What string // model or alias
	Name string
	Want string // how such a name looks
}

func (e *NameError) Error() string {
	return fmt.Sprintf("%q is no name for %s: %s", e.Name, article(e.What), e.Want)
}

func article(what string) string {
	if what == "alias" {
		return "an alias"
	}
	return "a " + what
}

// A ConflictError reports that an alias moved since its mover looked: somebody
// else won.
type ConflictError struct {
	Model, Alias string
	Want, Got    int // version that was seen, and that is there; 0 for none
	Actor, Run   string
	Time         time.Time // of the other one's move
}

func (e *ConflictError) Error() string {
	by := e.Actor
	if e.Run != "" {
		by += " (run " + e.Run + ")"
	}
	return fmt.Sprintf("%s@%s was moved meanwhile from %s to %s, by %s at %s",
		e.Model, e.Alias, place(e.Model, e.Want), place(e.Model, e.Got), by, e.Time.UTC().Format(time.RFC3339))
}

// Cure says what to do about it.
func (e *ConflictError) Cure() string {
	return "look at it, and if yours is to win nevertheless, run again"
}

func place(model string, version int) string {
	if version == 0 {
		return "nothing"
	}
	return fmt.Sprintf("%s@%d", model, version)
}

// A StateError reports what a model's present state does not allow.
type StateError struct{ What, Fix string }

func (e *StateError) Error() string { return e.What }

// Cure says what to do about it.
func (e *StateError) Cure() string { return e.Fix }

// A DamagedError reports a file of the registry that is not as it was written.
type DamagedError struct {
	Model string
	Problem
}

func (e *DamagedError) Error() string { return "model " + e.Model + ": " + e.Problem.String() }

// Cure names the command that tells all of it.
func (e *DamagedError) Cure() string {
	return fmt.Sprintf("\"mlops model verify %s\" lists what was changed; put the file back from a copy", e.Model)
}

// A Problem is something that Verify found.
type Problem struct {
	File string `json:"file"`           // relative to the store; or a digest, of a blob
	Line int    `json:"line,omitempty"` // of the journal; 0 for the whole file
	What string `json:"what"`
	// Missing is the blob that is not in the store, which may be had elsewhere; zero of
	// other problems.
	Missing store.Digest `json:"missing,omitzero"`
}

func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.What
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.What)
}
