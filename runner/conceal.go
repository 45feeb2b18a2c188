package runner

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/mlops-runner/mlops/runner/agent"
)

// conceal takes the secrets that a job registered by ::add-mask:: out of what
// is kept of it: out of its log, its summary and messages, and, as GitHub does,
// it drops outputs and metric lines that hold one. The files that the job wrote
// are its own matter.
func (x *execution) conceal(a *attempt, t *tail) error {
	if len(t.secret) == 0 {
		return nil
	}
	r := &a.result
	r.Summary, r.Error = t.mask(r.Summary), t.mask(r.Error)
	for i := range r.Steps {
		r.Steps[i].Error = t.mask(r.Steps[i].Error)
		t.drop(r.Steps[i].Outputs)
	}
	dropped := t.drop(r.Outputs)
	var lines []string
	for line := range strings.SplitSeq(r.MetricText, "\n") {
		if !t.holdsSecret(line) {
			lines = append(lines, line)
		}
	}
	r.MetricText = strings.Join(lines, "\n")
	for _, name := range dropped {
		t.send(Event{Kind: Notice, Level: "warning", Text: fmt.Sprintf("output %s is dropped: it holds a value that was masked", name)})
	}
	return t.maskLog(a.control)
}

func (t *tail) holdsSecret(s string) bool {
	for _, secret := range t.secret {
		if len(secret) > 0 && strings.Contains(s, string(secret)) {
			return true
		}
	}
	return false
}

// drop removes the values that hold a secret and returns their names.
func (t *tail) drop(values map[string]string) (names []string) {
	maps.DeleteFunc(values, func(name, value string) bool {
		if !t.holdsSecret(value) {
			return false
		}
		names = append(names, name)
		return true
	})
	return names
}

// maskLog rewrites the log with asterisks for the secrets, as many as they have
// bytes, so that the index stays right. Secrets do not span lines.
func (t *tail) maskLog(control string) error {
	in, err := openControl(control, agent.LogFile)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer in.Close()
	temp := filepath.Join(control, ".masked")
	if err := os.RemoveAll(temp); err != nil { // the job can have put something there
		return err
	}
	out, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	if err := errors.Join(t.copyMasked(out, in), out.Close()); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return os.Rename(temp, filepath.Join(control, agent.LogFile))
}

// copyMasked copies block by block, and keeps back what may be the beginning
// of a secret.
func (t *tail) copyMasked(w io.Writer, r io.Reader) error {
	longest := 0
	for _, s := range t.secret {
		longest = max(longest, len(s))
	}
	buf := make([]byte, 0, chunk+longest)
	for {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = hide(buf[:len(buf)+n], t.secret)
		end := err == io.EOF
		if err != nil && !end {
			return err
		}
		cut := len(buf)
		if !end {
			cut = max(0, len(buf)-longest+1)
		}
		if _, err := w.Write(buf[:cut]); err != nil || end {
			return err
		}
		buf = append(make([]byte, 0, chunk+longest), buf[cut:]...)
	}
}
