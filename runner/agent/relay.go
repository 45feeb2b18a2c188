package agent

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// A Relay lets several agents go through one job with Spec.Isolate, each in a
// place of its own with the same workspace and control directory. Whoever places
// them starts one after the other: the first with Next 0 and then, each time an
// agent ends with a [HandedOver] event and not with [Ended], another one with
// that event's Step. An agent runs one step, and before it hands over goes on to
// the next that is to run, so that steps which are skipped cost no place.
//
// What one agent has to tell the next may be secret, and the steps can read and
// write the control directory that it lies in. So it is sealed with Key, which
// is in memory and on standard inputs alone.
type Relay struct {
	Key  []byte `json:"key"` // 32 random bytes, the same for all agents of a job
	Next int    `json:"next"`
}

// NewRelay returns the relay for the first agent of a job.
func NewRelay() *Relay { return &Relay{Key: NewKey()} }

// maxBaton is how long a baton may be, in bytes: outputs, summary, metric lines
// and the end of a log all have limits of their own, far below.
const maxBaton = 1 << 30

// A baton is what the agents before have left.
type baton struct {
	Started time.Time    `json:"started"` // the job
	Steps   []StepResult `json:"steps"`   // those before Relay.Next, with all outputs
	Failed  int          `json:"failed"`
	Stopped int          `json:"stopped"`
	Env     []Var        `json:"env,omitempty"`   // what steps added
	Path    string       `json:"path,omitempty"`  // PATH, if steps added to it
	Masks   []string     `json:"masks,omitempty"` // all that is secret

	Outputs    map[string]string `json:"outputs,omitempty"`
	Summary    string            `json:"summary,omitempty"`
	MetricText string            `json:"metricText,omitempty"`
	ReportText string            `json:"reportText,omitempty"`
	Kept       []KeptFile        `json:"kept,omitempty"`

	Ended   Reason    `json:"ended,omitempty"`   // timeout or canceled: only steps that clean up are left
	Cleanup time.Time `json:"cleanup,omitempty"` // when these must have ended; zero if none began
	Log     logState  `json:"log"`
}

// errCanceled is the cause with which a job goes on that was cancelled before.
var errCanceled = errors.New("cancelled")

// cause is why a job's context has ended already, or nil.
func (b *baton) cause() error {
	switch b.Ended {
	case ReasonNone:
		return nil
	case ReasonTimeout:
		return errJobTimeout
	}
	return errCanceled
}

// log is where the log stands; nil if nobody wrote one before.
func (b *baton) log() *logState {
	if b == nil {
		return nil
	}
	return &b.Log
}

// receive opens the baton that the agent before has left; nil for the first.
func (r *Relay) receive(control string) (*baton, error) {
	if r == nil || r.Next == 0 {
		return nil, nil
	}
	root, err := os.OpenRoot(control)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	sealed, err := readRegular(root, BatonFile, maxBaton)
	if err != nil {
		return nil, fmt.Errorf("baton: %w", err)
	}
	seal, err := r.seal()
	if err != nil {
		return nil, err
	}
	if len(sealed) < seal.NonceSize() {
		return nil, errors.New("baton: too short")
	}
	nonce, text := sealed[:seal.NonceSize()], sealed[seal.NonceSize():]
	plain, err := seal.Open(nil, nonce, text, r.place(r.Next))
	if err != nil {
		return nil, errors.New("baton: not what the agent before has left")
	}
	b := &baton{}
	if err := json.Unmarshal(plain, b); err != nil {
		return nil, fmt.Errorf("baton: %w", err)
	}
	if len(b.Steps) != r.Next {
		return nil, fmt.Errorf("baton: %d steps before step %d", len(b.Steps), r.Next)
	}
	return b, nil
}

// leave seals a baton for the agent that begins with step next.
func (r *Relay) leave(control string, b *baton, next int) error {
	plain, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("baton: %w", err)
	}
	seal, err := r.seal()
	if err != nil {
		return err
	}
	nonce := make([]byte, seal.NonceSize(), seal.NonceSize()+len(plain)+seal.Overhead())
	_, _ = rand.Read(nonce) // never fails
	if err := writeOwn(control, BatonFile, seal.Seal(nonce, nonce, plain, r.place(next)), 0o600); err != nil {
		return fmt.Errorf("baton: %w", err)
	}
	return nil
}

func (r *Relay) seal() (cipher.AEAD, error) {
	c, err := aes.NewCipher(r.Key)
	if err != nil {
		return nil, fmt.Errorf("baton: %w", err)
	}
	return cipher.NewGCM(c)
}

// place is bound to a seal, so that no step can put back the baton of another time.
func (r *Relay) place(next int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(next)) }

// takeUp goes on where the agent before has stopped.
func (j *job) takeUp(b *baton) {
	if b == nil {
		return
	}
	for i, r := range b.Steps {
		j.results[i], j.ended[i] = r, true
	}
	j.failed, j.stopped = b.Failed, b.Stopped
	j.added = b.Env
	j.env.set(b.Env...)
	if j.pathAdded = b.Path != ""; j.pathAdded {
		j.env.set(Var{"PATH", b.Path})
	}
	j.result.Outputs, j.result.Summary, j.result.MetricText = b.Outputs, b.Summary, b.MetricText
	j.result.ReportText, j.result.Kept = b.ReportText, b.Kept
	if !b.Cleanup.IsZero() {
		j.cleanup, j.freeCleanup = context.WithDeadlineCause(context.WithoutCancel(j.ctx), b.Cleanup, errJobTimeout)
	}
}

// handOver ends this agent's part of a job: what its step left is killed, and
// all that the next agent has to know is in its place. After an error the job
// can only be finished, without the steps that are left.
func (j *job) handOver(next int) error {
	if err := j.endProcesses(); err != nil {
		return err
	}
	// The next agent makes them anew, whatever a step put in their place.
	if err := os.RemoveAll(filepath.Join(j.spec.Control, "step")); err != nil {
		return err
	}
	j.stopWatch()
	if j.killed() {
		return ErrKill
	}
	if err := j.learnt.close(); err != nil {
		return fmt.Errorf("values that the job masked: %w", err)
	}
	b := j.baton(next)
	var err error
	if b.Log, err = j.log.suspend(); err != nil {
		return fmt.Errorf("log: %w", err)
	}
	if err := j.place.relay.leave(j.spec.Control, b, next); err != nil {
		return err
	}
	e := Event{Kind: HandedOver, Time: time.Now().UTC(), Step: next}
	if err := j.events.last(e); err != nil {
		return fmt.Errorf("events: %w", err)
	}
	j.log.abandon()
	j.close()
	j.events.emit(e)
	return nil
}

// baton is what is known before step next.
func (j *job) baton(next int) *baton {
	b := &baton{
		Started: j.result.Started, Steps: j.results[:next], Failed: j.failed, Stopped: j.stopped,
		Env: j.added, Masks: j.masks.Values(),
		Outputs: j.result.Outputs, Summary: j.result.Summary, MetricText: j.result.MetricText,
		ReportText: j.result.ReportText, Kept: j.result.Kept,
	}
	if j.pathAdded {
		b.Path = j.env.get("PATH")
	}
	if j.ctx.Err() != nil {
		b.Ended = ReasonCanceled
		if errors.Is(context.Cause(j.ctx), errJobTimeout) {
			b.Ended = ReasonTimeout
		}
	}
	if j.cleanup != nil {
		b.Cleanup, _ = j.cleanup.Deadline()
	}
	return b
}

// dropBaton removes what the next agent would have read.
func (j *job) dropBaton() {
	if j.place.relay != nil {
		_ = os.Remove(filepath.Join(j.spec.Control, BatonFile))
	}
}
