package agent

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/mlops-runner/mlops/runner/mask"
)

// Secrets are what a job knows and nobody may read: they are masked in all that
// the agent writes. They are no part of a Spec's JSON, which lies in a file.
type Secrets struct {
	Values map[string]string `json:"values,omitempty"` // the secrets context of expressions
	Env    []Var             `json:"env,omitempty"`    // set behind Spec.Env, and part of the env context; final
	Masks  []string          `json:"masks,omitempty"`  // masked too, such as the secrets of jobs that this one builds on
	// Key, if it is set, has the agent keep what the job masks while it runs in
	// [LearntFile], from where [ReadLearnt] gets it back.
	Key   []byte `json:"key,omitempty"`
	Relay *Relay `json:"relay,omitempty"` // of a job with Spec.Isolate; for Main only
}

const (
	maxSecrets  = 64 << 20 // bytes of JSON
	secretsTime = time.Minute
)

// WriteSecrets writes secrets as [Main] reads them from its standard input if
// Spec.SecretsFollow is set.
func WriteSecrets(w io.Writer, s *Secrets) error {
	b, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("secrets: %w", err)
	}
	if _, err := w.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("hand the job its secrets: %w", err)
	}
	return nil
}

// readSecrets reads what WriteSecrets wrote. Who should have written it may be
// gone, so it does not wait for ever.
func readSecrets(r io.Reader, patience time.Duration) (*Secrets, error) {
	type answer struct {
		line []byte
		err  error
	}
	came := make(chan answer, 1)
	go func() {
		line, err := bufio.NewReaderSize(io.LimitReader(r, maxSecrets), 64<<10).ReadBytes('\n')
		came <- answer{line, err}
	}()
	select {
	case a := <-came:
		if a.err != nil {
			return nil, fmt.Errorf("secrets on standard input: %w", a.err)
		}
		var s Secrets
		if err := json.Unmarshal(a.line, &s); err != nil {
			return nil, errors.New("secrets on standard input: not as this version of mlops writes them") // the error could quote them
		}
		return &s, nil
	case <-time.After(patience):
		return nil, fmt.Errorf("secrets on standard input: none came within %v", patience)
	}
}

// masks returns the set of all that is secret from the start. What is too short
// was said by whoever gave it.
func (s *Secrets) masks() *mask.Set {
	set := &mask.Set{}
	if s == nil {
		return set
	}
	for _, v := range s.Values {
		_ = set.Add(v)
	}
	for _, v := range s.Masks {
		_ = set.Add(v)
	}
	return set
}

// env returns the variables that hold secrets.
func (s *Secrets) env() []Var {
	if s == nil {
		return nil
	}
	return s.Env
}

// context is the secrets context.
func (s *Secrets) context() map[string]any {
	out := map[string]any{}
	if s != nil {
		for name, v := range s.Values {
			out[name] = v
		}
	}
	return out
}
