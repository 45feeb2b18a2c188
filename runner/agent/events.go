package agent

import (
	"encoding/json"
	"os"
	"sync"
	"time"

	"github.com/mlops-runner/mlops/runner/mask"
)

// An emitter hands events to the sink one at a time and keeps those that a
// later reader needs in events.jsonl.
type emitter struct {
	masks *mask.Set

	mu   sync.Mutex // one event at a time; guards all below
	sink func(Event)
	file *os.File
	err  error // the first that writing the file met
}

// openEvents opens the file anew, or with more to go on with it.
func openEvents(dir string, masks *mask.Set, sink func(Event), more bool) (*emitter, error) {
	flags := os.O_WRONLY | os.O_TRUNC
	if more {
		flags = os.O_WRONLY | os.O_APPEND
	}
	f, err := reopenOwn(dir, EventsFile, flags)
	if err != nil {
		return nil, err
	}
	return &emitter{masks: masks, sink: sink, file: f}, nil
}

// emit stamps and sends e, its text masked.
func (m *emitter) emit(e Event) {
	e.Text, e.File = m.masks.Text(e.Text), m.masks.Text(e.File)
	m.mu.Lock()
	defer m.mu.Unlock()
	if e.Time.IsZero() {
		e.Time = time.Now().UTC()
	}
	if e.Kind != Output && e.Kind != LogGrew {
		m.keep(e)
	}
	if m.sink != nil {
		m.sink(e)
	}
}

func (m *emitter) keep(e Event) {
	if m.file == nil || m.err != nil {
		return
	}
	line, err := json.Marshal(e)
	if err == nil {
		_, err = m.file.Write(append(line, '\n'))
	}
	m.err = err
}

// last writes the job's end to the file, which is then complete. The sink gets
// the same event from [emitter.finish], when the Result is in its place.
func (m *emitter) last(e Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keep(e)
	if m.file == nil {
		return m.err
	}
	if err := m.file.Close(); m.err == nil {
		m.err = err
	}
	m.file = nil
	return m.err
}
