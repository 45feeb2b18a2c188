// Package action is what a built-in action is: a function from the inputs of a
// step and the files beside it to what the step has to say. [Main] is the process
// that the agent starts for it; everything else about files and variables that
// steps talk back through is [Outcome.Hand]'s.
//
// An action knows nothing of runs, jobs and records, so that it can be called
// alone, as `mlops data check` does.
package action

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/report"
	"github.com/mlops-runner/mlops/spec"
)

// An Action is a built-in action: what the parser must know of it, and what it does.
type Action struct {
	spec.Action
	// Run does the work of one step. A step that comes to a bad end, such as data
	// that does not pass, is an Outcome that is Failed; an error means that the
	// action could not do its work.
	Run func(context.Context, Call) (Outcome, error)
}

// A Call is one use of an action.
type Call struct {
	Inputs map[string]any // as JSON has them: string, float64, bool, nil, []any, map[string]any
	Root   string         // folder that relative paths start from
	Temp   string         // folder for temporary files; "" for the system's
	Cache  string         // folder for what is found again by the content of files; "" for none
	Log    io.Writer      // what people read
	Now    time.Time
	Turn   int // how many steps of the job have used the action so far, this one included; 0 where there is no job
	// Past reads a file that the same job kept in the run that this one is compared
	// with, and behind it what it kept in the runs before that one, newest first and
	// without those that are as the next one; nothing if there is none. A nil Past has none.
	Past func(name string) ([][]byte, error)
}

// An Outcome is what an action came to.
type Outcome struct {
	Failed   bool
	Metrics  []Metric
	Sections []report.Section
	Files    map[string][]byte // kept with the record of the job, by name
	Until    time.Time         // until when the outcome holds if nothing changes; zero means forever
}

// A Metric is a number that gates may read.
type Metric struct {
	Name   string            `json:"name"`
	Value  float64           `json:"value"`
	Slice  map[string]string `json:"slice,omitempty"`  // column → value; empty for all rows
	Better string            `json:"better,omitempty"` // higher, lower or "" (unknown)
	Unit   string            `json:"unit,omitempty"`
}

// MarshalJSON writes the metric as metric lines have it, NaN and infinities as texts.
func (m Metric) MarshalJSON() ([]byte, error) {
	type plain Metric
	return json.Marshal(struct {
		plain
		Value report.Number `json:"value"`
	}{plain(m), report.Number(m.Value)})
}

// Hand writes the outcome into the files that getenv's variables name, so that
// the agent finds them. Where a variable is missing, that part is left out.
func (o *Outcome) Hand(getenv func(string) string) error {
	metrics, err := lines(o.Metrics, Metric.MarshalJSON)
	if err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	report, err := o.reportLines()
	if err != nil {
		return err
	}
	return errors.Join(extend(getenv("MLOPS_METRICS"), metrics), extend(getenv("MLOPS_REPORT"), report), o.keep(getenv("MLOPS_RECORD")))
}

// lines makes a line of each value.
func lines[T any](values []T, line func(T) ([]byte, error)) (out []byte, err error) {
	for _, v := range values {
		line, err := line(v)
		if err != nil {
			return nil, err
		}
		out = append(append(out, line...), '\n')
	}
	return out, nil
}

func (o *Outcome) reportLines() (out []byte, err error) {
	if out, err = lines(o.Sections, func(s report.Section) ([]byte, error) { return s.Line() }); err != nil {
		return nil, fmt.Errorf("sections: %w", err)
	}
	if !o.Until.IsZero() {
		out = fmt.Appendf(out, "{%q:%q}\n", agent.UntilKey, o.Until.UTC().Format(time.RFC3339))
	}
	return out, nil
}

func extend(path string, lines []byte) (err error) {
	if path == "" || len(lines) == 0 {
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = f.Write(lines)
	return err
}

func (o *Outcome) keep(folder string) error {
	if folder == "" {
		return nil
	}
	for name, data := range o.Files {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Main runs an action for a step, whose inputs and command files getenv's
// variables name, and returns the exit status: 0, 1 if the outcome is Failed, and
// 4 if the action could not do its work.
func (a *Action) Main(ctx context.Context, getenv func(string) string, stdout, stderr io.Writer) int {
	if err := a.main(ctx, getenv, stdout); errors.Is(err, errFailed) {
		return 1
	} else if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", a.Name, err)
		return 4
	}
	return 0
}

// past reads what the agent's job finds of earlier runs.
func past(root, name string) (versions [][]byte, err error) {
	for {
		data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(agent.PastFile(name, len(versions)))))
		if errors.Is(err, fs.ErrNotExist) {
			return versions, nil
		}
		if err != nil {
			return nil, err
		}
		versions = append(versions, data)
	}
}

var errFailed = errors.New("failed")

func (a *Action) main(ctx context.Context, getenv func(string) string, stdout io.Writer) error {
	// An image without files has no /tmp; the folder of the command files is there.
	c := Call{Root: cmp.Or(getenv("MLOPS_WORKSPACE"), "."), Log: stdout, Now: time.Now(), Temp: cmp.Or(getenv("TMPDIR"), filepath.Dir(getenv("MLOPS_RECORD")))}
	c.Past = func(name string) ([][]byte, error) { return past(c.Root, name) }
	c.Turn, _ = strconv.Atoi(getenv(agent.TurnVariable)) // 0 from an older agent
	in, err := agent.ActionInputs(getenv)
	if err == nil {
		err = json.Unmarshal(in, &c.Inputs)
	}
	if err != nil {
		return fmt.Errorf("inputs: %w", err)
	}
	o, err := a.Run(ctx, c)
	if err == nil {
		err = o.Hand(getenv)
	}
	if err == nil && o.Failed {
		err = errFailed
	}
	return err
}
