package drift

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Test judges a column by a measure that other tools use in place of our rule.
// What the measure does to unchanged columns by chance is not taken off.
type Test struct {
	Name string  // one of [Tests]
	Warn float64 // from where on to warn; 0 means the measure's own
	Fail float64 // and to fail; 0 means the measure's own, or Warn if that was given
}

// A Measure is a figure by the name and with the thresholds of other tools.
type Measure struct {
	Name       string
	Is         string // what it is, in a few words
	Warn, Fail float64
	Least      bool // an alarm is a figure as low as the threshold: it is a probability
	Numbers    bool // it is for numbers alone
}

// Tests returns the measures, by name. The thresholds are those of Siddiqi for
// PSI, of Evidently's 0.1 for Jensen–Shannon and Wasserstein, of Deepchecks' 0.2 for
// Kolmogorov–Smirnov, of whylogs for Hellinger, the common 0.05 for probabilities;
// L∞ has none in TensorFlow Data Validation and has ours.
//
// On numbers ks, ks-p and wasserstein are of the histograms, the others of at most
// ten cells that hold about equally many of the base's numbers.
func Tests() []Measure {
	return []Measure{
		{Name: "chi2", Is: "p of the chi-square test", Warn: 0.05, Fail: 0.001, Least: true},
		{Name: "hellinger", Is: "Hellinger distance", Warn: 0.15, Fail: 0.4},
		{Name: "js", Is: "Jensen–Shannon distance, base 2", Warn: 0.1, Fail: 0.2},
		{Name: "ks", Is: "Kolmogorov–Smirnov statistic", Warn: 0.1, Fail: 0.2, Numbers: true},
		{Name: "ks-p", Is: "p of the Kolmogorov–Smirnov test", Warn: 0.05, Fail: 0.001, Least: true, Numbers: true},
		{Name: "linf", Is: "largest change of a share", Warn: 0.1, Fail: 0.2},
		{Name: "psi", Is: "population stability index", Warn: 0.1, Fail: 0.25},
		{Name: "tv", Is: "total variation", Warn: 0.1, Fail: 0.2},
		{Name: "wasserstein", Is: "Wasserstein distance in standard deviations", Warn: 0.1, Fail: 0.2, Numbers: true},
	}
}

// ParseTest reads a test as mlops.yaml has it: a name, behind it if wanted the
// value from where on it fails, or those from where on it warns and fails.
//
//	psi
//	psi 0.25
//	psi 0.1 0.25
//
// It fails with [ErrTest] or [ErrThreshold].
func ParseTest(text string) (Test, error) {
	words := strings.Fields(text)
	if len(words) == 0 || len(words) > 3 {
		return Test{}, fmt.Errorf("%w: %q; write a name such as psi, or psi 0.1 0.25", ErrTest, text)
	}
	t := Test{Name: words[0]}
	numbers := make([]float64, len(words)-1)
	for i, w := range words[1:] {
		v, err := strconv.ParseFloat(w, 64)
		if err != nil || !(v > 0) || math.IsInf(v, 1) {
			return Test{}, fmt.Errorf("%w: %q is no positive number", ErrThreshold, w)
		}
		numbers[i] = v
	}
	if len(numbers) > 0 {
		t.Warn, t.Fail = numbers[0], numbers[len(numbers)-1]
	}
	_, err := t.filled()
	return t, err
}

// filled returns the test with its measure's thresholds where it has none.
func (t Test) filled() (Test, error) {
	m, err := t.measure()
	if err != nil {
		return t, err
	}
	switch {
	case t.Fail == 0 && t.Warn != 0:
		t.Fail = t.Warn
	case t.Warn == 0 && t.Fail != 0:
		t.Warn = t.Fail
	case t.Warn == 0:
		t.Warn, t.Fail = m.Warn, m.Fail
	}
	if !(t.Warn > 0 && t.Fail > 0) || m.Least != (t.Fail < t.Warn) && t.Fail != t.Warn {
		return t, fmt.Errorf("%w: %s cannot warn from %v on and fail from %v on", ErrThreshold, t.Name, t.Warn, t.Fail)
	}
	return t, nil
}

func (t Test) measure() (Measure, error) {
	all := Tests()
	i := slices.IndexFunc(all, func(m Measure) bool { return m.Name == t.Name })
	if i < 0 {
		var names []string
		for _, m := range all {
			names = append(names, m.Name)
		}
		return Measure{}, fmt.Errorf("%w as %q; there are %s", ErrTest, t.Name, strings.Join(names, ", "))
	}
	return all[i], nil
}

// level returns how grave a figure is.
func (t Test) level(figure float64, least bool) Level {
	reaches := func(threshold float64) bool {
		if least {
			return figure <= threshold
		}
		return figure >= threshold
	}
	switch {
	case reaches(t.Fail):
		return Fail
	case reaches(t.Warn):
		return Warn
	}
	return ""
}

// measures returns the figures of a comparison by their names, those that exist.
// The exact p of Kolmogorov and Smirnov takes its time and is left out unless asked for.
func (c *comparison) measures(exact bool) map[string]float64 {
	if c.a == nil {
		return nil
	}
	figures := map[string]float64{}
	a, b := c.a, c.b
	if c.numbers {
		base, now, d := c.base.Numbers, c.now.Numbers, KS(a, b)
		figures["ks"], figures["ks-p"] = d, KSLimitP(d, base.Count, now.Count)
		figures["wasserstein"] = WassersteinNormed(base, now)
		if exact {
			figures["ks-p"] = KSP(d, base.Count, now.Count)
		}
		a, b = bins(a, b)
	}
	_, figures["chi2"] = ChiSquare(a, b)
	for name, distance := range map[string]func(a, b []float64) float64{"hellinger": Hellinger, "js": JS, "linf": Linf, "psi": PSI, "tv": TV} {
		figures[name] = distance(a, b)
	}
	for name, v := range figures {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			delete(figures, name)
		}
	}
	return figures
}
