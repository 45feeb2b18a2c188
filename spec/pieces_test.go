package spec

import (
	"fmt"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// outline is a tree with its places, without comments.
func outline(n *yaml.Node) string {
	var s strings.Builder
	var add func(n *yaml.Node)
	add = func(n *yaml.Node) {
		fmt.Fprintf(&s, "%d:%d %d %d %s %q\n", n.Line, n.Column, n.Kind, n.Style, n.Tag, n.Value)
		for _, c := range n.Content {
			add(c)
		}
	}
	add(n)
	return s.String()
}

func wholeDocument(text string) *yaml.Node {
	w := &walker{src: newSource(FileName, text), what: "the file"}
	return w.document(text)
}

// A file in pieces has the tree that it has as a whole, wherever it is cut.
func TestPieces(t *testing.T) {
	t.Parallel()
	job := func(i int) string {
		return fmt.Sprintf(`  # job %[1]d
  job%[1]d:
    inputs: [a, "b, c",
      d]
    steps:
      - run: |+
          jobs:
            x: "1"

      - name: 'it''s
          folded'
        run: >
          one
          two

  plain-%[1]d: {run: echo é}

`, i)
	}
	var jobs strings.Builder
	for i := range 12 {
		jobs.WriteString(job(i))
	}
	for _, c := range []struct{ before, after string }{
		{"", ""},
		{"name: x\nparams: {lr: 0.1}\n", "gates:\n  - accuracy > 0.5\n"},
		{"# a comment\n\ndescription: |\n  jobs:\n    a: b\n", "# the end\n"},
	} {
		text := c.before + "jobs:\n\n" + jobs.String() + c.after
		want := outline(wholeDocument(text))
		for pieces := 2; pieces < 12; pieces++ {
			got := documentInPieces(text, pieces)
			if got == nil {
				t.Fatalf("it is not decoded in %d pieces:\n%s", pieces, text)
			}
			if outline(got) != want {
				t.Fatalf("in %d pieces:\n%s\nwant\n%s", pieces, outline(got), want)
			}
		}
	}
}

// What is not cleanly cut is decoded as a whole, with its mistakes.
func TestPiecesGiveUp(t *testing.T) {
	t.Parallel()
	many := strings.Repeat("x", 100)
	for name, text := range map[string]string{
		"no jobs":           "name: a\n" + "b: c\n" + many + ": 1\n",
		"a quote":           "jobs:\n  a: \"" + many + "\n  b: 1\n  c: 2\"\n",
		"braces":            "jobs:\n  a: {x: " + many + ",\n  b: 1,\n  c: 2}\n",
		"an anchor":         "jobs:\n  a: &x " + many + "\n  b: *x\n",
		"two documents":     "jobs:\n  a: " + many + "\n  b: 1\n---\njobs:\n  c: 1\n",
		"a lesser indent":   "jobs:\n    a: " + many + "\n  b: 1\n    c: 1\n",
		"CRLF":              "jobs:\n  a: " + many + "\r\n  b: 1\r\n",
		"a list behind":     "jobs:\n  a: " + many + "\n  b: 1\n- x\n",
		"a question mark":   "jobs:\n  a: " + many + "\n  ? b\n  c: 1\n",
		"a mapping as text": "jobs:\n  a " + many + "\n  b: 1\n",
	} {
		if got := documentInPieces(text, 2); got != nil {
			t.Errorf("%s: decoded in pieces to\n%s", name, outline(got))
		}
	}
}

func FuzzPieces(f *testing.F) {
	f.Add("name: x\njobs:\n  a: {run: x}\n  b:\n    run: |\n      y\n  c: 'z'\ngates: [x]\n", 2)
	f.Add("jobs:\n  ? \n  0: ", 3)
	f.Add("jobs:\n  ? a\n  b: 1\n  c:\n  - x\n  d: e\n   f\n# c\n", 3)
	f.Fuzz(func(t *testing.T, text string, pieces int) {
		if badText(text) >= 0 || len(text) > 4096 || strings.HasPrefix(text, "\uFEFF") {
			return
		}
		got := documentInPieces(text, min(pieces, 8))
		if got == nil {
			return
		}
		whole := wholeDocument(text)
		if whole == nil {
			t.Fatalf("no YAML as a whole, in pieces\n%s", outline(got))
		}
		if outline(got) != outline(whole) {
			t.Fatalf("in pieces\n%s\nas a whole\n%s", outline(got), outline(whole))
		}
	})
}
