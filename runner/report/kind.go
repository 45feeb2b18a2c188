package report

import (
	"fmt"
	"strings"

	"github.com/mlops-runner/mlops/runner/record"
)

// A standing says what a run has by the names of metrics that it lacks: text, null,
// or a list or an object, whose numbers are metrics of their own. Of several jobs
// that of the last counts, as with metrics.
type standing map[string]string

// newStanding looks through a run.
func newStanding(r *record.Run) standing {
	s := standing{}
	for _, j := range r.Jobs {
		for name, all := range lists(j.Metrics) {
			s[name] = "a list or object (" + all.text() + ")"
		}
		for name, kind := range j.NotNumbers {
			s[name] = kindOf(kind)
		}
	}
	return s
}

// A numbers is what stands below a list or an object.
type numbers struct {
	first string
	count int
}

// maxDepth is how deep lists and objects are looked for: a name may be all dots.
const maxDepth = 8

// lists returns the lists and objects that metrics are parts of, by name.
func lists(ms []record.Metric) map[string]numbers {
	out := map[string]numbers{}
	for _, m := range ms {
		if len(m.Slice) > 0 {
			continue
		}
		for depth, at := 0, strings.IndexByte(m.Name, '.'); depth < maxDepth && at >= 0; depth++ {
			n := out[m.Name[:at]]
			if n.count++; n.count == 1 {
				n.first = m.Name
			}
			out[m.Name[:at]] = n
			next := strings.IndexByte(m.Name[at+1:], '.')
			if next < 0 {
				break
			}
			at += 1 + next
		}
	}
	return out
}

func (n numbers) text() string {
	if n.count == 1 {
		return n.first
	}
	return fmt.Sprintf("%s and %d more", n.first, n.count-1)
}

// became says what stands in the run in the place of a metric; "" if nothing does.
func (c *comparison) became(name string, slice map[string]string) string {
	if c.now == nil {
		c.now = newStanding(c.head)
	}
	if is := c.now[name]; len(slice) == 0 && is != "" {
		return "a number in the baseline, " + is + " now"
	}
	return ""
}

// was says what stands in the baseline in the place of a metric; "" if nothing does.
func (c *comparison) was(name string, slice map[string]string) string {
	if c.before == nil {
		c.before = newStanding(c.base)
	}
	if is := c.before[name]; len(slice) == 0 && is != "" {
		return is + " in the baseline, a number now"
	}
	return ""
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
