package mlflow

import (
	"os"
	"time"
)

// tagLost says of a run that the server ended it, and why.
const tagLost = "mlops.lost"

// Lost says why the server took the run's client for dead and ended the run; it is empty
// for all other runs.
func (r *Run) Lost() string { return r.Tags[tagLost] }

// revive lets a run go on that was taken for lost.
func (c *change) revive() { c.Status, c.Ended, c.Untag = running, 0, tagLost }

// endLost ends runs that nothing was logged to since, as of when something was. Nobody
// can know whether their clients live; the tag says what is known.
func (s *Server) endLost(since time.Time) {
	for _, t := range s.all() {
		t.mu.Lock()
		if t.log != nil && !t.run.over() && t.run.Stage == active && t.last.Before(since) {
			s.told(t, s.end(t))
		}
		t.mu.Unlock()
	}
}

func (s *Server) end(t *tracked) error {
	why := "nothing was logged to it for " + s.o.Lost.String()
	if err := s.change(t, &change{Status: killed, Ended: t.last.UnixMilli(), Tags: []pair{{tagLost, why}}}); err != nil {
		return err
	}
	return s.seal(t)
}

// lastChange is when a log was written to last.
func lastChange(path string) time.Time {
	st, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return st.ModTime()
}
