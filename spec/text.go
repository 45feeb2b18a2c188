package spec

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
)

// snippetWidth is how many columns of a source line are shown; longer lines
// are cropped around the caret.
const snippetWidth = 100

// The colours of WriteText: bold, red, yellow, cyan, reset.
const (
	bold, red, yellow, cyan, reset = "\x1b[1m", "\x1b[31m", "\x1b[33m", "\x1b[36m", "\x1b[0m"
)

// WriteText writes the problems for people: place, message and code, the
// source line with a caret, related places, and the fix. An empty line stands
// between two problems. Control characters of the source are shown as escapes,
// so a hostile file cannot drive the terminal. With color the words are the same.
func (ds Diagnostics) WriteText(w io.Writer, color bool) error {
	var b strings.Builder
	for i, d := range ds {
		if i > 0 {
			b.WriteByte('\n')
		}
		d.writeText(&b, paint(color))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// paint says whether to wrap text in colours.
type paint bool

func (p paint) in(color, text string) string {
	if !p || text == "" {
		return text
	}
	return color + text + reset
}

func (d Diagnostic) writeText(b *strings.Builder, p paint) {
	color := red
	if d.Severity == Warning {
		color = yellow
	}
	place := fmt.Sprintf("%s:%d:%d:", printable(d.File), d.Pos.Line, d.Pos.Col)
	fmt.Fprintf(b, "%s %s %s\n", p.in(bold, place), p.in(color, d.text()), p.in(cyan, "["+string(d.Code)+"]"))
	if d.Line != "" {
		text, indent := snippet(d.Line, d.Pos.Col)
		number := strconv.Itoa(d.Pos.Line)
		gutter := strings.Repeat(" ", len(number))
		fmt.Fprintf(b, "  %s | %s\n  %s | %s%s\n", number, text, gutter, strings.Repeat(" ", indent), p.in(color, "^"))
	}
	for _, r := range d.Related {
		fmt.Fprintf(b, "  note: %s:%d:%d: %s\n", printable(r.File), r.Pos.Line, r.Pos.Col, printable(r.Message))
	}
	if d.Fix != "" {
		fmt.Fprintf(b, "  %s %s\n", p.in(bold, "fix:"), printable(d.Fix))
	}
}

// cell is one character of a line as it is shown.
type cell struct {
	text  string
	width int // columns on a terminal
}

// snippet makes a source line fit to show and returns the number of columns
// before the caret of the code point col.
func snippet(line string, col int) (text string, indent int) {
	cells, caret := window(line, col)
	for i, c := range cells {
		if i < caret {
			indent += c.width
		}
	}
	var b strings.Builder
	for _, c := range cells {
		b.WriteString(c.text)
	}
	return strings.TrimRight(b.String(), " "), indent
}

// window returns the cells to show around the code point col and the index
// of the caret's cell.
func window(line string, col int) (cells []cell, caret int) {
	const before, after = snippetWidth * 2 / 3, snippetWidth / 3
	n, left := 0, false
	for _, r := range line {
		n++
		if n > max(col+after, snippetWidth) {
			cells = append(cells, cell{"…", 1})
			break
		}
		if col > snippetWidth-after && n < col-before {
			left = true
			continue
		}
		if n < col {
			caret++
		}
		cells = append(cells, show(r))
	}
	if left {
		cells = append([]cell{{"…", 1}}, cells...)
		caret++
	}
	return cells, caret
}

// show returns how one character of a source line is displayed.
func show(r rune) cell {
	switch {
	case r == '\t':
		return cell{"    ", 4}
	case hidden(r):
		text := escape(r)
		return cell{text, len(text)}
	case unicode.In(r, unicode.Mn, unicode.Me):
		return cell{string(r), 0}
	case wide(r):
		return cell{string(r), 2}
	}
	return cell{string(r), 1}
}

// hidden reports characters that would act on a terminal or hide in it:
// controls, bidirectional overrides, other format characters, broken bytes.
func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' || r == unicode.ReplacementChar
}

func escape(r rune) string {
	if r < 0x100 {
		return fmt.Sprintf(`\x%02x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// printable shows hidden characters of a one-line text as escapes.
func printable(s string) string {
	if !strings.ContainsFunc(s, hidden) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hidden(r) {
			b.WriteString(escape(r))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// wide reports characters that take two columns: East Asian Wide and Fullwidth
// blocks of Unicode's EastAsianWidth, and emoji.
func wide(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana, unicode.Yi, unicode.Bopomofo) ||
		r >= 0x3000 && r <= 0x303E || r >= 0xFF01 && r <= 0xFF60 || r >= 0xFFE0 && r <= 0xFFE6 || r >= 0x1F300 && r <= 0x1FAFF
}
