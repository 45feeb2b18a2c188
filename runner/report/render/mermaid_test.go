package render

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/runner/report"
)

// The tests below read charts as Mermaid does: by the rules of its lexer and its
// grammar of XY charts (mermaid-js/mermaid, diagrams/xychart/parser/xychart.jison),
// of which the first rule that matches wins, whatever its length.

// A lexRule matches in some states of the lexer. push enters a state, "-" leaves
// it; token "" is skipped.
type lexRule struct {
	states, pattern, token, push string
}

// plainStates are those in which rules without a state match too.
const plainStates = "initial axis band data inner"

func lexRules() []lexRule {
	return []lexRule{
		{"", `%%[^\n]*`, "", ""}, {"", `[^}]%%[^\n]*`, "", ""},
		{"axis", `\r?\n`, "eol", "-"}, {"data", `\r?\n`, "eol", "-"}, {"", `[\n\r]+`, "eol", ""},
		{"", `title\b`, "title", ""},
		{"", `accTitle\s*:\s*`, "accTitle", "value"}, {"", `accDescr\s*:\s*`, "accDescr", "value"}, {"value", `[^\n]*`, "value", "-"},
		{"", `xychart-beta\b`, "chart", ""}, {"", `xychart\b`, "chart", ""}, {"", `(vertical|horizontal)\b`, "orientation", ""},
		{"", `x-axis\b`, "x-axis", "axis"}, {"", `y-axis\b`, "y-axis", "axis"},
		{"axis", `\[`, "[", "band"}, {"axis", `-->`, "-->", ""},
		{"", `line\b`, "line", "data"}, {"", `bar\b`, "bar", "data"}, {"data", `\[`, "[", "inner"},
		{"axis inner", `[+-]?(\d+(\.\d+)?|\.\d+)`, "number", ""}, {"inner band", `\]`, "]", "-"},
		{"", "\"`", "", "markdown"}, {"markdown", "`\"", "", "-"}, {"markdown", "[^`]+", "text", ""},
		{"", `"`, "", "string"}, {"string", `"`, "", "-"}, {"string", `[^"]*`, "text", ""},
		{"", `\[`, "[", ""}, {"", `\]`, "]", ""}, {"", `[A-Za-z]+`, "word", ""}, {"", `:`, ":", ""}, {"", `,`, ",", ""},
		{"", `[+=*#_.&-]`, "word", ""}, {"", `[0-9]+`, "word", ""}, {"", `\s+`, "", ""}, {"", `;`, "eol", ""},
	}
}

type mermaidToken struct{ kind, text string }

// lexMermaid returns the tokens of a chart.
func lexMermaid(chart string) ([]mermaidToken, error) {
	type compiled struct {
		lexRule
		re *regexp.Regexp
	}
	var rules []compiled
	for _, r := range lexRules() {
		rules = append(rules, compiled{r, regexp.MustCompile(`^(?i:` + r.pattern + `)`)})
	}
	states := []string{"initial"}
	var out []mermaidToken
next:
	for rest := chart; rest != ""; {
		state := states[len(states)-1]
		for _, r := range rules {
			if r.states == "" && !strings.Contains(plainStates, state) || r.states != "" && !slices.Contains(strings.Fields(r.states), state) {
				continue
			}
			text := r.re.FindString(rest)
			if text == "" {
				continue
			}
			rest = rest[len(text):]
			switch r.push {
			case "":
			case "-":
				states = states[:len(states)-1]
			default:
				states = append(states, r.push)
			}
			if r.token != "" {
				out = append(out, mermaidToken{r.token, text})
			}
			continue next
		}
		return nil, fmt.Errorf("in state %s: nothing begins with %.40q", state, rest)
	}
	if last := states[len(states)-1]; slices.Contains([]string{"string", "markdown", "band", "inner"}, last) {
		return nil, fmt.Errorf("the chart ends in state %s", last)
	}
	return out, nil
}

// A mermaidParser reads the tokens of a chart.
type mermaidParser struct {
	tokens []mermaidToken
	bands  int // labels of the x-axis
	lines  [][]float64
	low    float64
	high   float64
}

func (p *mermaidParser) peek() string {
	if len(p.tokens) == 0 {
		return "end"
	}
	return p.tokens[0].kind
}

// take takes a token of a kind.
func (p *mermaidParser) take(kind string) string {
	if p.peek() != kind {
		panic(fmt.Sprintf("%s where %s was wanted", p.peek(), kind))
	}
	text := p.tokens[0].text
	p.tokens = p.tokens[1:]
	return text
}

func (p *mermaidParser) number() float64 {
	v, err := strconv.ParseFloat(p.take("number"), 64)
	if err != nil {
		panic(err)
	}
	return v
}

// words takes a text: quoted, or of letters, digits and a few signs.
func (p *mermaidParser) words() {
	if p.peek() == "text" {
		p.take("text")
		return
	}
	for p.take("word"); p.peek() == "word"; {
		p.take("word")
	}
}

func (p *mermaidParser) list(item func()) {
	p.take("[")
	for item(); p.peek() == ","; item() {
		p.take(",")
	}
	p.take("]")
}

func (p *mermaidParser) axis() {
	if k := p.peek(); k == "text" || k == "word" {
		p.words()
	}
	switch p.peek() {
	case "[":
		p.list(func() { p.words(); p.bands++ })
	case "number":
		p.low = p.number()
		p.take("-->")
		p.high = p.number()
	}
}

func (p *mermaidParser) statement() {
	switch k := p.peek(); k {
	case "title":
		p.take(k)
		p.words()
	case "accTitle", "accDescr":
		p.take(k)
		p.take("value")
	case "x-axis", "y-axis":
		p.take(k)
		p.axis()
	case "line", "bar":
		p.take(k)
		if p.peek() != "[" {
			p.words()
		}
		var vs []float64
		p.list(func() { vs = append(vs, p.number()) })
		p.lines = append(p.lines, vs)
	default:
		panic(k + " begins no statement")
	}
}

// parseMermaid reads a chart, or says why Mermaid would show an error in its place.
func parseMermaid(chart string) (p *mermaidParser, err error) {
	tokens, err := lexMermaid(chart)
	if err != nil {
		return nil, err
	}
	p = &mermaidParser{tokens: tokens}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v, before %.3v", r, p.tokens)
		}
	}()
	for p.peek() == "eol" {
		p.take("eol")
	}
	for p.take("chart"); p.peek() != "end"; {
		if p.peek() == "eol" {
			p.take("eol")
			continue
		}
		p.statement()
	}
	return p, nil
}

// What the parser makes of charts was seen with Mermaid's own.
func TestMermaidParser(t *testing.T) {
	t.Parallel()
	for chart, ok := range map[string]bool{
		"xychart-beta\n title \"a b\"\n x-axis [1, 2]\n y-axis \"y\" 0 --> 1\n line [0.5, -.5]": true,
		"xychart\n accTitle: a\n accDescr: b; c \"d\"\n line [1]":                               true,
		"xychart-beta\n line [1, x]":                         false,
		"xychart-beta\n line [1e5]":                          false,
		"xychart-beta\n line []":                             false,
		"xychart-beta\n line [1,]":                           false,
		"xychart-beta\n title \"a \\\" b\"\n line [1]":       false,
		"xychart-beta\n title \"a":                           false,
		"xychart-beta\n title a b c\n y-axis 0 -> 1":         false,
		"xychart-beta\n x-axis [1e+06, 2]":                   true, // letters, + and digits are a text
		"xychart-beta\n x-axis [(a), 2]":                     false,
		"line [1]":                                           false,
		"xychart-beta\n line [1]\n```\n":                     false,
		"xychart-beta\n title \"`a` b\"\n line [1]\n ::x":    false,
		"xychart-beta\n title größe\n line [1]":              false,
		"xychart-beta\n title \"größe\"\n line [1]\n\n\n;\n": true,
	} {
		if _, err := parseMermaid(chart); ok != (err == nil) {
			t.Errorf("%q: %v", chart, err)
		}
	}
}

// Whatever a metric is called and whatever it was, Mermaid can draw the chart, and
// draws a value for each step within its axis.
func TestMermaidReadsCharts(t *testing.T) {
	t.Parallel()
	curves := [][]report.Point{
		{{Step: 0, Value: 1}, {Step: 1, Value: 1}}, {{Step: 1e-9, Value: -1e11}, {Step: 2e21, Value: 1e11}}, {{Step: -1, Value: math.NaN()}, {Step: 0.5, Value: 1e-7}, {Step: 7, Value: math.Inf(1)}},
		{{Step: math.NaN(), Value: 1}, {Step: 1, Value: 5e-324}, {Step: 2, Value: 0}}, {{Step: 1, Value: math.MaxFloat64}, {Step: 2, Value: 1}},
	}
	for i := range 60 {
		curves[0] = append(curves[0], report.Point{Step: float64(i * 1000), Value: math.Sin(float64(i)) * math.Pow10(i%12-6)})
	}
	names := append(hostile(), "auc", "", "%%{init: {}}%%", "line", "x-axis", `a"b`, "a`b", strings.Repeat("größe ", 100), "title\nline [1]", "#quot;", "a;b", "]", "-->")
	charts := 0
	for _, name := range names {
		for i, head := range curves {
			m := report.Metric{Name: name, HeadCurve: head, BaseCurve: curves[(i+1)%len(curves)]}
			lines := newChart(newRow(&m)).mermaid()
			if lines == nil {
				continue
			}
			charts++
			p, err := parseMermaid(strings.Join(lines, "\n"))
			if err != nil {
				t.Errorf("%.40q, curve %d: %v in\n%s", name, i, err, strings.Join(lines, "\n"))
				continue
			}
			for _, vs := range p.lines {
				if len(vs) != p.bands || slices.Min(vs) < p.low || slices.Max(vs) > p.high {
					t.Errorf("%.40q, curve %d: %d values of %d steps, axis from %v to %v:\n%s", name, i, len(vs), p.bands, p.low, p.high, strings.Join(lines, "\n"))
				}
			}
		}
	}
	if charts < len(names) {
		t.Errorf("%d charts of %d names", charts, len(names))
	}
}
