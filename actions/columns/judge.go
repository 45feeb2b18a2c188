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
	var fits bool
	switch k := c.Kind; typ {
	case "", "string", "text":
		fits = true // all can be read as texts
	case "float":
		fits = k == table.Float || k == table.Int
	case "datetime":
		fits = k == table.Time || k == table.Date
	default:
		fits = k.String() == typ
	}
	if fits || c.Kind == table.Unknown {
		return ""
	}
	return fmt.Sprintf("it is %s and not %s", c.Kind, typ)
}

func judgeRange(line spec.Column, c *profile.Column) string {
	r := line.Range
	if r == nil || c.Numbers == nil || line.Type == "string" || line.Type == "text" {
		return ""
	}
	n := c.Numbers
	scale := 1.0
	if line.Type == "datetime" && c.Kind == table.Date {
		scale = microsADay
	}
	switch {
	case n.Count > 0 && n.Min*scale < r.Min:
		return outside(line.Type, n.Min*scale, "less", r.Min)
	case n.Count > 0 && n.Max*scale > r.Max:
		return outside(line.Type, n.Max*scale, "more", r.Max)
	case c.Infinite > 0 && !math.IsInf(r.Min, -1) && !math.IsInf(r.Max, 1):
		return "there are infinite values"
	}
	return ""
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
	numbers := c.Kind != table.Text && c.Numbers != nil && c.Numbers.Count > 0
	switch {
	case r.Word == "null":
		return one(missing(c))
	case (r.Word == "true" || r.Word == "false") && c.Kind == table.Bool && values(c) > 0:
		return one(shareOf(c, r.Word))
	case r.Word == "distinct" && c.Exact && r.Range.Percent:
		return one(float64(c.Distinct()) / max(1, float64(values(c))))
	case r.Word == "distinct" && c.Exact:
		return one(float64(c.Distinct()))
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
