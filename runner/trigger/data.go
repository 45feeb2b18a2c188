package trigger

import "github.com/mlops-runner/mlops/runner/store"

// NewData returns an event for each named dataset whose version now is another
// than the last one that was read, or was never read, in the order of the names.
// A dataset without files now starts nothing.
func NewData(names []string, now, last map[string]store.Digest) []*Event {
	var out []*Event
	for _, name := range names {
		if v := now[name]; !v.IsZero() && v != last[name] {
			out = append(out, &Event{Name: Data, Dataset: name})
		}
	}
	return out
}
