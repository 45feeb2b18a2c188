package docker

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"time"

	"github.com/mlops-runner/mlops/runner/agent"
)

// progress hands a job's events on, in order, and remembers what decides about
// the job. It has one user at a time.
type progress struct {
	watch  func(agent.Event)
	output bool              // whether the caller asked for Output events
	log    io.Writer         // takes Output bytes; nil when they are in the file already
	known  map[eventKey]bool // events delivered that the journal holds too
	ready  chan struct{}     // closed by the first event: the agent listens to signals
	once   sync.Once         // closes ready
	steps  []agent.StepResult
	step   int           // that started last; -1 before
	result *agent.Result // of the Ended event
	next   int           // the step that another agent is to go on with; 0 for none
	err    error         // of writing the log
}

// An eventKey tells events of one job apart.
type eventKey struct {
	kind agent.EventKind
	time int64 // unix nanoseconds
	step int
	text string
}

func keyOf(ev agent.Event) eventKey {
	return eventKey{ev.Kind, ev.Time.UnixNano(), ev.Step, ev.Text}
}

func newProgress(watch func(agent.Event), output bool) *progress {
	if watch == nil {
		watch = func(agent.Event) {}
	}
	return &progress{watch: watch, output: output, known: map[eventKey]bool{}, ready: make(chan struct{}), step: -1}
}

// renew prepares for the events of another agent of the same job.
func (p *progress) renew() {
	p.next, p.ready, p.once = 0, make(chan struct{}), sync.Once{}
}

// over reports whether the agent has said that it ended.
func (p *progress) over() bool { return p.result != nil || p.next > 0 }

// last reports whether an event is the last one of its agent.
func last(ev agent.Event) bool { return ev.Kind == agent.Ended || ev.Kind == agent.HandedOver }

// deliver hands on one event. The agent keeps a journal, and drops from its
// stream what a slow reader does not take, so an event may come from either.
func (p *progress) deliver(ev agent.Event) {
	p.once.Do(func() { close(p.ready) })
	switch ev.Kind {
	case agent.Output:
		p.deliverOutput(ev)
		return
	case agent.LogGrew:
	default:
		if p.known[keyOf(ev)] {
			return
		}
		p.known[keyOf(ev)] = true
	}
	p.note(ev)
	if ev.Kind != agent.HandedOver {
		p.watch(ev)
	}
}

// note remembers what an event says about the job.
func (p *progress) note(ev agent.Event) {
	switch ev.Kind {
	case agent.StepStarted:
		p.step = ev.Step
	case agent.StepEnded:
		if ev.Ended != nil {
			p.steps = append(p.steps, *ev.Ended)
		}
	case agent.Ended:
		p.result = ev.Result
	case agent.HandedOver:
		p.next = ev.Step
	}
}

// deliverOutput writes log bytes that came through the stream to the log here,
// and then says that it grew, unless the bytes themselves are wanted.
func (p *progress) deliverOutput(ev agent.Event) {
	if p.log != nil && p.err == nil {
		if _, err := p.log.Write(ev.Data); err != nil {
			p.err = fmt.Errorf("docker: write log: %w", err)
		}
	}
	if p.output {
		p.watch(ev)
	} else if p.log != nil {
		p.watch(agent.Event{Kind: agent.LogGrew, Time: ev.Time, Step: ev.Step, Offset: ev.Offset})
	}
}

// A demux reads standard output from an attached stream: frames of an 8-byte
// header (stream, three zeros, length) and their bytes. Standard error is kept
// apart; the agent prints there only what it dies of.
type demux struct {
	r      *bufio.Reader
	left   int // bytes of the current frame
	stderr *tail
}

func (d *demux) Read(p []byte) (int, error) {
	for d.left == 0 {
		if err := d.next(); err != nil {
			return 0, err
		}
	}
	n, err := d.r.Read(p[:min(len(p), d.left)])
	d.left -= n
	return n, err
}

// next moves to the next frame of standard output.
func (d *demux) next() error {
	var head [8]byte
	if _, err := io.ReadFull(d.r, head[:]); err != nil {
		return err
	}
	size := int(binary.BigEndian.Uint32(head[4:]))
	switch head[0] {
	case 1:
		d.left = size
		return nil
	case 2:
		_, err := io.CopyN(d.stderr, d.r, int64(size))
		return err
	default:
		return fmt.Errorf("docker: attached stream: unknown frame type %d", head[0])
	}
}

// A tail keeps the last bytes written to it. It is safe for concurrent use.
type tail struct {
	mu sync.Mutex
	b  []byte
}

const tailSize = 4 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	t.b = t.b[max(0, len(t.b)-tailSize):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.b))
}

// A journal reads events.jsonl while it grows. It goes on where an attached
// stream broke off.
type journal struct {
	control controlDir
	offset  int64
	grown   int64 // bytes of the log announced
}

// read delivers the events that are complete by now.
func (j *journal) read(p *progress) error {
	if size := j.control.logSize(); size > j.grown {
		j.grown = size // the journal has no events for this
		p.deliver(agent.Event{Kind: agent.LogGrew, Time: time.Now(), Step: max(0, p.step), Offset: size})
	}
	return j.events(func(ev agent.Event) bool { p.deliver(ev); return true })
}

// fill delivers the events that the stream dropped: all that stand in the
// journal before its end, or before the end of an agent.
func (j *journal) fill(p *progress) error {
	return j.events(func(ev agent.Event) bool {
		if !last(ev) {
			p.deliver(ev)
		}
		return !last(ev)
	})
}

// events calls each with every new event until it returns false.
func (j *journal) events(each func(agent.Event) bool) error {
	f, err := j.control.open(agent.EventsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // not yet
	}
	if err != nil {
		return fmt.Errorf("docker: read events: %w", err)
	}
	defer f.Close()
	if _, err := f.Seek(j.offset, io.SeekStart); err != nil {
		return err
	}
	for r := bufio.NewReader(f); ; {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil // the last line may be half-written
		}
		if err != nil {
			return err
		}
		j.offset += int64(len(line))
		var ev agent.Event
		if err := json.Unmarshal(line, &ev); err != nil {
			return fmt.Errorf("docker: %s before byte %d: %w", agent.EventsFile, j.offset, err)
		}
		if !each(ev) {
			return nil
		}
	}
}
