package history

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// MinValues is how many values a suggestion needs.
const MinValues = 5

// A Series is the history of one metric.
type Series struct {
	Name   string
	Better string // higher, lower, or "" if neither is known to be
	Unit   string
	Values []float64 // oldest first
}

// A Suggestion is a gate that a metric's history suggests.
type Suggestion struct {
	Metric   string  `json:"metric"`
	Gate     string  `json:"gate"` // expression of a mlops.yaml
	Test     Test    `json:"test"`
	Boundary float64 `json:"boundary"`
	Runs     int     `json:"runs"`   // in the history
	Alarms   int     `json:"alarms"` // of them the gate would have blocked, had the others set it
	Rate     float64 `json:"rate"`   // Alarms / Runs
	Why      string  `json:"why"`    // a sentence for people
}

// Suggest returns the gate that blocks what falls out of the history on the
// worse side, or on either if it is not known which that is. Thresholds are
// rounded to two digits of their distance from the center, outwards. How often
// the gate would block a run that is like the others is told by leaving out each
// value once. It fails with [ErrFew] for less than [MinValues], and where
// [Test.Limits] does.
func Suggest(s Series, t Test, b float64) (Suggestion, error) {
	if len(s.Values) < MinValues {
		return Suggestion{}, fmt.Errorf("%s: %w: %d, and %d are needed", s.Name, ErrFew, len(s.Values), MinValues)
	}
	l, err := t.Limits(s.Values, b)
	if err != nil {
		return Suggestion{}, fmt.Errorf("%s: %w", s.Name, err)
	}
	g := gateOf(s.Better, l.exact(s.Values))
	out := Suggestion{Metric: s.Name, Gate: g.expression(s.Name), Test: t, Boundary: b, Runs: len(s.Values)}
	for i := range s.Values {
		rest, err := t.Limits(slices.Delete(slices.Clone(s.Values), i, i+1), b)
		if err != nil {
			return Suggestion{}, fmt.Errorf("%s: without one value: %w", s.Name, err)
		}
		if !gateOf(s.Better, rest.exact(s.Values)).passes(s.Values[i]) {
			out.Alarms++
		}
	}
	out.Rate = float64(out.Alarms) / float64(out.Runs)
	out.Why = sentence(s, l, out)
	return out, nil
}

// exact returns the limits of a history that never moved without their room for
// rounding, which a person would not write: from the least of its values to the
// largest.
func (l Limits) exact(values []float64) Limits {
	if l.Constant && constant(values) {
		l.Low, l.High = slices.Min(values), slices.Max(values)
	}
	return l
}

// A gate asks that a metric be at least low and at most high; infinite for not at all.
type gate struct{ low, high float64 }

func gateOf(better string, l Limits) gate {
	g := gate{math.Inf(-1), math.Inf(1)}
	if better != "lower" {
		g.low = outwards(l.Low, l.Center)
	}
	if better != "higher" {
		g.high = outwards(l.High, l.Center)
	}
	return g
}

func (g gate) passes(x float64) bool { return x >= g.low && x <= g.high }

func (g gate) expression(name string) string {
	ref := reference(name)
	var parts []string
	if !math.IsInf(g.low, 0) {
		parts = append(parts, ref+" >= "+text(g.low))
	}
	if !math.IsInf(g.high, 0) {
		parts = append(parts, ref+" <= "+text(g.high))
	}
	return strings.Join(parts, " && ")
}

// outwards rounds a limit away from the center, to two digits of the distance
// between them: 0.90512 at 0.914 becomes 0.9051. Without a distance, as of a
// metric that never moved, it is as it was.
func outwards(limit, center float64) float64 {
	distance := math.Abs(limit - center)
	if distance <= rounding*math.Abs(center) {
		return limit
	}
	decimals := 1 - int(math.Floor(math.Log10(distance)))
	step := math.Pow10(-decimals)
	n := math.Floor(limit / step)
	if limit > center {
		n = math.Ceil(limit / step)
	}
	if off := n*step - limit; math.Abs(off) > 0.999999*step { // it was round before
		n -= math.Copysign(1, off)
	}
	if math.Abs(n) > 1e15 || math.IsInf(n*step, 0) || step == 0 {
		return limit
	}
	// The nearest number to its decimal text, which n*step need not be.
	f, err := strconv.ParseFloat(strconv.FormatFloat(n*step, 'f', max(0, decimals), 64), 64)
	if err != nil {
		return limit
	}
	return f
}

func text(f float64) string {
	if abs := math.Abs(f); f != 0 && (abs < 1e-6 || abs >= 1e15) {
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// reference writes a metric's name so that an expression can read it: auc,
// val.auc, metrics['recall@10'].
func reference(name string) string {
	parts := strings.Split(name, ".")
	var b strings.Builder
	reserved := slices.Contains([]string{"github", "params", "jobs", "metrics", "baseline", "inputs", "data", "true", "false", "null", "nan", "infinity"}, strings.ToLower(parts[0]))
	if reserved || !identifier(parts[0]) {
		b.WriteString("metrics")
	}
	for _, p := range parts {
		switch {
		case !identifier(p):
			b.WriteString("['" + strings.ReplaceAll(p, "'", "''") + "']")
		case b.Len() > 0:
			b.WriteString("." + p)
		default:
			b.WriteString(p)
		}
	}
	return b.String()
}

// identifier reports whether s is a name in expressions.
func identifier(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_':
		case i > 0 && ('0' <= c && c <= '9' || c == '-'):
		default:
			return false
		}
	}
	return s != ""
}

func sentence(s Series, l Limits, g Suggestion) string {
	center, unit := "mean", ""
	switch g.Test {
	case IQR, DeltaIQR:
		center = "median"
	}
	if s.Unit != "" {
		unit = " " + s.Unit
	}
	if l.Constant {
		return fmt.Sprintf("in %d runs it was always %s%s, so any move to the worse is one", g.Runs, brief(l.Center), unit)
	}
	_, v := Moments(s.Values)
	m, _ := Moments(s.Values)
	if center == "median" {
		_, m, _ = Quartiles(s.Values)
	}
	words := fmt.Sprintf("%d runs had a %s of %s%s and a standard deviation of %s", g.Runs, center, brief(m), unit, brief(math.Sqrt(v)))
	if often := oneIn(s.Better, g); often > 0 {
		words += fmt.Sprintf("; about 1 in %s like them falls outside by chance", brief(often))
	}
	return words + fmt.Sprintf("; had the others set it, it would have blocked %d of %d", g.Alarms, g.Runs)
}

// oneIn is in how many runs one falls outside by chance, by the test's own
// distribution; 0 if it has none.
func oneIn(better string, g Suggestion) float64 {
	sides := 1.0
	if better == "" {
		sides = 2
	}
	switch g.Test {
	case ZScore, TTest, LogNormal:
		return math.Round(1 / (sides * (1 - g.Boundary)))
	}
	return 0
}

// brief writes a number with four significant digits.
func brief(f float64) string {
	g, err := strconv.ParseFloat(strconv.FormatFloat(f, 'g', 4, 64), 64)
	if err != nil {
		return text(f)
	}
	if math.Abs(f) >= 1000 {
		g = math.Round(f)
	}
	return text(g)
}
