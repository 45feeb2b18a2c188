package docker

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/docker/go-units"
)

// A message is one line of the stream with which engines report on pulls,
// builds, imports and loads.
type message struct {
	ID          string `json:"id"`
	Status      string `json:"status"`
	Stream      string `json:"stream"`
	Detail      detail `json:"progressDetail"`
	Error       string `json:"error"`
	ErrorDetail struct {
		Message string `json:"message"`
	} `json:"errorDetail"`
}

// A detail is how much of a layer has come.
type detail struct {
	Current int64 `json:"current"` // bytes
	Total   int64 `json:"total"`   // bytes
}

// readMessages reads such a stream to its end, or to the error it reports. A
// stream that ends otherwise is brokenOff.
func readMessages(r io.Reader, each func(message)) error {
	dec := json.NewDecoder(r)
	for {
		var m message
		err := dec.Decode(&m)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return brokenOff{fmt.Errorf("read the engine's report: %w", err)}
		}
		if text := cmp.Or(m.ErrorDetail.Message, m.Error); text != "" {
			return errors.New(text)
		}
		each(m)
	}
}

// progressEvery is how often at most a pull says how far it is.
const progressEvery = 2 * time.Second

// pullProgress turns the messages of a pull, hundreds a second, into a few
// lines: how many layers have come, and how many bytes of those whose size is
// known by now.
type pullProgress struct {
	name   string
	tell   func(string) // nil for nobody
	now    func() time.Time
	last   time.Time // of the last line, or of the beginning
	layers map[string]*layer
	began  time.Time // of the first byte
}

type layer struct {
	detail
	done bool
}

func (p *pullProgress) note(m message) {
	if p.layers == nil {
		p.layers = map[string]*layer{}
	}
	switch m.Status {
	case "Pulling fs layer", "Waiting":
		p.layer(m.ID)
	case "Downloading":
		if p.began.IsZero() {
			p.began = p.now()
		}
		p.layer(m.ID).detail = m.Detail
	case "Verifying Checksum", "Download complete", "Extracting", "Pull complete", "Already exists":
		l := p.layer(m.ID)
		l.done, l.Current = true, l.Total
	}
	if now := p.now(); len(p.layers) > 0 && now.Sub(p.last) >= progressEvery {
		p.last = now
		tell(p.tell, "pulling %s: %s", p.name, p.state(now))
	}
}

func (p *pullProgress) layer(id string) *layer {
	l := p.layers[id]
	if l == nil {
		l = &layer{}
		p.layers[id] = l
	}
	return l
}

// state is how far the pull is, and how long it goes on at this pace.
func (p *pullProgress) state(now time.Time) string {
	var done int
	var have, all int64
	for _, l := range p.layers {
		have, all = have+l.Current, all+l.Total
		if l.done {
			done++
		}
	}
	if all > 0 && have == all && done == len(p.layers) {
		return fmt.Sprintf("%d layers, %s, unpacking", done, units.HumanSize(float64(all)))
	}
	s := fmt.Sprintf("%d of %d layers", done, len(p.layers))
	if all > 0 {
		s += fmt.Sprintf(", %s of %s", units.HumanSize(float64(have)), units.HumanSize(float64(all)))
	}
	if have > 0 && have < all && !p.began.IsZero() {
		left := time.Duration(float64(now.Sub(p.began)) * float64(all-have) / float64(have))
		s += fmt.Sprintf(", about %s left", left.Round(time.Second))
	}
	return s
}
