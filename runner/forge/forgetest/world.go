package forgetest

import (
	"testing"

	"github.com/mlops-runner/mlops/runner/forge"
)

// Access is what a token may do.
type Access int

// What tokens may do.
const (
	Write    Access = iota // comments, statuses
	ReadOnly               // as in a workflow of a fork's pull request
	Unknown                // the forge does not know the token
)

// A World is a repository on a forge, as a person sees it who is not the one
// that reports: what the suite sets up and looks at goes past the client.
type World interface {
	// Forge returns a new client; nil if there is no such token.
	Forge(t testing.TB, a Access) forge.Forge
	// Open opens a pull request of a new branch of the repository and returns what
	// is true of it; MergeBase is where it left the base, however the forge says so.
	Open(t testing.TB) forge.Change
	// Push gives a pull request a new head.
	Push(t testing.TB, number int) (head string)
	Close(t testing.TB, number int)
	// Comment writes as the client's own user, or as a stranger.
	Comment(t testing.TB, number int, body string, own bool)
	// Comments returns what there is to read, oldest first.
	Comments(t testing.TB, number int) []Remark
	// Delete removes the i-th comment.
	Delete(t testing.TB, number, i int)
	// Status returns the newest status of a context.
	Status(t testing.TB, commit, context string) forge.Status
}

// A Remark is a comment on a pull request.
type Remark struct {
	Body   string
	Own    bool // written by the client's user
	Hidden bool // folded away
}

// Files are in every commit of a World's repository.
func Files() map[string]string {
	return map[string]string{"mlops.yaml": "name: churn\n", "models/größe v2/mlops.yaml": "name: größe\n"}
}
