package view

import (
	"fmt"
	"strings"
	"time"
)

// patience is how long a job may be silent before its row says so.
const patience = 10 * time.Second

// rows returns the live rows: one for each running job, and one for the run.
// There are never more of them than half of the screen holds, and none is
// wider than the screen.
func (t teller) rows(now time.Time, width, height int) []string {
	budget := (height - 2) / 2
	jobs := t.running
	more := 0
	if len(jobs) > budget {
		more = len(jobs) - max(0, budget-1)
		jobs = jobs[:len(jobs)-more]
	}
	rows := t.jobRows(jobs, now, width)
	if more > 0 && budget > 0 {
		rows = append(rows, t.paint.in(dim, fmt.Sprintf("… and %d more", more)))
	}
	rows = append(rows, t.statusRow(now))
	for i, row := range rows {
		// The last column stays free: writing into it makes some terminals wrap.
		rows[i] = Crop(row, width-1)
	}
	return rows
}

func (t teller) jobRows(jobs []*job, now time.Time, width int) []string {
	longest := 0
	for _, j := range jobs {
		longest = max(longest, Width(j.id))
	}
	longest = min(longest, max(8, width/3))
	rows := make([]string, len(jobs))
	for i, j := range jobs {
		name := t.paint.in(j.color, pad(Crop(j.id, longest), longest, false))
		rows[i] = name + " " + pad(elapsed(now.Sub(j.started)), 7, true) + "  " + t.activity(j, now)
	}
	return rows
}

// activity says what a running job is at: its step and its newest output, or
// for how long it has been silent.
func (t teller) activity(j *job, now time.Time) string {
	silent := now.Sub(j.heard)
	if silent >= patience {
		text := "no output for " + elapsed(silent)
		if j.waiting != "" {
			text += ", " + j.waiting
		}
		return j.doing() + "  " + t.paint.in(yellow, text)
	}
	latest := strings.TrimSpace(j.latest())
	if latest == "" {
		return j.doing()
	}
	return j.doing() + "  " + t.paint.in(dim, latest)
}

// statusRow says how far the run is.
func (t teller) statusRow(now time.Time) string {
	done := Count(t.done)
	if t.total > 0 {
		done += "/" + Count(max(t.total, t.done))
	}
	parts := []string{done + " done"}
	for _, p := range []struct {
		n           int
		word, color string
	}{{t.cached, "cached", blue}, {t.failed, "failed", red}, {len(t.running), "running", ""}, {t.queued, "queued", ""}} {
		if p.n > 0 {
			parts = append(parts, t.paint.in(p.color, Count(p.n)+" "+p.word))
		}
	}
	row := t.paint.in(bold, t.pipeline) + "  " + strings.Join(parts, ", ")
	if !t.started.IsZero() {
		row += "  " + elapsed(now.Sub(t.started))
	}
	if t.waiting != "" {
		row += "  " + t.paint.in(yellow, "waiting: "+t.waiting)
	}
	return row
}
