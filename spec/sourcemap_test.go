package spec

import (
	"strings"
	"testing"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// scalars are sources of one scalar each, behind `key: `, in all styles.
var scalars = []string{
	"plain", "plain text # comment", "two\n  lines", "two\n\n\n  paragraphs  \n  and more", `""`, `''`,
	`"a\tb\n\x41\u00e9\U0001F600 \"q\" \\ \/"`, "\"folded\n  over\n\n  lines \\\n  joined\\\n\n   x\\\n  \"", "'it''s '''",
	"'one\n  two\n\n  three '", "|\n  literal\n    deeper\n\n  end\n", "|-\n  a\n  b", "|+\n  a\n\n\n", "|2\n    two more\n  x\n",
	">\n  folded\n  text\n\n  paragraph\n    kept\n    kept too\n  folded again\n", ">-\n  a\n  b", ">+ # comment\n  a\n\n  b\n\n",
	"&anchor value", "!!str 'tagged'", "&a !!str |\n  x\n  y\n", "&a\n  next line", "日本語 and é", "\"日本\\u672c語\"", "|\n  日本\n  語 ${{ x }}\n",
	"|\r\n  crlf\r\n  text\r\n", "\"a\r\n  b\"", "|\n\n\n  late\n", ">\n\n  late\n   more\n\n\n  x\n", "|\n   \n  x\n", "|\n\n", ">2\n   a\n  b\n  c\n",
	"|\n  trailing  \n  \ttab\n", "'a  \n   b'", "\"a \\  \n  b\"",
}

func TestSourceMapPointsAtTheSameCharacter(t *testing.T) {
	for _, s := range scalars {
		checkSourceMap(t, "before: 1\nkey: "+s+"\nafter: x\n")
		checkSourceMap(t, "a:\n  - b:\n      key: "+strings.ReplaceAll(s, "\n", "\n      ")+"\n")
		checkSourceMap(t, "- "+s)
	}
	for _, s := range scalars[:11] {
		if !strings.ContainsAny(s, "#") {
			checkSourceMap(t, "[é, {key: "+s+"}, x]")
		}
	}
}

func FuzzSourceMap(f *testing.F) {
	for _, s := range scalars {
		f.Add("key: " + s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) < 4096 && badText(s) < 0 && !strings.Contains(s, "\uFEFF") {
			checkSourceMap(t, s)
		}
	})
}

// checkSourceMap decodes a text and checks the map of each of its scalars.
func checkSourceMap(t *testing.T, text string) {
	t.Helper()
	var doc yaml.Node
	if safely(func() error { return yaml.Unmarshal([]byte(text), &doc) }) != nil {
		return
	}
	src := newSource("", text)
	var visit func(n *yaml.Node)
	visit = func(n *yaml.Node) {
		for _, c := range n.Content {
			visit(c)
		}
		if n.Kind == yaml.ScalarNode && n.Value != "" {
			checkScalar(t, src, n)
		}
	}
	visit(&doc)
}

func checkScalar(t *testing.T, src *source, n *yaml.Node) {
	t.Helper()
	m := &SourceMap{src: src, start: nodePos(n), style: n.Style, value: n.Value}
	last := -1
	for i, want := range n.Value {
		at := src.offset(m.Pos(i))
		if at < last {
			t.Fatalf("%q: value %q: byte %d stands at %d, before its predecessor at %d", src.text, n.Value, i, at, last)
		}
		last = at
		if !standsFor(src.text[at:], want) {
			t.Fatalf("%q: value %q: byte %d (%q) is mapped to %d: %q", src.text, n.Value, i, want, at, src.text[at:])
		}
	}
	if end := src.offset(m.End()); end < last {
		t.Fatalf("%q: value %q ends at %d, before its last character at %d", src.text, n.Value, end, last)
	}
}

// standsFor reports whether a source text may be read as the character: it is
// the character itself, an escape, or a break that became a space or line break.
func standsFor(text string, want rune) bool {
	got, _ := utf8.DecodeRuneInString(text)
	switch {
	case got == want && text != "":
		return true
	case strings.HasPrefix(text, `\`):
		return true
	}
	return (want == ' ' || want == '\n') && breakLen(text) > 0
}
