package view

import (
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/forge"
	"github.com/mlops-runner/mlops/runner/forge/actions"
)

// heartbeat is how often a running job says that it still runs.
const heartbeat = time.Minute

// github writes for the log of a workflow step. The output of a job is kept
// until the job has ended and then written as one group, so that jobs that run
// side by side do not mix; meanwhile a line a minute says that it runs.
//
// Commands go to Err like all progress: the runner reads them from both streams.
type github struct {
	mu     sync.Mutex // guards all below
	o      Options
	tell   teller
	late   []string // lines held back until something happens
	spools map[*job]*spool
	beat   map[*job]time.Time // when it was last told that the job runs
	notes  actions.Annotations
	sink   sink
	token  func() string // an unguessable word

	stop chan struct{}
	done chan struct{}
	once sync.Once // of stop
}

var _ View = (*github)(nil)

func newGitHub(o Options) *github {
	return &github{
		o: o, tell: newTeller(o),
		spools: map[*job]*spool{}, beat: map[*job]time.Time{},
		sink: sink{w: o.Err}, token: rand.Text,
		stop: make(chan struct{}), done: make(chan struct{}),
	}
}

func startGitHub(o Options) *github {
	g := newGitHub(o)
	go g.pulse()
	return g
}

// pulse lets running jobs tell that they run, until stop is closed.
func (g *github) pulse() {
	defer close(g.done)
	tick := time.NewTicker(heartbeat / 4)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			g.beats(g.o.Now())
		case <-g.stop:
			return
		}
	}
}

// beats writes a line for each running job that has not told anything for a minute.
func (g *github) beats(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, j := range g.tell.running {
		last := g.beat[j]
		if last.Before(j.started) {
			last = j.started
		}
		if now.Sub(last) < heartbeat {
			continue
		}
		g.beat[j] = now
		line := fmt.Sprintf("running for %s, step %s, %s of output", elapsed(now.Sub(j.started)), quoted(j.doing()), plural(j.lines, "line"))
		if latest := strings.TrimSpace(j.latest()); latest != "" {
			line += ", last: " + Crop(latest, 120)
		}
		g.say(g.tell.paint.in(j.color, j.id) + ": " + line)
	}
}

// Event implements [View].
func (g *github) Event(e runner.Event) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if e.Time.IsZero() {
		e.Time = g.o.Now()
	}
	lines := g.tell.apply(e)
	if len(lines) > 0 {
		g.spool(e.Job).write(lines)
	}
	switch e.Kind {
	case runner.JobEnded:
		g.ended(e)
	case runner.RunEnded:
		g.finish(e.Summary)
	case runner.Promoted:
		g.sink.keep(g.promoted(e))
	case runner.Notice:
		g.notes.Add(noticeOf(e))
		g.inside(e)
	case runner.StepStarted, runner.StepEnded:
		g.inside(e)
	case runner.RunStarted:
		g.late = append(g.late, g.tell.line(e))
	default:
		g.say(g.tell.line(e))
	}
}

// inside adds the line of an event to the output of its job.
func (g *github) inside(e runner.Event) {
	line := g.tell.line(e)
	switch {
	case line == "":
	case e.Job == "":
		g.say(line)
	default:
		j := g.tell.job(e.Job)
		line = strings.TrimPrefix(line, g.tell.paint.in(j.color, j.id)+": ")
		g.spool(e.Job).write([]byte(g.tell.paint.in(dim, "──") + " " + line + "\n"))
	}
}

func (g *github) spool(id string) *spool {
	j := g.tell.job(id)
	if g.spools[j] == nil {
		g.spools[j] = &spool{}
	}
	return g.spools[j]
}

// say writes a line outside of any group.
func (g *github) say(line string) {
	if line == "" {
		return
	}
	g.release()
	g.text(line)
}

// release writes the lines that were held back.
func (g *github) release() {
	for _, line := range g.late {
		g.text(line)
	}
	g.late = nil
}

// text writes lines that are no commands.
func (g *github) text(lines string) {
	for line := range strings.Lines(lines + "\n") {
		g.sink.write([]byte(inert(line)))
	}
}

// ended writes the block of a job.
func (g *github) ended(e runner.Event) {
	j := g.tell.job(e.Job)
	m := markOf(e.Status, e.Cached)
	line := g.tell.paint.in(m.color, m.sign) + " " + g.tell.line(e)
	s := g.spools[j]
	switch {
	case s != nil && !s.empty() && (j.lines > 0 || e.Status == "failure"):
		plain := g.tell
		plain.paint = false
		g.block(j, m.sign+" "+plain.line(e), s)
	case e.Cached && !g.o.Verbose:
		g.late = append(g.late, line)
	default:
		g.say(line)
	}
	if e.Status == "failure" {
		for _, reason := range g.tell.paint.reasons(e.Error, e.Fix) {
			g.say(reason)
		}
	}
}

// block writes the output of a job as a group with the result as its title.
func (g *github) block(j *job, title string, s *spool) {
	g.release()
	token := g.token() // made only now, when the job can no longer print it
	g.sink.write([]byte(actions.Command("group", inert(title)) + "\n::stop-commands::" + token + "\n"))
	clean := cleaner{color: g.o.Color}
	var buf, line []byte
	g.sink.keep(s.each(func(lines []byte) {
		buf = buf[:0]
		for l := range linesOf(lines) {
			line = clean.append(line[:0], l)
			buf = append(unmark(buf, line), '\n')
		}
		g.sink.write(buf)
	}))
	if s.lost > 0 {
		g.sink.write([]byte("… " + plural(s.lost, "line") + " not shown (" + logHint(g.tell.run, j.id) + ")\n"))
	}
	g.sink.write([]byte("::" + token + "::\n" + actions.Command("endgroup", "") + "\n"))
	s.close()
	delete(g.spools, j)
}

// finish writes the annotations, the summary, the job summary and the outputs.
func (g *github) finish(sum *runner.Summary) {
	g.late = nil
	g.unfinished()
	if sum == nil {
		g.annotate()
		return
	}
	r := newReporter(g.tell.state, sum, g.o)
	var failures []forge.Annotation
	for _, j := range failedJobs(sum) {
		failures = append(failures, r.failureOf(j))
	}
	g.notes.AddFirst(failures)
	g.annotate()
	g.sink.keep(r.write(inertWriter{g.o.Out}))
	g.sink.keep(g.summary(r))
	g.outputs(sum)
}

// summary adds the run to the summary of the step, as far as there is room.
func (g *github) summary(r reporter) error {
	room := g.step().SummaryRoom()
	if room == 0 {
		return nil
	}
	r.told = r.told && g.o.Summarized
	return g.step().AddSummary(r.markdown(room))
}

// promoted adds what became of a model to the summary of the step, unless a report
// there tells it.
func (g *github) promoted(e runner.Event) error {
	line := "Promotion: " + markdownText(e.Text) + "\n"
	if g.o.Summarized || g.step().SummaryRoom() < len(line) {
		return nil
	}
	return g.step().AddSummary(line)
}

// step is the workflow step that this is a part of, if it is.
func (g *github) step() actions.Step { return actions.Step{Getenv: g.o.Getenv, Token: g.token} }

// outputs sets the outputs of the step.
func (g *github) outputs(sum *runner.Summary) {
	values, err := outputsOf(sum)
	g.sink.keep(err)
	for _, v := range values {
		if len(v.value) > actions.MaxValue {
			g.text(fmt.Sprintf("output %q is not set: %s are more than GitHub takes", v.name, Bytes(int64(len(v.value)))))
			v.value = ""
		}
		if err := g.step().SetOutput(v.name, v.value); !errors.Is(err, actions.ErrNoStep) {
			g.sink.keep(err)
		}
	}
}

// unfinished writes what jobs printed that were never said to have ended.
func (g *github) unfinished() {
	for _, id := range slices.Sorted(maps.Keys(g.tell.jobs)) {
		j := g.tell.jobs[id]
		if rest := j.keep(j.text.flush()); len(rest) > 0 {
			g.spool(id).write(rest)
		}
		if s := g.spools[j]; s != nil && !s.empty() {
			g.block(j, j.id+": output so far", s)
		}
	}
}

// annotate writes the annotations that were not written yet.
func (g *github) annotate() {
	g.sink.keep(g.notes.Write(g.sink.w))
}

// Close implements [View].
func (g *github) Close() error {
	g.once.Do(func() { close(g.stop) })
	<-g.done
	g.mu.Lock()
	defer g.mu.Unlock()
	g.late = nil
	g.unfinished()
	g.annotate()
	return g.sink.err
}
