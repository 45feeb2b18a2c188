package spec

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Limits of what a file within [MaxSize] can unfold to.
const (
	maxNesting     = 64      // levels of mappings and sequences
	maxExpansion   = 200_000 // nodes that aliases and merge keys may add
	maxDiagnostics = 200     // problems shown of one file
)

// decode reads one YAML document into a tree without aliases and merge keys.
// It returns nil if that is impossible; the reasons are in the diagnostics.
func (w *walker) decode(text string) *yaml.Node {
	if !w.plainText(text) {
		return nil
	}
	text = strings.TrimPrefix(text, "\uFEFF")
	w.src = newSource(w.src.name, text)
	doc := documentInPieces(text, piecesOf(text))
	if doc == nil {
		doc = w.document(text)
	}
	if doc == nil {
		return nil
	}
	if !mayShare(text) {
		return doc
	}
	return w.expand(doc)
}

// plainText checks what must hold before a YAML scanner sees the bytes.
func (w *walker) plainText(text string) bool {
	if len(text) > MaxSize {
		w.src = newSource(w.src.name, "")
		w.point(Pos{1, 1}, CodeTooLarge, "move data out of the file; parameters can stand in a params file",
			"the file has %s; at most 4 MiB are read", formatSize(int64(len(text))))
		return false
	}
	at := badText(text)
	if at < 0 {
		return true
	}
	message, fix := describeBadText(text, at)
	switch {
	case strings.HasPrefix(text, "\uFEFF"):
		text, at = text[3:], max(0, at-3)
	case strings.HasPrefix(message, "the file is UTF-16"):
		text = "" // nothing of it could be shown
	}
	w.src = newSource(w.src.name, text)
	w.point(w.src.pos(at), CodeEncoding, fix, "%s", message)
	return false
}

// badText returns the offset of the first byte that is not UTF-8 or is a
// control character YAML forbids, or -1.
func badText(text string) int {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c >= ' ' && c < 0x7f || c == '\n' || c == '\t' || c == '\r' {
			continue
		}
		if c < utf8.RuneSelf {
			return i
		}
		r, n := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && n == 1 || r < 0xA0 && r != 0x85 || r == 0xFFFE || r == 0xFFFF {
			return i
		}
		i += n - 1
	}
	return -1
}

func describeBadText(text string, at int) (message, fix string) {
	switch {
	case strings.HasPrefix(text, "\xff\xfe"), strings.HasPrefix(text, "\xfe\xff"):
		return "the file is UTF-16", "save it as UTF-8"
	case text[at] == 0:
		return "the file holds a NUL byte", "save it as UTF-8 text"
	case text[at] < utf8.RuneSelf:
		return fmt.Sprintf("the control character 0x%02x is not allowed", text[at]), "remove it, or write it as an escape in double quotes"
	}
	if r, n := utf8.DecodeRuneInString(text[at:]); n > 1 {
		return fmt.Sprintf("the character %U is not allowed", r), "remove it, or write it as an escape in double quotes"
	}
	return fmt.Sprintf("the byte 0x%02x is not UTF-8", text[at]), "save the file as UTF-8"
}

// document decodes the only document of the text.
func (w *walker) document(text string) *yaml.Node {
	d := yaml.NewDecoder(strings.NewReader(text))
	var doc yaml.Node
	err := safely(func() error { return d.Decode(&doc) })
	switch {
	case errors.Is(err, io.EOF):
		w.point(Pos{1, 1}, CodeEmpty, `write at least one job: "jobs: {train: {run: python train.py}}"`, "%s is empty", w.what)
		return nil
	case err != nil:
		w.syntax(text, err)
		return nil
	}
	var more yaml.Node
	switch err := safely(func() error { return d.Decode(&more) }); {
	case errors.Is(err, io.EOF):
	case err != nil:
		w.syntax(text, err)
		return nil
	default:
		p := w.secondDocument(more)
		w.point(p, CodeDocuments, `remove the "---", or move the second document to a file of its own`, "%s holds more than one YAML document", w.what)
		return nil
	}
	if len(doc.Content) == 0 {
		return nil
	}
	return doc.Content[0]
}

// secondDocument is the place of the mark that starts a document.
func (w *walker) secondDocument(doc yaml.Node) Pos {
	last := Pos{max(doc.Line, 1), 1}
	for n := last.Line; n > 0; n-- {
		if strings.HasPrefix(w.src.line(n), "---") {
			return Pos{n, 1}
		}
	}
	return last
}

// safely turns a panic of the YAML library into an error; it is known to have had some.
func safely(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("yaml: %v", r)
		}
	}()
	return f()
}

// syntax reports an error of the YAML library at the place that causes it.
// The library tells only a line, for some errors that of the enclosing block.
func (w *walker) syntax(text string, err error) {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 1
	if m := regexp.MustCompile(`^line (\d+): `).FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = message[len(m[0]):]
	}
	if name, ok := unknownAnchor(message); ok {
		w.point(w.findAlias(name), CodeAlias, fmt.Sprintf("define it before with &%s", name), "the alias *%s has no anchor", name)
		return
	}
	c := cureOf(message)
	p := w.offendingPlace(text, message, line, c)
	if strings.Contains(c.has, "document start") {
		p = w.outdented(p)
	}
	p, c = w.betterCure(p, c)
	w.point(p, CodeSyntax, c.fix, "not YAML: %s", cmp.Or(c.message, message))
}

// outdented is the first line that is indented less than the first key, or else
// p: the library takes it for a second document and names no place.
func (w *walker) outdented(p Pos) Pos {
	first := -1
	for n := range w.src.lines {
		line := w.src.line(n + 1)
		text := strings.TrimLeft(line, " ")
		indent := len(line) - len(text)
		switch {
		case text == "" || text[0] == '#' || text[0] == '%' || strings.HasPrefix(text, "---"):
		case first < 0:
			first = indent
		case indent < first:
			return Pos{n + 1, indent + 1}
		}
	}
	return p
}

// betterCure looks at the offending place itself for what people do most.
func (w *walker) betterCure(p Pos, c syntaxCure) (Pos, syntaxCure) {
	line := w.src.line(p.Line)
	if strings.HasPrefix(w.src.text[w.src.offset(p):], "\t") {
		return p, syntaxCure{message: "a tab stands where indentation is expected", fix: "indent with spaces"}
	}
	if at := strings.Index(line, ": !"); at >= 0 && !strings.HasPrefix(line[at:], ": !!") {
		return Pos{p.Line, utf8.RuneCountInString(line[:at]) + 3},
			syntaxCure{message: "a value that begins with ! is a tag in YAML", fix: "write ${{ " + strings.TrimSpace(line[at+2:]) + " }}"}
	}
	if at := strings.Index(line, "${{"); at >= 0 && strings.Contains(c.has, "expected ','") {
		return Pos{p.Line, utf8.RuneCountInString(line[:at]) + 1},
			syntaxCure{message: "${{ }} stands without quotes in braces or brackets", fix: `put the whole value in quotes, such as {run: "echo ${{ params.lr }}"}`}
	}
	return p, c
}

func unknownAnchor(message string) (string, bool) {
	rest, ok := strings.CutPrefix(message, "unknown anchor '")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(rest, "' referenced")
}

func (w *walker) findAlias(name string) Pos {
	for from := 0; ; {
		i := strings.Index(w.src.text[from:], "*"+name)
		if i < 0 {
			return Pos{1, 1}
		}
		end := from + i + 1 + len(name)
		if end == len(w.src.text) || strings.IndexByte(" \t\r\n,]}", w.src.text[end]) >= 0 {
			return w.src.pos(from + i)
		}
		from = end
	}
}

// A syntaxCure says in our words what a message of the YAML scanner means,
// what to do, and which text in the offending line is the likely place.
type syntaxCure struct {
	has     string // part of the library's message
	message string
	fix     string
	at      string // regular expression whose first group is the place
}

var syntaxCures = []syntaxCure{
	{"cannot start any token", "a value cannot start with this character", `put values that start with @, % or a backtick in quotes`, "^ *(\t)|[:,\\[{-] +([@`%])|^ *([@`%])"},
	{"violates indentation", "a tab stands where indentation is expected", "indent with spaces", "(\t)"},
	{"tab character where an indentation", "a tab stands where indentation is expected", "indent with spaces", "(\t)"},
	{"mapping values are not allowed", `a ":" where no key can stand`, `put the value in quotes, align the key with its neighbours, or write ":" at the end of the line above`, `^[^:]*:\s.*?(:)(?:\s|$)|^\s*[^:]*(:)`},
	{"did not find expected key", "a line that is neither a key of the mapping above nor inside it", "align it with the keys around it, or close the quote or bracket before it", ""},
	{"did not find expected '-'", "a line that is no item of the list above", `start it with "- ", or align it with the keys around the list`, ""},
	{"did not find expected ',' or ']'", `a list in brackets that is not closed, or a comma is missing`, `write "]" or ","`, `(\[)[^\[\]]*$`},
	{"did not find expected ',' or '}'", `a mapping in braces that is not closed, or a comma is missing`, `write "}" or ","`, `(\{)[^{}]*$`},
	{"unexpected end of stream", "a quote that is not closed", "close it, or write the value as a block with |", `(["'])[^"']*$`},
	{"unexpected document indicator", `"---" or "..." inside quotes that are not closed`, "close the quote", ""},
	{"expected <document start>", "a line that is indented less than the first one", "begin all keys of the file in the same column", ""},
	{"could not find expected ':'", `a key without ":"`, `write ": " after the key`, ""},
	{"block sequence entries are not allowed", `a "- " where no list can start`, "put the list on lines of its own, below the key", `(- )`},
	{"unknown escape character", `an escape that double quotes do not have`, `use single quotes, or double the backslash`, `(\\[^0abt\tnvfre "/\\N_LPxuU])`},
	{"hexdecimal number", "an incomplete escape", `write \x and two, \u and four, or \U and eight hexadecimal digits`, `(\\[xuU])`},
	{"exceeded max depth", "values are nested too deep", "", ""},
	{"alphabetic or numeric character", "a * or & with no name behind it", `put a pattern that begins with * in quotes, such as "**/*.py"`, `(?:^|[\s,\[{:-])([*&])`},
	{"node content", "a value is missing here", "", ""},
}

func cureOf(message string) syntaxCure {
	for _, c := range syntaxCures {
		if strings.Contains(message, c.has) {
			return c
		}
	}
	return syntaxCure{}
}

// offendingPlace finds the line that makes the text fail with this message,
// and in it the place the cure names.
func (w *walker) offendingPlace(text, message string, line int, c syntaxCure) Pos {
	w.src.index()
	line = w.firstFailing(text, message, line)
	line = min(max(line, 1), len(w.src.lines))
	source := w.src.line(line)
	if c.at != "" {
		if m := regexp.MustCompile(c.at).FindStringSubmatchIndex(source); m != nil {
			for i := 2; i < len(m); i += 2 {
				if m[i] >= 0 {
					return Pos{line, utf8.RuneCountInString(source[:m[i]]) + 1}
				}
			}
		}
	}
	indent := len(source) - len(strings.TrimLeft(source, " \t"))
	return Pos{line, indent + 1}
}

// firstFailing returns the last line of the shortest beginning of the text
// that fails with the same message. Beginnings that end inside a quote or a
// bracket fail with other messages and so count as good. The search decodes
// the text a dozen times, so large files keep the library's line.
func (w *walker) firstFailing(text, message string, line int) int {
	if len(text) > 256<<10 || strings.Contains(message, "end of stream") {
		return line
	}
	low, high := 1, len(w.src.lines)
	for low < high {
		mid := (low + high) / 2
		end := len(text)
		if mid < len(w.src.lines) {
			end = w.src.lines[mid]
		}
		var n yaml.Node
		err := safely(func() error { return yaml.Unmarshal([]byte(text[:end]), &n) })
		if err != nil && strings.HasSuffix(err.Error(), message) {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return low
}
