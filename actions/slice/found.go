package slice

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Found is a slice in which it is worse.
type Found struct {
	Values []Value
	Test           // against all other rows, by the values as they are
	Share  float64 // of the rows
	// Above is how far the mean is above that of all, as a share of Options.Scale: 0.26 is
	// 26 %. Of differences it is the mean itself. NaN without a scale.
	Above float64
	// Corrected is the p value of what the slices listed before leave of it, corrected for
	// all slices that were looked at.
	Corrected float64
	Examples  []int  // the rows with the highest values, the highest first, then by place
	bit       int    // in search.masks
	Sentence  string // "loss 26% above average where plan=free and age 18..30 (29,218 rows)"
}

// A Value is one condition of a slice.
type Value struct {
	Feature string
	Value   string
}

// String returns "plan=free", or "age 18..30" of a range.
func (v Value) String() string {
	if strings.Contains(v.Value, "..") {
		return v.Feature + " " + v.Value
	}
	return v.Feature + "=" + v.Value
}

func (s *search) describe(where []condition, corrected float64) Found {
	f := Found{Test: s.test(where), Corrected: corrected, Examples: s.examples(where)}
	for _, c := range where {
		f.Values = append(f.Values, Value{s.features[c.feature].Name, s.features[c.feature].Values[c.value]})
	}
	f.Share = float64(f.Rows) / float64(len(s.p.v))
	f.Above = f.Mean
	if !s.o.Difference {
		f.Above -= s.p.center
	}
	f.Above /= s.o.Scale
	if s.o.Scale == 0 {
		f.Above = math.NaN()
	}
	f.Sentence = f.sentence(s.o)
	return f
}

// examples returns the rows with the highest values.
func (s *search) examples(where []condition) []int {
	v, in := s.p.v, s.in(where)
	if s.original != nil {
		v = s.original
	}
	var best []int // places
	worse := func(a, b int) int { return cmp.Or(cmp.Compare(v[b], v[a]), cmp.Compare(s.p.row(a), s.p.row(b))) }
	for place := range v {
		if !in(place) || s.o.Examples <= 0 || len(best) == s.o.Examples && worse(place, best[len(best)-1]) > 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, place, worse)
		best = slices.Insert(best, at, place)
		best = best[:min(len(best), s.o.Examples)]
	}
	for i, place := range best {
		best[i] = s.p.row(place)
	}
	return best
}

// sentence tells of the slice.
func (f *Found) sentence(o Options) string {
	var where []string
	for _, v := range f.Values {
		where = append(where, v.String())
	}
	is := short(f.Mean, false) + ", elsewhere " + short(f.Rest, false) + ","
	switch {
	case o.Difference && math.IsNaN(f.Above):
		is = "up " + short(f.Mean, true) + ", elsewhere " + short(f.Rest, true) + ","
	case o.Difference:
		is = fmt.Sprintf("up %s (%s), elsewhere %s,", percent(f.Above), short(f.Mean, true), short(f.Rest, true))
	case !math.IsNaN(f.Above):
		is = percent(f.Above) + " above average"
	}
	return fmt.Sprintf("%s %s where %s (%s rows)", o.What, is, strings.Join(where, " and "), thousands(f.Rows))
}

// percent has two digits or what is before the point: 0.3%, 4.1%, 26%.
func percent(share float64) string {
	if p := 100 * share; p < 9.95 {
		return strconv.FormatFloat(p, 'f', 1, 64) + "%"
	}
	return thousands(int(math.Round(min(100*share, 1e15)))) + "%"
}

// short has three digits.
func short(v float64, signed bool) string {
	text := number(round(v, 3))
	if text, ok := strings.CutPrefix(text, "-"); ok {
		return "−" + text
	}
	if signed {
		return "+" + text
	}
	return text
}
