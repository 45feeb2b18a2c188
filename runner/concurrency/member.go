package concurrency

import (
	"fmt"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner/store"
)

// A Member is who is at work in a group or wants to be: a run, or a job of one.
type Member struct {
	Run      string        `json:"run"` // id
	Job      string        `json:"job,omitempty"`
	Pipeline string        `json:"pipeline"`
	Folder   string        `json:"folder"` // absolute, of the mlops.yaml
	Process  store.Process `json:"process"`
	Since    time.Time     `json:"since"` // it came
	// Untrusted is whether nobody knows who wrote what it does.
	Untrusted bool `json:"untrusted,omitempty"`
}

// String says who it is, for people: train of churn in /home/ada/churn, pid 42, since 17:55:02 UTC.
func (m Member) String() string {
	who := m.Pipeline
	if m.Job != "" {
		who = m.Job + " of " + m.Pipeline
	}
	return fmt.Sprintf("%s in %s, pid %d, since %s UTC", who, m.Folder, m.Process.PID, m.Since.UTC().Format(time.TimeOnly))
}

// yields reports whether m gives way to a newcomer: stops when that asks, and
// leaves it its place among those that wait.
func (m Member) yields(to Member) bool { return m.Untrusted || !to.Untrusted }

// A ReplacedError is the end of a member that was pending when a newer one came,
// or of a stranger that found somebody else pending.
type ReplacedError struct {
	Group string
	By    Member
	Kept  bool // By was there before
}

func (e *ReplacedError) Error() string {
	if e.Kept {
		return fmt.Sprintf("a trusted one waits for the concurrency group %q already, and a stranger does not take its place: %s", e.Group, e.By)
	}
	return fmt.Sprintf("a newer one waits for the concurrency group %q instead: %s", e.Group, e.By)
}

// state is the file of one group.
type state struct {
	Group   string `json:"group"`
	Active  *entry `json:"active,omitempty"`
	Pending *entry `json:"pending,omitempty"`
}

// entry is a member with its ticket.
type entry struct {
	Ticket string  `json:"ticket"`
	Member Member  `json:"member"`
	Stop   *Member `json:"stop,omitempty"` // who asked it to stop
}

func (e *entry) is(ticket string) bool { return e != nil && e.Ticket == ticket }

// fold makes names equal that differ in case.
func fold(name string) string { return strings.ToLower(name) }
