package runner

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/mask"
)

// serviceMasks take out of the logs of services what is secret: the secrets of
// the run, and what the job masked while it ran, which its agent knows first.
type serviceMasks struct {
	set    *mask.Set
	values []string // that the job masked
	blind  error    // they cannot be read
}

// learn reads what an attempt masked.
func (x *execution) learn(control string) *serviceMasks {
	m := &serviceMasks{set: x.masks()}
	f, err := openControl(control, agent.LearntFile)
	if errors.Is(err, fs.ErrNotExist) {
		return m // its agent never began
	}
	if err == nil {
		m.values, err = agent.ReadLearnt(f, x.key)
		f.Close()
	}
	m.blind = err
	for _, v := range m.values {
		_ = m.set.Add(v) // the agent kept none that is too short
	}
	return m
}

// join adds what another attempt masked. nil is nothing.
func (m *serviceMasks) join(other *serviceMasks) *serviceMasks {
	switch {
	case m == nil:
		return other
	case other == nil:
		return m
	}
	for _, v := range other.values {
		_ = m.set.Add(v)
	}
	return &serviceMasks{m.set, slices.Concat(m.values, other.values), errors.Join(m.blind, other.blind)}
}

// apply masks a log. One of which nobody knows what is secret in it is not shown.
func (m *serviceMasks) apply(text []byte) []byte {
	if m.blind != nil {
		return fmt.Appendf(nil, "mlops: this log is left out, since it is not known what to mask in it: %v\n", m.blind)
	}
	return m.set.Bytes(text)
}
