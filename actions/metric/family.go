package metric

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// A family is a metric before its argument is known.
type family struct {
	Metric           // without what depends on the argument
	aliases []string // other names, as keys of words joined by _
	named   string   // name with an argument, which stands for *; "" for NAME_at_*
	shown   string   // displayed name with an argument; "" for DISPLAY at *
	usual   float64  // the argument if none is given; 0 for none
	must    string   // how to write it, if an argument must be given
	best    bool     // there is one "at best"
	with    func(*Metric)
}

// families lists all metrics that there are.
func families() []family {
	return slices.Concat(binaryFamilies(), cellFamilies(), classFamilies(), regressionFamilies(), rankingFamilies(), forecastFamilies())
}

// metric returns the family's metric with an argument.
func (f family) metric(a Arg) Metric {
	m := f.Metric
	a.Kind = f.Arg.Kind
	m.Family, m.Arg = f.Name, a
	if text := a.text(); text != "" {
		m.Name = strings.ReplaceAll(or(f.named, f.Name+"_at_*"), "*", nameOf(text))
		m.Display = strings.ReplaceAll(or(f.shown, f.Display+" at *"), "*", text)
	}
	if f.with != nil {
		f.with(&m)
	}
	return m
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// nameOf writes an argument with letters, digits and _ alone.
func nameOf(text string) string {
	return strings.NewReplacer("-", "minus_", ".", "_", "%", "pct").Replace(text)
}

// text returns the argument as people write it, "" if there is none.
func (a Arg) text() string {
	switch {
	case a.Best:
		return "best"
	case !a.Given:
		return ""
	case a.Kind == Share:
		return strconv.FormatFloat(rounded(a.Value*100), 'f', -1, 64) + "%"
	}
	return strconv.FormatFloat(a.Value, 'f', -1, 64)
}

// argDigits is how many digits arguments may have, so that names are read as what
// they were written from.
const argDigits = 12

func rounded(v float64) float64 {
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', argDigits, 64), 64)
	return v
}

// All returns every metric, with its usual argument where it takes one, in the order of
// the documentation.
func All() []Metric {
	var all []Metric
	for _, f := range families() {
		all = append(all, f.metric(Arg{Value: f.usual, Given: f.usual != 0}))
	}
	return all
}

// Own returns an own metric: the weighted mean of the values that rows have for it in
// [Rows.Own] under its name. It is one for all tasks.
func Own(name string, better Better) Metric {
	return Metric{
		Name: name, Display: name, Family: name, Tasks: Tasks(), Better: better, Low: math.Inf(-1), High: math.Inf(1),
		Doc: "Mean of the values of " + name + ".", Formula: "mean(value)", Kind: Mean,
		PerRow: func(r *Rows) []float64 { return r.Own[name] },
		check: func(r *Rows) error {
			switch values, ok := r.Own[name]; {
			case !ok:
				return &RowsError{Fault: Missing, Metric: name, Field: "Own"}
			case len(values) != r.Len():
				return &RowsError{Fault: BadLength, Metric: name, Field: "Own", Value: float64(len(values))}
			default:
				return faults(values, NotFinite, "Own", finite)
			}
		},
	}
}
