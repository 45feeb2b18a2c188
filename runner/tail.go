package runner

import (
	"bytes"
	"fmt"
	"os"
	"syscall"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/plan"
)

// A tail turns an agent's events into those of the run. The output of a job is
// read from its log file, whole lines at a time.
type tail struct {
	watch   *watcher
	node    *plan.Node
	log     *os.File
	control string
	sent    int64 // bytes of the log that were shown
	rest    []byte
}

func newTail(w *watcher, n *plan.Node, control string) *tail {
	return &tail{watch: w, node: n, control: control}
}

// event is called by the executor, from one goroutine at a time.
func (t *tail) event(e agent.Event) {
	switch e.Kind {
	case agent.StepStarted:
		t.send(Event{Kind: StepStarted, Time: e.Time, Step: e.Step, Text: t.node.Steps[e.Step].Name})
	case agent.StepEnded:
		t.upTo(e.Offset)
		t.stepEnded(e)
	case agent.LogGrew:
		t.upTo(e.Offset)
	case agent.Output:
		t.sent = e.Offset
		t.lines(e.Data)
	case agent.Notice:
		t.upTo(e.Offset)
		t.send(Event{Kind: Notice, Time: e.Time, Step: e.Step, Level: e.Level, Text: e.Text, File: e.File, Line: e.Line})
	case agent.Waiting:
		t.send(Event{Kind: Waiting, Time: e.Time, Text: e.Text})
	}
}

func (t *tail) send(e Event) {
	e.Job = t.node.ID
	t.watch.send(e)
}

func (t *tail) stepEnded(e agent.Event) {
	if e.Ended == nil {
		return
	}
	t.flush()
	t.send(Event{Kind: StepEnded, Time: e.Time, Step: e.Step, Status: string(e.Ended.Conclusion), Reason: string(e.Ended.Reason),
		Exit: e.Ended.Exit, Wall: e.Ended.Wall, Error: e.Ended.Error})
}

// chunk is how much of a log is read and shown at once.
const chunk = 256 << 10

// upTo shows the log up to an offset, as far as it is readable here.
func (t *tail) upTo(offset int64) {
	if t.watch.watch == nil || offset <= t.sent || !t.open() {
		return
	}
	buf := make([]byte, min(chunk, offset-t.sent))
	for t.sent < offset {
		n, err := t.log.ReadAt(buf[:min(int64(len(buf)), offset-t.sent)], t.sent)
		t.sent += int64(n)
		t.lines(buf[:n])
		if err != nil || n == 0 {
			return
		}
	}
}

func (t *tail) open() bool {
	if t.log != nil {
		return true
	}
	f, err := openControl(t.control, agent.LogFile)
	t.log = f
	return err == nil
}

// openControl opens a regular file of a control folder. The job can write
// there, so links out of it are not followed and nobody waits for a pipe.
func openControl(control, name string) (*os.File, error) {
	root, err := os.OpenRoot(control)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return openFile(root, name)
}

// openFile opens a regular file of a folder that a job can write to.
func openFile(root *os.Root, name string) (*os.File, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		f.Close()
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	return f, nil
}

// lines shows whole lines and keeps the rest for the next call.
func (t *tail) lines(data []byte) {
	end := bytes.LastIndexByte(data, '\n') + 1
	if end == 0 {
		t.rest = append(t.rest, data...)
		if len(t.rest) > chunk {
			t.flush()
		}
		return
	}
	whole := append(t.rest, data[:end]...)
	t.rest = append([]byte(nil), data[end:]...)
	t.send(Event{Kind: JobOutput, Data: whole})
}

// flush shows a last line without its newline.
func (t *tail) flush() {
	if len(t.rest) > 0 {
		t.send(Event{Kind: JobOutput, Data: t.rest})
		t.rest = nil
	}
}

// finish shows what is left of the log.
func (t *tail) finish() {
	if t.watch.watch != nil && t.open() {
		if st, err := t.log.Stat(); err == nil {
			t.upTo(st.Size())
		}
	}
	t.flush()
	if t.log != nil {
		t.log.Close()
	}
}
