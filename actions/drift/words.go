package drift

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
)

// movedNumbers says where numbers went: "23% up, median 34 → 41".
func movedNumbers(base, now *profile.Column, d, sign float64) string {
	way := "down"
	if sign > 0 {
		way = "up"
	}
	for _, q := range []struct {
		name  string
		share float64
	}{{"median", 0.5}, {"upper tenth", 0.9}, {"lower tenth", 0.1}} {
		x, y := base.Numbers.Quantile(q.share), now.Numbers.Quantile(q.share)
		if from, to := valueText(base.Kind, x), valueText(now.Kind, y); from != to {
			return fmt.Sprintf("%s %s, %s %s → %s", percent(d), way, q.name, from, to)
		}
	}
	return fmt.Sprintf("%s %s", percent(d), way)
}

// mostNamed is how many categories a phrase names.
const mostNamed = 3

// A change is that of the share of one category.
type change struct {
	name     string
	from, to float64
}

func (c change) size() float64 { return math.Abs(c.to - c.from) }

// movedCategories names the categories whose shares changed most, those that grew
// first: "15% changed, pro 20% → 34%, free 60% → 47%".
func movedCategories(c categories, size float64) string {
	n, m := total(c.a), total(c.b)
	var most []change // the largest first
	for i, name := range c.names {
		ch := change{name, c.a[i] / n, c.b[i] / m}
		if len(most) == mostNamed && ch.size() <= most[mostNamed-1].size() {
			continue
		}
		if name == "" && i == len(c.names)-1 {
			ch.name = "others"
		}
		at, _ := slices.BinarySearchFunc(most, ch, func(have, new change) int {
			if have.size() >= new.size() {
				return -1
			}
			return 1
		})
		most = slices.Insert(most, at, ch)
		most = most[:min(len(most), mostNamed)]
	}
	sort.SliceStable(most, func(i, j int) bool { return cmp.Compare(most[i].to-most[i].from, most[j].to-most[j].from) > 0 })
	text := percent(size) + " changed"
	for _, ch := range most {
		text += fmt.Sprintf(", %s %s → %s", quoted(ch.name), percent(ch.from), percent(ch.to))
	}
	return text
}

func movedShare(what string, from, to float64) string {
	return fmt.Sprintf("%s %s → %s", what, percent(from), percent(to))
}

// movedUnseen names new categories, the commonest first.
func movedUnseen(names []string, share float64) string {
	return fmt.Sprintf("%s of rows have new values: %s", percent(share), shortList(names))
}

// shortList names the first values of a list.
func shortList(names []string) string {
	var list []string
	for _, name := range names[:min(len(names), mostNamed)] {
		list = append(list, quoted(name))
	}
	text := strings.Join(list, ", ")
	if more := len(names) - len(list); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func needsRows(n int64) string { return "needs " + thousands(n) + " rows" }

func sameWords(size float64) string { return percent(size) + " moved" }

// learntWords says why the threshold of warning is not the one that was asked for,
// and why that of failing is.
func learntWords(share, fail float64) string {
	words := fmt.Sprintf("; moves up to %s from run to run by itself", percent(share))
	if share > fail {
		words += ", which fails from " + percent(fail) + " on even so"
	}
	return words
}

// percent writes a share with two digits at least where it is not whole.
func percent(share float64) string {
	p := share * 100
	switch {
	case p != 0 && math.Abs(p) < 0.1:
		return strconv.FormatFloat(p, 'g', 1, 64) + "%"
	case math.Abs(p) < 9.95 && p != 0:
		return strings.TrimSuffix(strconv.FormatFloat(p, 'f', 1, 64), ".0") + "%"
	}
	return strconv.FormatFloat(p, 'f', 0, 64) + "%"
}

// mostShown is how many characters of a category are shown.
const mostShown = 40

// quoted cuts a category short and quotes it where it could be taken for words of
// the phrase.
func quoted(name string) string {
	r := []rune(name)
	if len(r) > mostShown {
		name = string(r[:mostShown]) + "…"
	}
	if name == "" || strings.ContainsFunc(name, func(c rune) bool { return c == ',' || c == '"' || c < ' ' || c == ' ' }) {
		return strconv.Quote(name)
	}
	return name
}

// valueText writes a number as its column has it.
func valueText(k table.Kind, x float64) string {
	switch k {
	case table.Date:
		return time.Unix(int64(math.Floor(x))*86400, 0).UTC().Format(time.DateOnly)
	case table.Time:
		return time.UnixMicro(int64(x)).UTC().Format("2006-01-02 15:04")
	}
	return figureText(x)
}

// figureText writes a number with three digits or all that are before the point.
func figureText(x float64) string {
	switch a := math.Abs(x); {
	case a >= 1e15 || a > 0 && a < 1e-4:
		return strconv.FormatFloat(x, 'g', 3, 64)
	case a >= 1000:
		return thousands(int64(math.Round(x)))
	case a >= 100 || x == math.Trunc(x):
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	s := strconv.FormatFloat(x, 'g', 3, 64)
	return s
}

// thousands writes a whole number with commas.
func thousands(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}
