package render

import (
	"fmt"
	"math"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	gmtext "github.com/yuin/goldmark/text"

	"github.com/mlops-runner/mlops/runner/report"
)

// ours are the addresses and the HTML that a rendering may hold.
var (
	ourLink    = regexp.MustCompile(`^https://(ci|forge)\.test/[A-Za-z0-9/]*$`)
	ourHTML    = regexp.MustCompile(`^(</?sub>|</details>|<details( open)?><summary>.*</summary>)$`)
	inCode     = regexp.MustCompile(`<code>[^<]*</code>`)
	ourTags    = regexp.MustCompile(`</?(details|summary|b|code)( open)?>`)
	ourTrailer = options().Trailer
)

// dangers are what a forge makes a mention, a reference, a link or an emoji of
// where it stands outside of code.
var dangers = map[string]*regexp.Regexp{
	"a mention":   regexp.MustCompile(`@[\pL\pN]`),
	"a reference": regexp.MustCompile(`[#!%][0-9]|[A-Za-z]-[0-9]|[$~&][A-Za-z0-9]`),
	"a commit":    regexp.MustCompile(`[0-9a-fA-F]{7,}`),
	"an address":  regexp.MustCompile(`(?i)://|www\.|mailto:|xmpp:`),
	"an emoji":    regexp.MustCompile(`:[a-z+0-9_-]+:`),
	"a comment":   regexp.MustCompile(`<!--|-->`),
	"a diff":      regexp.MustCompile(`[+-][]}]`),
}

// checkText finds danger in text that a reader sees outside of code.
func checkText(where, s string) (problems []string) {
	for what, re := range dangers {
		for _, m := range re.FindAllString(s, -1) {
			if what != "a commit" || strings.ContainsAny(m, "0123456789") { // else it is a word, such as defaced
				problems = append(problems, fmt.Sprintf("%s in %s: %q in %.200q", what, where, m, s))
				break
			}
		}
	}
	return problems
}

// numbers are harmless wherever they stand alone, ours and others'. Backslashes are
// those of Markdown.
var numbers = regexp.MustCompile(`(^|[ ([{\\])[+−-]?[0-9][0-9,]*(\.[0-9]+)?([eE][+−-]?[0-9]+)?([] ,;:.%)}\\]|$)`)

func withoutOurs(s string) string {
	for {
		without := numbers.ReplaceAllString(s, " ") // of neighbours every other one
		if without == s {
			return s
		}
		s = without
	}
}

// checkMarkdown proves by another parser that nothing of foreign text became
// mark-up. Plain Markdown has no HTML but the trailer.
func checkMarkdown(md string, plain bool) (problems []string) {
	src := []byte(md)
	doc := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote)).Parser().Parse(gmtext.NewReader(src))
	headings, details := 0, 0
	html := func(s string) {
		problems = append(problems, checkHTML(s, plain)...)
		if details += strings.Count(inCode.ReplaceAllString(s, ""), "<details") - strings.Count(inCode.ReplaceAllString(s, ""), "</details"); details < 0 || details > 1 {
			problems = append(problems, "details in details, or one that ends twice: "+s)
		}
	}
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			if headings++; n.Level != 3 || headings > 1 || n.PreviousSibling() != nil {
				problems = append(problems, "a heading that is not ours")
			}
		case *ast.Link:
			problems = append(problems, checkLink(string(n.Destination))...)
		case *ast.AutoLink, *ast.Image, *ast.Blockquote, *ast.ThematicBreak, *ast.CodeBlock, *east.Strikethrough, *east.TaskCheckBox, *east.FootnoteLink, *east.Footnote:
			if _, quote := n.(*ast.Blockquote); !quote {
				problems = append(problems, fmt.Sprintf("%T arises", n))
			}
		case *ast.Emphasis:
			if n.Level != 2 {
				problems = append(problems, "emphasis arises")
			}
		case *ast.List:
			if n.IsOrdered() {
				problems = append(problems, "a numbered list arises")
			}
			if _, inItem := n.Parent().(*ast.ListItem); inItem {
				problems = append(problems, "a list in a list arises")
			}
		case *ast.RawHTML:
			html(string(n.Segments.Value(src)))
		case *ast.HTMLBlock:
			html(string(n.Lines().Value(src)))
		case *ast.FencedCodeBlock:
			if string(n.Language(src)) == "mermaid" {
				problems = append(problems, checkMermaid(string(n.Lines().Value(src)))...)
			}
			return ast.WalkSkipChildren, nil
		case *ast.CodeSpan:
			return ast.WalkSkipChildren, nil
		case *ast.Text:
			problems = append(problems, checkText("text", withoutOurs(string(n.Segment.Value(src))))...)
		}
		return ast.WalkContinue, nil
	})
	if details != 0 {
		problems = append(problems, "details that do not end")
	}
	return append(problems, checkSource(md)...)
}

// mermaidLines are the lines of a chart, one after the other, in the
// form that ours have; parseMermaid reads them as Mermaid does.
var mermaidLines = []*regexp.Regexp{
	regexp.MustCompile(`^xychart-beta$`), regexp.MustCompile(`^    accTitle: [^"#;{}<>]+ by [^"#;{}<>]+$`), regexp.MustCompile(`^    accDescr: [^"#;{}<>]+\.$`),
	regexp.MustCompile(`^    title "[^"#;{}<>\[\]]+"$`), regexp.MustCompile(`^    x-axis "[^"#;{}<>\[\]]+" \[([0-9.]+|"[^"#;{}<>\[\],]+")(, ([0-9.]+|"[^"#;{}<>\[\],]+"))*\]$`),
	regexp.MustCompile(`^    y-axis "[^"#;{}<>\[\]]+" -?[0-9]+(\.[0-9]+)? --> -?[0-9]+(\.[0-9]+)?$`),
	regexp.MustCompile(`^    (line|bar) \[-?[0-9]+(\.[0-9]+)?(, -?[0-9]+(\.[0-9]+)?)*\]$`),
}

func checkMermaid(chart string) (problems []string) {
	lines := strings.Split(strings.TrimSuffix(chart, "\n"), "\n")
	if len(lines) < 7 || len(lines) > 6+mermaidSeries {
		return []string{"a chart of " + fmt.Sprint(len(lines)) + " lines"}
	}
	if _, err := parseMermaid(chart); err != nil {
		problems = append(problems, "no chart to Mermaid: "+err.Error())
	}
	points := strings.Count(lines[4], ",")
	for i, l := range lines {
		if !mermaidLines[min(i, 6)].MatchString(l) || i > 5 && strings.Count(l, ",") != points {
			problems = append(problems, "not of a chart: "+l)
		}
	}
	return problems
}

func checkLink(to string) []string {
	if !ourLink.MatchString(to) {
		return []string{"a link that is not ours: " + to}
	}
	return nil
}

// checkHTML looks at a piece of HTML as Markdown's parsers pass it on.
func checkHTML(s string, plain bool) (problems []string) {
	s = strings.TrimSpace(s)
	if s == ourTrailer {
		return nil
	}
	if plain || !ourHTML.MatchString(s) {
		return []string{fmt.Sprintf("HTML that is not ours: %.200q", s)}
	}
	bare := ourTags.ReplaceAllString(inCode.ReplaceAllString(s, ""), "")
	if strings.ContainsAny(strings.TrimPrefix(strings.TrimPrefix(bare, "<sub>"), "</sub>"), "<>") {
		problems = append(problems, fmt.Sprintf("a tag that is not ours: %.200q", s))
	}
	return append(problems, checkText("HTML", withoutOurs(unescape.Replace(bare)))...)
}

var unescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&", "&#34;", `"`, "&#39;", "'")

var (
	fenceLine = regexp.MustCompile("^(> )?(`{3,})([a-z]*)$")
	pipes     = regexp.MustCompile(`\\\||\|`)
)

// checkSource looks at the lines themselves: fences are closed, rows have the
// cells of their table, and nothing hides in them.
func checkSource(md string) (problems []string) {
	if !utf8.ValidString(md) {
		problems = append(problems, "not UTF-8")
	}
	if i := strings.IndexFunc(md, func(r rune) bool {
		return r != '\n' && (unicode.IsControl(r) || r == '\u202e' || r == '\u2066' || r == '\u200b')
	}); i >= 0 {
		problems = append(problems, fmt.Sprintf("a hidden character: %.40q", md[i:]))
	}
	fence, cells := "", 0
	for line := range strings.Lines(md) {
		line = strings.TrimSuffix(line, "\n")
		if m := fenceLine.FindStringSubmatch(line); m != nil && (fence == "" || m[3] == "" && len(m[2]) >= len(fence)) {
			if fence == "" {
				fence = m[2]
			} else {
				fence = ""
			}
			continue
		}
		if fence != "" {
			continue
		}
		n := 0
		for _, p := range pipes.FindAllString(line, -1) {
			n += btoi(p == "|")
		}
		if !strings.HasPrefix(line, "|") {
			cells = 0
		} else if cells == 0 {
			cells = n
		} else if n != cells {
			problems = append(problems, fmt.Sprintf("%d cells in a table of %d: %.300s", n, cells, line))
		}
	}
	if fence != "" {
		problems = append(problems, "a fence is open: "+fence)
	}
	return problems
}

func tell(t testing.TB, md string, problems []string) {
	t.Helper()
	for i, p := range problems {
		if i == 5 {
			t.Errorf("and %d more", len(problems)-5)
			break
		}
		t.Error(p)
	}
	if len(problems) > 0 {
		t.Logf("in %.6000s", md)
	}
}

func TestGoldenMarkdownIsOurs(t *testing.T) {
	t.Parallel()
	for _, name := range cases(t) {
		for i, f := range []Func{Markdown, Plain} {
			md := rendered(t, f, load(t, name), options())
			tell(t, md, checkMarkdown(md, i == 1))
		}
	}
}

// TestRandomMarkdown renders reports in which every field is hostile under
// random budgets.
func TestRandomMarkdown(t *testing.T) {
	t.Parallel()
	for seed := range 40 {
		w := newWorld(uint64(seed), 1+seed%12)
		r := w.report()
		o := options()
		o.Budget = MinBudget + w.rng.IntN(GitHubComment)
		if seed%5 == 0 {
			o.Budget = MinBudget
		}
		for i, f := range []Func{Markdown, Plain} {
			md := rendered(t, f, r, o)
			if len(md) > o.Budget || !strings.HasSuffix(md, "\n"+o.Trailer+"\n") {
				t.Errorf("seed %d: %d bytes for a budget of %d, or no trailer", seed, len(md), o.Budget)
			}
			problems := checkMarkdown(md, i == 1)
			if tell(t, md, problems); len(problems) > 0 {
				t.Fatalf("seed %d", seed)
			}
		}
	}
}

// FuzzMarkdown puts any text into every field.
func FuzzMarkdown(f *testing.F) {
	for i, s := range hostile() {
		f.Add(s, uint64(i), uint16(i*100))
	}
	f.Fuzz(func(t *testing.T, foreign string, seed uint64, more uint16) {
		w := newWorld(seed, 3)
		w.texts = []string{foreign, foreign, foreign, " ", "ok"}
		r := w.report()
		o := options()
		o.Budget = MinBudget + int(more)
		for i, fn := range []Func{Markdown, Plain} {
			md := rendered(t, fn, r, o)
			if len(md) > o.Budget || !strings.HasSuffix(md, "\n"+o.Trailer+"\n") {
				t.Errorf("%d bytes for a budget of %d, or no trailer", len(md), o.Budget)
			}
			tell(t, md, checkMarkdown(md, i == 1))
		}
		for _, format := range Formats() {
			rendered(t, format.Render, r, Options{})
		}
		if s := Status(r); len(s) > MaxStatus || strings.ContainsAny(s, "\r\n") || !utf8.ValidString(s) {
			t.Errorf("status %q", s)
		}
	})
}

// TestForeignIsKept holds the rendering to show what it neutralises: names
// come out of the parser as they went in, up to what no one can see.
func TestForeignIsKept(t *testing.T) {
	t.Parallel()
	for _, s := range hostile() {
		want := clip(clean(s), maxField)
		if want == "" || strings.Contains(want, "--") || strings.Contains(want, `\|`) || strings.Contains(want, "````") {
			continue // these are changed on purpose
		}
		r := &report.Report{Decision: report.Promote, Metrics: []report.Metric{{Name: s, Head: new(report.Number)}}}
		md := rendered(t, Markdown, r, Options{})
		src := []byte(md)
		doc := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(gmtext.NewReader(src))
		found := false
		_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
			if _, is := n.(*ast.CodeSpan); is && entering {
				found = found || strings.TrimSpace(codeText(n, src)) == strings.TrimSpace(want)
			}
			return ast.WalkContinue, nil
		})
		if !found {
			t.Errorf("%q is not shown as %q in\n%s", s, want, md)
		}
	}
}

func codeText(n ast.Node, src []byte) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			b.Write(t.Segment.Value(src))
		}
	}
	return b.String()
}

// TestCmark asks GitHub's own parser, where Debian's cmark-gfm is installed.
func TestCmark(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("cmark-gfm")
	if err != nil {
		t.Skip("cmark-gfm is not installed: apt-get install cmark-gfm")
	}
	reports := map[string]*report.Report{}
	for _, name := range cases(t) {
		reports[name] = load(t, name)
	}
	for seed := range uint64(40) {
		reports[fmt.Sprint("seed ", seed)] = newWorld(1000+seed, 8).report()
	}
	for name, r := range reports {
		for i, f := range []Func{Markdown, Plain} {
			md := rendered(t, f, r, options())
			cmd := exec.Command(path, "-e", "table", "-e", "autolink", "-e", "strikethrough", "-e", "tasklist", "-t", "xml", "--unsafe")
			cmd.Stdin = strings.NewReader(md)
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			if problems := checkCmark(string(out), i == 1); len(problems) > 0 {
				tell(t, md, problems)
				t.Fatal(name)
			}
		}
	}
}

var (
	cmarkNode = regexp.MustCompile(`(?s)<(text|link|image|html_block|html_inline|heading|emph|strikethrough|thematic_break|code_block|table_row|table_header|table_cell|item|list)\b([^>]*)>([^<]*)`)
	cmarkDest = regexp.MustCompile(`destination="([^"]*)"`)
)

// checkCmark looks at cmark's tree, which has one node a line.
func checkCmark(tree string, plain bool) (problems []string) {
	headings := 0
	for _, m := range cmarkNode.FindAllStringSubmatch(tree, -1) {
		kind, attributes, content := m[1], m[2], unquote.Replace(m[3])
		switch kind {
		case "heading":
			if headings++; headings > 1 {
				problems = append(problems, "a heading arises")
			}
		case "link":
			problems = append(problems, checkLink(cmarkDest.FindStringSubmatch(attributes)[1])...)
		case "image", "emph", "strikethrough", "thematic_break":
			problems = append(problems, kind+" arises")
		case "list":
			if strings.Contains(attributes, `type="ordered"`) {
				problems = append(problems, "a numbered list arises")
			}
		case "html_block", "html_inline":
			problems = append(problems, checkHTML(content, plain)...)
		case "text":
			problems = append(problems, checkText("text", withoutOurs(content))...)
		}
	}
	return problems
}

var unquote = strings.NewReplacer("&quot;", `"`, "&lt;", "<", "&gt;", ">", "&amp;", "&")

// What could be taken for a commit is code, and no mere word is.
func TestCommitsInText(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]bool{"succeeded": false, "8c1d2e7": true, "8c1d2e": false, "main@8c1d2e7f": true, "defaced": false, "defaced1": true, "1234567": true} {
		if got := commit(word); got != want {
			t.Errorf("%s: %v", word, got)
		}
	}
}

// Values as tables of data have them read as they are; what a forge would make
// something of is code.
func TestWordsInTables(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"[Month-to-month, One year, Two year]": `\[Month-to-month, One year, Two year\]`,
		"170000000":                            "170000000",
		"-170000000.25, (12345678); 8e-07":     "-170000000.25, (12345678); 8e-07",
		"[-1, 1234567]":                        `\[-1, 1234567\]`,
		"{free} was 1234567%":                  `\{free\} was 1234567%`,
		"12345678a":                            "`12345678a`",
		"e-07":                                 "`e-07`",
		"1-2e-3-4":                             "`1-2e-3-4`",
		"[x](https://evil.test)":               "`[x](https://evil.test)`",
		"[x](y) ![z](y)":                       `\[x\](y) \!\[z\](y)`,
		"[-gone-] {+new+}":                     "`[-gone-] {+new+}`",
		"[vulnerability:1]":                    "`[vulnerability:1]`",
		"[ ] [x] [[page]] [!NOTE] [^1]":        `\[ \] \[x\] \[\[page\]\]` + " `[!NOTE] [^1]`",
		"main@1234567":                         "`main@1234567`",
	} {
		if got := (markdown{html: true}).text(foreign(in), inCell); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

// A value that became NaN stands in the table, however many others moved.
func TestNaNIsSeen(t *testing.T) {
	t.Parallel()
	r := thousand()
	nan := report.Number(math.NaN())
	r.Metrics[900].Verdict, r.Metrics[900].Better, r.Metrics[900].Head = report.Different, "", &nan
	md := rendered(t, Markdown, r, Options{Budget: MinBudget})
	if !strings.Contains(md, "by_class.c900.recall") {
		t.Errorf("not there:\n%s", md)
	}
}
