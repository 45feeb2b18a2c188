package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
)

// unit says how values are shown.
type unit string

const (
	seconds unit = "s" // shown as s, ms or µs
	size    unit = "B" // bytes, shown as MB
)

// A series is a contestant's samples.
type series struct {
	Name    string        `json:"name"`
	Role    role          `json:"role"`
	Skip    string        `json:"skip,omitempty"`
	Samples []measurement `json:"samples,omitempty"`
}

func (s series) quantile(q float64) float64 {
	values := make([]float64, len(s.Samples))
	for i, m := range s.Samples {
		values[i] = m.Value
	}
	return quantile(values, q)
}

// memory is the largest peak of the samples, in bytes.
func (s series) memory() int64 {
	var most int64
	for _, m := range s.Samples {
		most = max(most, m.Memory)
	}
	return most
}

// costs are what the samples took beside their values, as far as it is known:
// medians, and the largest memory.
func (s series) costs() (text string) {
	var cpu, faults []float64
	for _, m := range s.Samples {
		cpu, faults = append(cpu, m.CPU), append(faults, float64(m.Faults))
	}
	if c := quantile(cpu, 0.5); c > 0 {
		text += fmt.Sprintf("  %s CPU", seconds.format(c))
	}
	if f := quantile(faults, 0.5); f > 0 {
		text += fmt.Sprintf("  %.0f faults", f)
	}
	if m := s.memory(); m > 0 {
		text += fmt.Sprintf("  %s peak", size.format(float64(m)))
	}
	return text
}

// A verdict is a target with what was measured.
type verdict struct {
	Of      string  `json:"of,omitempty"` // reference; "" for an absolute limit
	Limit   float64 `json:"limit"`
	Value   float64 `json:"value"`   // ratio of medians, or the median of ours
	Outcome string  `json:"outcome"` // ok, MISS or SKIP
}

// A result is a measured row.
type result struct {
	Row         string    `json:"row"`
	Work        string    `json:"work"`
	Unit        unit      `json:"unit"`
	Contestants []series  `json:"contestants,omitempty"`
	Verdicts    []verdict `json:"verdicts,omitempty"`
	Error       string    `json:"error,omitempty"` // why it could not be measured

	targets []target
}

// judge fills in the verdicts: ours, the first contestant, against each target.
// A pass that cannot be believed is an error.
func (r *result) judge() {
	median := r.Contestants[0].quantile(0.5)
	if why := r.incredible(median); why != "" {
		r.Error = fmt.Sprintf("%s: a median of %s is not credible: %s", r.Contestants[0].Name, r.Unit.format(median), why)
		return
	}
	for _, t := range r.targets {
		v := verdict{Of: t.of, Limit: t.limit, Value: median, Outcome: "SKIP"}
		if t.of != "" {
			v.Value /= r.series(t.of).quantile(0.5)
		}
		// The median of no samples is NaN, and so is the ratio to it.
		switch {
		case math.IsNaN(v.Value):
			v.Value = 0
		case v.Value <= t.limit:
			v.Outcome = "ok"
		default:
			v.Outcome = "MISS"
		}
		r.Verdicts = append(r.Verdicts, v)
	}
}

// incredible says why work was not done that took this long: it took no time,
// or half of what a floor takes, which nobody can leave out. Otherwise "".
func (r *result) incredible(median float64) string {
	if median <= 0 {
		return "no time"
	}
	for _, s := range r.Contestants {
		if s.Role == floor && median < s.quantile(0.5)/2 {
			return fmt.Sprintf("less than half of the floor, %s", s.Name)
		}
	}
	return ""
}

// series returns the contestant called name, or an empty one.
func (r *result) series(name string) series {
	for _, s := range r.Contestants {
		if s.Name == name {
			return s
		}
	}
	return series{}
}

// write prints the row: a line for each contestant, then one for each target.
func (r *result) write(w io.Writer) {
	fmt.Fprintf(w, "\n%s: %s\n", r.Row, r.Work)
	if r.Error != "" {
		fmt.Fprintf(w, "  ERROR %s\n", r.Error)
		return
	}
	for _, s := range r.Contestants {
		r.writeSeries(w, s)
	}
	for _, v := range r.Verdicts {
		fmt.Fprintf(w, "  %-4s  %s\n", v.Outcome, v.text(r.Contestants[0], r.Unit))
	}
}

func (r *result) writeSeries(w io.Writer, s series) {
	if s.Skip != "" {
		fmt.Fprintf(w, "  SKIP %s %s: %s\n", s.Role, s.Name, s.Skip)
		return
	}
	median := s.quantile(0.5)
	line := fmt.Sprintf("  %-5s %-34s %10s  (%s … %s, n=%d)", s.Role, s.Name, r.Unit.format(median),
		r.Unit.format(s.quantile(0.25)), r.Unit.format(s.quantile(0.75)), len(s.Samples))
	line += s.costs()
	if s.Role != ours {
		if base := r.Contestants[0]; len(base.Samples) > 0 {
			line += fmt.Sprintf("  ours is %.3g ×", base.quantile(0.5)/median)
		}
	}
	fmt.Fprintln(w, line)
}

// text says what was wanted and what was found.
func (v verdict) text(first series, u unit) string {
	if v.Of == "" {
		return fmt.Sprintf("%s: %s, wanted ≤ %s", first.Name, u.format(v.Value), u.format(v.Limit))
	}
	if v.Outcome == "SKIP" {
		return fmt.Sprintf("against %s: not measured, wanted ≤ %.3g ×", v.Of, v.Limit)
	}
	return fmt.Sprintf("against %s: %.3g ×, wanted ≤ %.3g ×", v.Of, v.Value, v.Limit)
}

// format shows a value with three digits that count and its unit.
func (u unit) format(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	if u == size {
		return fmt.Sprintf("%.1f MB", v/1e6)
	}
	switch a := math.Abs(v); {
	case a >= 1:
		return fmt.Sprintf("%.2f s", v)
	case a >= 1e-3:
		return fmt.Sprintf("%.2f ms", v*1e3)
	default:
		return fmt.Sprintf("%.1f µs", v*1e6)
	}
}

// writeSummary prints one line for each verdict, the misses last, and returns
// how many rows could not be measured.
func writeSummary(w io.Writer, results []result) int {
	counts := map[string]int{}
	failed := 0
	var lines strings.Builder
	for _, r := range results {
		if r.Error != "" {
			failed++
			fmt.Fprintf(&lines, "  ERROR %s\n", r.Row)
		}
		for _, v := range r.Verdicts {
			counts[v.Outcome]++
			fmt.Fprintf(&lines, "  %-5s %-22s %s\n", v.Outcome, r.Row, v.text(r.Contestants[0], r.Unit))
		}
	}
	fmt.Fprintf(w, "\n%d ok, %d MISS, %d SKIP, %d not measured\n%s", counts["ok"], counts["MISS"], counts["SKIP"], failed, lines.String())
	return failed
}

// writeJSON writes the machine's facts and all samples to a file.
func writeJSON(path string, m facts, results []result) error {
	data, err := json.MarshalIndent(struct {
		Machine facts    `json:"machine"`
		Rows    []result `json:"rows"`
	}{m, results}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}
