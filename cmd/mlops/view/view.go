// Package view shows a run: to a person at a terminal, in a log file, to a
// program that reads JSON lines, and in the log of a GitHub workflow. Each view
// is a function of [runner.Event] and knows nothing else of the run.
//
// # Where things go
//
// Results go to [Options.Out] (standard output): the summary table, or the JSON
// lines. Progress and the output of jobs go to [Options.Err] (standard error),
// so `mlops run > summary.txt` keeps the summary and still shows the work.
//
// # Foreign text
//
// What a job prints is not trusted. Control characters, escape sequences other
// than colours, and characters that reorder text are made visible or removed
// before they reach a terminal; progress bars that rewrite their line with
// carriage returns are reduced to their last state; workflow commands are
// fenced off. The complete bytes are in the run's log, which no view changes.
//
// # GitHub
//
// Annotations, outputs and the summary of a step are those of package
// runner/forge/actions, which says why not more of go-githubactions is used.
package view

import (
	"io"
	"os"
	"time"

	"github.com/mlops-runner/mlops/runner"
)

// A View shows the events of one run.
//
// Event may be called from several goroutines; the events of one job must come
// in the order in which they happened. It does not keep Event.Data. Event may
// wait for the writer, except that of a TTY, which drops output lines and says
// how many when the terminal is slower than the jobs.
//
// Close shows what is still held back, leaves the terminal as it was found and
// returns the first error of a writer. Closing again only returns that error;
// nothing else may be called after Close.
type View interface {
	Event(runner.Event)
	Close() error
}

// Kind names a way to show a run; the text is what `--progress` accepts.
type Kind string

// The kinds of view.
const (
	TTY    Kind = "tty"    // live rows at the bottom of a terminal, everything else scrolls above
	Plain  Kind = "plain"  // one line for each event, nothing is ever dropped or moved
	JSON   Kind = "json"   // one JSON object for each event on Out; see [EventSchema]
	Quiet  Kind = "quiet"  // failures only
	GitHub Kind = "github" // groups, annotations, job summary and outputs of a GitHub workflow step
)

// Kinds lists every kind, for completion and error messages.
func Kinds() []Kind { return []Kind{TTY, Plain, JSON, Quiet, GitHub} }

// Options are what a view needs from its surroundings. The zero value writes
// nowhere, without colours, for a terminal of 80 columns and 24 rows.
type Options struct {
	Out io.Writer // results; nil discards
	Err io.Writer // progress, output of jobs; nil discards

	Color    bool // colours on Err, including those that jobs print
	OutColor bool // colours on Out

	// Width and Height are the size of the terminal behind Err, asked before
	// each redraw; nil, or a result below 1, means 80 and 24.
	Width, Height func() int
	// OutWidth is the width that the summary should fit into; nil or a result
	// below 1 means that it may be as wide as it needs.
	OutWidth func() int

	// Reported is whether a report follows that tells of gates and metrics, so that
	// the summary need not. It is asked once the gates are judged; nil means that
	// none follows.
	Reported func() bool
	// Summarized is whether such a report also goes into the job summary.
	Summarized bool

	Verbose bool                // also: queued jobs, successful steps, every reason, every cached job
	Now     func() time.Time    // nil means time.Now
	Getenv  func(string) string // GITHUB_OUTPUT, GITHUB_STEP_SUMMARY; nil means no variable is set
}

// New returns a view of the given kind; an unknown kind is [Plain].
// The caller must call Close, also after a cancelled run.
func New(kind Kind, o Options) View {
	o = o.withDefaults()
	switch kind {
	case TTY:
		return startTTY(o)
	case JSON:
		return newJSONLines(o)
	case Quiet:
		return newQuiet(o)
	case GitHub:
		return startGitHub(o)
	default:
		return newPlain(o)
	}
}

func (o Options) withDefaults() Options {
	if o.Out == nil {
		o.Out = io.Discard
	}
	if o.Err == nil {
		o.Err = io.Discard
	}
	if o.Reported == nil {
		o.Reported = func() bool { return false }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Getenv == nil {
		o.Getenv = func(string) string { return "" }
	}
	o.Width = atLeastOne(o.Width, 80)
	o.Height = atLeastOne(o.Height, 24)
	o.OutWidth = atLeastOne(o.OutWidth, 0)
	return o
}

// atLeastOne returns f with a value for the sizes that f does not know.
func atLeastOne(f func() int, otherwise int) func() int {
	return func() int {
		if f != nil {
			if n := f(); n > 0 {
				return n
			}
		}
		return otherwise
	}
}

// Standard returns the kind and the options that suit the process's standard
// streams: the kind by stderr, because that is where progress goes.
func Standard(getenv func(string) string, stdout, stderr *os.File) (Kind, Options) {
	o := Options{Out: stdout, Err: stderr, Getenv: getenv}
	kind, color := Detect(getenv, stderr)
	o.Color = color
	_, o.OutColor = Detect(getenv, stdout)
	o.Width, o.Height = size(stderr)
	if isTerminal(stdout) {
		o.OutWidth, _ = size(stdout)
	}
	return kind, o
}
