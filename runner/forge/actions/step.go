package actions

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/sethvargo/go-githubactions"
)

// ErrNoStep is the error outside of a step: the variable that names the file is
// not set.
var ErrNoStep = errors.New("this is no step of GitHub Actions")

// MaxValue is how many bytes a value may have. GitHub takes a megabyte for all
// outputs of a job.
const MaxValue = 900_000

// MaxSummary is how many bytes the summary of a step may have. GitHub drops one
// of more than 1,048,576 as a whole, and does not fail.
const MaxSummary = 1_000_000

// A Step is the step that this process runs in. The zero value sees no variable.
type Step struct {
	Getenv func(string) string
	Token  func() string // an unguessable word; nil = one of chance
}

// SetOutput sets an output for later steps. It fails with [ErrNoStep] elsewhere.
func (s Step) SetOutput(name, value string) error { return s.set("output", name, value) }

// SetEnv sets an environment variable for later steps of the job. Those that
// the runner keeps for itself are an error: it would ignore them, or fail.
func (s Step) SetEnv(name, value string) error {
	for _, prefix := range []string{"GITHUB_", "RUNNER_", "GITEA_", "NODE_OPTIONS"} {
		if strings.HasPrefix(strings.ToUpper(name), prefix) {
			return fmt.Errorf("set %s for later steps: the runner keeps this name for itself", name)
		}
	}
	return s.set("env", name, value)
}

func (s Step) set(file, name, value string) error {
	switch {
	case !plainName(name):
		return fmt.Errorf("set %q for later steps: a name has letters, digits, - and _ only", name)
	case len(value) > MaxValue:
		return fmt.Errorf("set %s for later steps: %d bytes, at most %d", name, len(value), MaxValue)
	}
	token := s.Token
	if token == nil {
		token = rand.Text
	}
	end := "mlops_" + token()
	for strings.Contains(value, end) {
		end += token()
	}
	return s.write(file, name+"<<"+end+"\n"+value+"\n"+end)
}

func plainName(name string) bool {
	for i, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_'
		if !letter && (i == 0 || (r < '0' || r > '9') && r != '-') {
			return false
		}
	}
	return name != ""
}

// SummaryRoom returns how many bytes the summary has room for; 0 outside of a step.
func (s Step) SummaryRoom() int {
	path := s.getenv("GITHUB_STEP_SUMMARY")
	if path == "" {
		return 0
	}
	room := MaxSummary - 1 // the line's end
	if info, err := os.Stat(path); err == nil {
		room -= int(min(info.Size(), MaxSummary))
	}
	return max(0, room)
}

// AddSummary adds Markdown to the step's summary, all of it or nothing: it fails
// if there is no room. It fails with [ErrNoStep] elsewhere.
func (s Step) AddSummary(markdown string) error {
	if s.getenv("GITHUB_STEP_SUMMARY") != "" && len(markdown) > s.SummaryRoom() {
		return fmt.Errorf("job summary: %d bytes, and there is room for %d", len(markdown), s.SummaryRoom())
	}
	if markdown == "" {
		return nil
	}
	return s.write("step-summary", markdown)
}

func (s Step) getenv(name string) string {
	if s.Getenv == nil {
		return ""
	}
	return s.Getenv(name)
}

// write adds text and the end of a line to one of the runner's files.
func (s Step) write(file, text string) (err error) {
	variable := "GITHUB_" + strings.ToUpper(strings.ReplaceAll(file, "-", "_"))
	if s.getenv(variable) == "" {
		return fmt.Errorf("%s is not set: %w", variable, ErrNoStep)
	}
	defer func() {
		if r := recover(); r != nil { // how the library fails
			err = fmt.Errorf("%s: %v", variable, r)
		}
	}()
	a := githubactions.New(githubactions.WithGetenv(s.getenv), githubactions.WithWriter(io.Discard))
	a.IssueFileCommand(&githubactions.Command{Name: file, Message: text})
	return nil
}
