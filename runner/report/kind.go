package report

import (
	"fmt"
	"strings"

	"github.com/mlops-runner/mlops/runner/record"
)

// What a metric was or became where a run has none of its name: its file may have
// text there, null, or a list or an object, whose numbers are metrics of their own.

// became says what stands in the run in the place of a metric; "" if nothing does.
func (c *comparison) became(name string, slice map[string]string) string {
	if is := inPlace(c.head, name); len(slice) == 0 && is != "" {
		return "a number in the baseline, " + is + " now"
	}
	return ""
}

// was says what stands in the baseline in the place of a metric; "" if nothing does.
func (c *comparison) was(name string, slice map[string]string) string {
	if is := inPlace(c.base, name); len(slice) == 0 && is != "" {
		return is + " in the baseline, a number now"
	}
	return ""
}

// inPlace says what a run has by the name of a metric that it lacks. That of the
// last job counts, as with metrics.
func inPlace(r *record.Run, name string) string {
	is := ""
	for _, j := range r.Jobs {
		if kind := j.NotNumbers[name]; kind != "" {
			is = kindOf(kind)
		} else if first, n := below(j.Metrics, name); n > 0 {
			is = "a list or object (" + few(first, n) + ")"
		}
	}
	return is
}

// below are the metrics of a list or an object: their number, and the first.
func below(ms []record.Metric, name string) (first string, n int) {
	for _, m := range ms {
		if len(m.Name) <= len(name) || m.Name[len(name)] != '.' || !strings.HasPrefix(m.Name, name) || len(m.Slice) > 0 {
			continue
		}
		if n++; n == 1 {
			first = m.Name
		}
	}
	return first, n
}

func few(first string, n int) string {
	if n == 1 {
		return first
	}
	return fmt.Sprintf("%s and %d more", first, n-1)
}

// kindOf is a kind of value in words.
func kindOf(kind string) string {
	switch kind {
	case record.Bool:
		return "true or false"
	case record.Text, record.Null:
		return kind
	}
	return "a number"
}

// absent is what a run has in the place of metrics, by lower-case name.
func absent(r *record.Run) map[string]string {
	out := map[string]string{}
	for _, j := range r.Jobs {
		for name, kind := range j.NotNumbers {
			out[strings.ToLower(name)] = "it is " + kindOf(kind)
		}
	}
	return out
}
