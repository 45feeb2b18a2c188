package registry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// An Action is what a line of the journal tells.
type Action string

// The actions. Lines with others, of a later version, change nothing.
const (
	Registered Action = "register"
	Aliased    Action = "alias"
	Rejected   Action = "reject" // an alias was not moved, for the reason given
	RolledBack Action = "rollback"
	Removed    Action = "remove" // the alias points to nothing any more
	Retired    Action = "retire"
	Noted      Action = "note"
)

// Moves reports whether such a line lets an alias point elsewhere.
func (a Action) Moves() bool { return a == Aliased || a == RolledBack || a == Removed }

// An Entry is a line of a model's journal.
type Entry struct {
	Seq     int          `json:"seq"`           // counts from 1
	Prev    store.Digest `json:"prev,omitzero"` // of the line before with its line end; none of the first
	Time    time.Time    `json:"time"`
	Action  Action       `json:"action"`
	Model   string       `json:"model"`
	Version int          `json:"version"`         // of a removed alias, the one that it pointed to
	Digest  store.Digest `json:"digest"`          // of the version's tree
	File    store.Digest `json:"file,omitzero"`   // of the version's file, where it is registered
	Alias   string       `json:"alias,omitempty"` // that moved, or was not moved
	From    int          `json:"from,omitempty"`  // version that it pointed to before; 0 for none
	By      `json:"by"`
}

// A By says who did something, and why.
type By struct {
	Actor     string        `json:"actor,omitempty"`
	Reason    string        `json:"reason,omitempty"`
	Run       string        `json:"run,omitempty"` // that did it; "" for a person
	RunDigest store.Digest  `json:"runDigest,omitzero"`
	Gates     []record.Gate `json:"gates,omitempty"` // that decided
}

// A journal is what was read of one: entries of the lines that are as they
// were written, and what is wrong with the others.
type journal struct {
	text    []byte
	entries []Entry
	sums    []store.Digest // of the lines
	wrong   []Problem
	behind  bool // head is that of the line before the last: its writer was killed
}

// maxJournal bounds what is read of a journal, in bytes.
const maxJournal = 64 << 20

// parseJournal reads a journal and holds it against its head; nil is no head.
func parseJournal(model string, text, head []byte) *journal {
	j := &journal{text: text}
	parts := bytes.SplitAfter(text, []byte("\n"))
	for i, line := range parts {
		if len(line) == 0 {
			continue // behind the last line end
		}
		var e Entry
		err := json.Unmarshal(line, &e)
		switch {
		case err != nil:
			j.blame(model, i, "is no entry: "+err.Error())
		case line[len(line)-1] != '\n':
			j.blame(model, i, "has no end")
		case e.Seq != i+1:
			j.blame(model, i, fmt.Sprintf("has number %d; lines were added or are missing", e.Seq))
		case e.Model != model:
			j.blame(model, i, "is about the model "+e.Model)
		}
		j.entries, j.sums = append(j.entries, e), append(j.sums, store.Sum(line))
	}
	j.chain(model, head)
	return j
}

func (j *journal) blame(model string, line int, what string) {
	j.wrong = append(j.wrong, Problem{File: journalFile(model), Line: line + 1, What: what})
}

// chain compares each line with the digest that the next one, or head, has of it.
func (j *journal) chain(model string, head []byte) {
	last := len(j.entries) - 1
	if last < 0 {
		return
	}
	if !j.entries[0].Prev.IsZero() {
		j.blame(model, 0, "is not the first: it follows another line")
	}
	for i := range last {
		if j.entries[i+1].Prev != j.sums[i] {
			j.blame(model, i, fmt.Sprintf("was changed, or line %d was: that holds another digest of it", i+2))
		}
	}
	before := headOf(j.entries[last].Prev)
	switch {
	case string(head) == string(headOf(j.sums[last])):
	case string(head) == string(before):
		j.behind = true
	default:
		j.blame(model, last, "was changed, or is not the last: "+headFile(model)+" holds another digest")
	}
}

// headOf is the text of head; nothing for no line.
func headOf(d store.Digest) []byte {
	if d.IsZero() {
		return nil
	}
	return []byte(d.String() + "\n")
}

// add returns the text of the journal with one more line, and fills in what
// chains it.
func (j *journal) add(e *Entry) ([]byte, error) {
	e.Seq = len(j.entries) + 1
	if n := len(j.sums); n > 0 {
		e.Prev = j.sums[n-1]
	}
	line, err := record.CanonicalLine(e)
	if err != nil {
		return nil, err
	}
	j.entries, j.sums = append(j.entries, *e), append(j.sums, store.Sum(line))
	j.text = append(bytes.Clone(j.text), line...)
	return j.text, nil
}
