package columns

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"

	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
	"github.com/mlops-runner/mlops/spec"
)

// A Breach is a part of a line that a profile breaks.
type Breach struct {
	Part   string // type, range, values, pattern, or the word of a rule
	Reason string // what there is in place of what is demanded, in English
}

// Judge returns what of a line a profile's column surely breaks, in the order of
// the line. Parts that a profile cannot tell are held to be kept: a pattern by values
// that are not listed, all values being different when that is an estimate, and the
// further words of actions.
func Judge(line spec.Column, c *profile.Column) []Breach {
	var bs []Breach
	add := func(part, reason string) {
		if reason != "" {
			bs = append(bs, Breach{part, reason})
		}
	}
	add("type", judgeType(line.Type, c))
	if len(bs) > 0 || values(c) == 0 && c.Infinite == 0 {
		return append(bs, judgeRules(line.Rules, c)...)
	}
	add("range", judgeRange(line, c))
	add("values", judgeValues(line.Values, c))
	add("pattern", judgePattern(line.Pattern, c))
	return append(bs, judgeRules(line.Rules, c)...)
}

func judgeType(typ string, c *profile.Column) string {
	if typ == "" || c.Kind == table.Unknown || ofType(typ, c) {
		return ""
	}
	return fmt.Sprintf("it is %s and not %s", c.Kind, typ)
}

// ofType reports whether the values of a column can all be of a type, as a data
// check reads them.
func ofType(typ string, c *profile.Column) bool {
	n := c.Numbers
	switch k := c.Kind; typ {
	case "text":
		return k == table.Text
	case "int":
		return k == table.Int || k == table.Float && c.NaNs+c.Infinite == 0 && (n == nil || n.Count == 0 || whole(c))
	case "float":
		return k == table.Float || k == table.Int
	case "bool":
		return k == table.Bool || k == table.Int && (n == nil || n.Count == 0 || n.Min >= 0 && n.Max <= 1)
	case "datetime":
		return k == table.Time || k == table.Date
	default:
		return k.String() == typ
	}
}

// whole reports whether no number is surely a fraction.
func whole(c *profile.Column) bool {
	return c.Numbers.Min == math.Trunc(c.Numbers.Min) && c.Numbers.Max == math.Trunc(c.Numbers.Max) &&
		!slices.ContainsFunc(c.Values, func(v profile.Value) bool {
			x, err := strconv.ParseFloat(v.Text, 64)
			return v.Count > v.Over && err == nil && x != math.Trunc(x)
		})
}

func judgeRange(line spec.Column, c *profile.Column) string {
	r := line.Range
	if r == nil || c.Numbers == nil || line.Type == "string" || line.Type == "text" {
		return ""
	}
	n := c.Numbers
	scale := scaleOf(line.Type, c)
	switch {
	case n.Count > 0 && n.Min*scale < r.Min:
		return outside(line.Type, n.Min*scale, "less", r.Min)
	case n.Count > 0 && n.Max*scale > r.Max:
		return outside(line.Type, n.Max*scale, "more", r.Max)
	case c.NaNs > 0:
		return "there are NaNs, which lie in no range"
	case c.Infinite > 0 && !math.IsInf(r.Min, -1) && !math.IsInf(r.Max, 1):
		return "there are infinite values"
	}
	return ""
}

// scaleOf returns what the numbers of a column are multiplied by to be of a type:
// dates are read as times.
func scaleOf(typ string, c *profile.Column) float64 {
	if typ == "datetime" && c.Kind == table.Date {
		return microsADay
	}
	return 1
}

func outside(typ string, x float64, how string, bound float64) string {
	text := func(x float64) string { return rangeText(spec.Range{Min: x, Max: x}, typ) }
	return fmt.Sprintf("%s is %s than %s", text(x), how, text(bound))
}

func judgeValues(list []string, c *profile.Column) string {
	if list == nil {
		return ""
	}
	var first string
	news := 0
	for _, v := range c.Values {
		if v.Count > v.Over && !slices.Contains(list, v.Text) {
			if news++; news == 1 {
				first = v.Text
			}
		}
	}
	switch {
	case news == 1:
		return fmt.Sprintf("%q is not in the list", first)
	case news > 1:
		return fmt.Sprintf("%q and %d more are not in the list", first, news-1)
	case !c.Exact:
		return fmt.Sprintf("there are about %d values", c.Distinct())
	}
	return ""
}

func judgePattern(pattern string, c *profile.Column) string {
	if pattern == "" || c.Kind != table.Text {
		return ""
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return err.Error()
	}
	for _, v := range c.Values {
		if v.Count > v.Over && !re.MatchString(v.Text) {
			return fmt.Sprintf("%q does not match", v.Text)
		}
	}
	return ""
}

func judgeRules(rules []spec.ColumnRule, c *profile.Column) []Breach {
	var bs []Breach
	isNull := func(r spec.ColumnRule) bool { return r.Word == "null" }
	if nulls(c) > 0 && !slices.ContainsFunc(rules, isNull) {
		bs = append(bs, Breach{"null", fmt.Sprintf("%s of rows are null", percent(missing(c)))})
	}
	for _, r := range rules {
		if r.Word == "unique" && (repeats(c) || float64(c.Distinct()) < 0.9*float64(values(c))) {
			bs = append(bs, Breach{r.Word, fmt.Sprintf("there are %d different values of %d", c.Distinct(), values(c))})
		}
		if r.Range == nil {
			continue
		}
		low, high, ok := figure(r, c)
		text := func(x float64) string { return rangeText(spec.Range{Min: x, Max: x, Percent: r.Range.Percent}, "") }
		switch {
		case !ok:
		case low < r.Range.Min:
			bs = append(bs, Breach{r.Word, fmt.Sprintf("%s is less than %s", text(round(low)), text(r.Range.Min))})
		case high > r.Range.Max:
			bs = append(bs, Breach{r.Word, fmt.Sprintf("%s is more than %s", text(round(high)), text(r.Range.Max))})
		}
	}
	return bs
}

// percent writes a share with up to four digits.
func percent(share float64) string {
	return rangeText(spec.Range{Min: round(share), Max: round(share), Percent: true}, "")
}

// round keeps four digits, which is what a person reads of a figure.
func round(x float64) float64 {
	v, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 4, 64), 64)
	if err != nil {
		return x
	}
	return v
}

// figure returns what a rule is about, from its least to its largest, and whether
// the profile tells it.
func figure(r spec.ColumnRule, c *profile.Column) (low, high float64, ok bool) {
	one := func(x float64) (float64, float64, bool) { return x, x, !math.IsNaN(x) }
	part := func(n, of int64) (float64, float64, bool) {
		if asShare(*r.Range) {
			return one(float64(n) / float64(of))
		}
		return one(float64(n))
	}
	numbers := c.Kind != table.Text && c.Numbers != nil && c.Numbers.Count > 0 && c.NaNs+c.Infinite == 0
	switch {
	case r.Word == "null" && c.Rows > 0:
		return part(nulls(c), c.Rows)
	case (r.Word == "true" || r.Word == "false") && c.Kind == table.Bool && values(c) > 0:
		return part(countOf(c, r.Word), values(c))
	case r.Word == "distinct" && c.Exact && values(c) > 0:
		return part(c.Distinct(), values(c))
	case r.Word == "length" && c.Lengths != nil && c.Lengths.Count > 0:
		return c.Lengths.Min, c.Lengths.Max, true
	case r.Word == "mean" && numbers:
		return one(c.Numbers.Mean)
	case r.Word == "std" && numbers:
		return one(c.Numbers.Std())
	case r.Word == "min" && numbers:
		return one(c.Numbers.Min)
	case r.Word == "max" && numbers:
		return one(c.Numbers.Max)
	}
	return 0, 0, false
}

// asShare reports whether a range of rows is one of shares: where its bounds are
// percentages or fractions.
func asShare(r spec.Range) bool {
	fraction := func(x float64) bool { return !math.IsInf(x, 0) && x != math.Trunc(x) }
	return r.Percent || fraction(r.Min) || fraction(r.Max)
}
