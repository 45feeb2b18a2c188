package trigger

import (
	"maps"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// Version is the content version of a dataset: a digest of its files' paths and
// digests, whatever their order. No files have the zero digest.
func Version(files map[string]store.Digest) store.Digest {
	if len(files) == 0 {
		return store.Digest{}
	}
	var b strings.Builder
	for _, path := range slices.Sorted(maps.Keys(files)) {
		b.WriteString(files[path].String() + " " + path + "\n")
	}
	return store.Sum([]byte(b.String()))
}

// Recorded returns the versions of the datasets that a run read, by name.
func Recorded(r *record.Run) map[string]store.Digest {
	files := map[string]map[string]store.Digest{}
	for _, in := range r.Inputs() {
		if in.Name == "" {
			continue
		}
		if files[in.Name] == nil {
			files[in.Name] = map[string]store.Digest{}
		}
		files[in.Name][in.Path] = in.Digest
	}
	out := make(map[string]store.Digest, len(files))
	for name, f := range files {
		out[name] = Version(f)
	}
	return out
}

// NewData returns an event for each named dataset whose version now is another
// than the last recorded one, or was never recorded, in the order of the names.
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
