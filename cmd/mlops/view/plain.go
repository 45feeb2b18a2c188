package view

import (
	"io"
	"strings"
	"sync"

	"github.com/mlops-runner/mlops/runner"
)

// plain writes one line for each event and drops nothing.
type plain struct {
	mu   sync.Mutex // guards all below
	o    Options
	tell teller
	told bool     // anything was written to Err
	late []string // lines held back until something happens, so that a run without work stays silent
	buf  []byte
	sink sink
}

var _ View = (*plain)(nil)

func newPlain(o Options) *plain {
	return &plain{o: o, tell: newTeller(o), sink: sink{w: o.Err}}
}

// Event implements [View].
func (p *plain) Event(e runner.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Time.IsZero() {
		e.Time = p.o.Now()
	}
	lines := p.tell.apply(e)
	if len(lines) > 0 {
		p.output(p.tell.job(e.Job), lines)
	}
	if e.Kind == runner.RunEnded {
		p.finish(e)
		return
	}
	line := p.tell.line(e)
	if line == "" {
		return
	}
	if !p.o.Verbose && (e.Kind == runner.RunStarted || e.Kind == runner.JobEnded && e.Cached) {
		p.late = append(p.late, line)
		return
	}
	p.release()
	p.buf = append(append(p.buf[:0], line...), '\n')
	if e.Kind == runner.JobEnded && e.Status == "failure" {
		for _, reason := range p.tell.paint.reasons(e.Error, e.Fix) {
			p.buf = append(append(p.buf, reason...), '\n')
		}
	}
	p.write(p.buf)
}

func (p *plain) write(b []byte) {
	p.told = true
	p.sink.write(b)
}

// output writes lines of a job, which end with newlines, behind its name.
func (p *plain) output(j *job, lines []byte) {
	p.release()
	p.buf = prefixed(p.buf[:0], lines, p.tell.paint.in(j.color, j.id+" │")+" ", cleaner{color: p.o.Color})
	p.write(p.buf)
	if cap(p.buf) > maxBuffer {
		p.buf = nil
	}
}

// maxBuffer is how much memory a view keeps between events.
const maxBuffer = 4 << 20 // bytes

// release writes the lines that were held back.
func (p *plain) release() {
	if len(p.late) == 0 {
		return
	}
	p.write([]byte(strings.Join(p.late, "\n") + "\n"))
	p.late = nil
}

// finish writes the summary. What is still held back is not worth a line: the
// run had nothing to do, and the summary says so.
func (p *plain) finish(e runner.Event) {
	p.late = nil
	if e.Summary == nil {
		return
	}
	if p.told {
		p.sink.write([]byte("\n")) // where both streams are one, the summary stands apart
	}
	r := newReporter(p.tell.state, e.Summary, p.o)
	p.sink.keep(r.write(p.o.Out))
}

// Close implements [View].
func (p *plain) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.release()
	return p.sink.err
}

// A sink is a writer that remembers its first error and then stays quiet, so
// that a run goes on when nobody reads it any more.
type sink struct {
	w   io.Writer
	err error
}

func (s *sink) write(b []byte) {
	if s.err == nil && len(b) > 0 {
		_, s.err = s.w.Write(b)
	}
}

func (s *sink) keep(err error) {
	if s.err == nil {
		s.err = err
	}
}
