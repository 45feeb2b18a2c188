package columns

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/spec"
)

// render writes a column line that [spec.ParseColumn] reads as c.
func render(c spec.Column) string {
	head := c.Type
	add := func(s string) { head = strings.TrimSpace(head + " " + s) }
	switch {
	case c.Values != nil:
		if len(c.Rules) == 0 && c.Level == "" && (head == "string" || head == "text") {
			head = "" // [a, b] alone is a list in YAML too
		}
		add(listText(c.Values))
	case c.Pattern != "":
		add("/" + strings.ReplaceAll(c.Pattern, "/", `\/`) + "/")
	case c.Range != nil:
		add(rangeText(*c.Range, c.Type))
	}
	var parts []string
	if head != "" {
		parts = append(parts, head)
	}
	for _, r := range c.Rules {
		if r.Range == nil {
			parts = append(parts, r.Word)
		} else {
			parts = append(parts, r.Word+" "+rangeText(*r.Range, ""))
		}
	}
	if c.Level != "" {
		parts = append(parts, c.Level)
	}
	if parts == nil {
		return "null ..100%" // which demands nothing
	}
	text := parts[0]
	for _, p := range parts[1:] {
		if strings.HasSuffix(text, "..") {
			text += " "
		}
		text += ", " + p
	}
	return text
}

// listText writes values in brackets, quoted where they would be read otherwise.
func listText(values []string) string {
	var list []string
	for _, v := range values {
		plain := v != "" && v == strings.TrimSpace(v) && !strings.ContainsAny(v, `,"'`)
		switch {
		case plain:
			list = append(list, v)
		case strings.Contains(v, `"`):
			list = append(list, "'"+v+"'")
		default:
			list = append(list, `"`+v+`"`)
		}
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// rangeText writes a range of values of a type, or of what a rule is about if typ
// is "".
func rangeText(r spec.Range, typ string) string {
	text := func(x float64) string {
		switch {
		case math.IsInf(x, 0):
			return ""
		case r.Percent:
			return strconv.FormatFloat(math.Round(x*1e12)/1e10, 'f', -1, 64) + "%"
		case typ == "date":
			return time.Unix(int64(x)*86400, 0).UTC().Format(time.DateOnly)
		case typ == "datetime":
			return timeText(time.UnixMicro(int64(x)).UTC())
		}
		return strconv.FormatFloat(x+0, 'f', -1, 64) // +0 makes 0 of -0
	}
	low, high := text(r.Min), text(r.Max)
	if low == high {
		return low
	}
	return low + ".." + high
}

func timeText(t time.Time) string {
	if t.Equal(t.Truncate(24 * time.Hour)) {
		return t.Format(time.DateOnly)
	}
	return t.Format(time.RFC3339Nano)
}
