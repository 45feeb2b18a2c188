package render

import "strings"

// A style says what a span is, from which each format makes its own.
type style uint8

const (
	words  style = iota // part of a sentence
	code                // what people and programs wrote: a name, a value, an expression
	number              // digits, with a true minus where the format has one
	sign                // a symbol that repeats a word, for formats that have colours
)

// A span is a piece of text on one line. Its text is clean but not yet escaped
// for any format.
type span struct {
	text  string
	style style
	bold  bool
	link  string // address that [address] let pass; "" for none
	tone  string // for terminals
	bar   *bar   // drawn by HTML alone
}

// A text is a line of spans.
type text []span

// say is a sentence of ours.
func say(s string) text { return text{{text: s}} }

// strong is a bold sentence of ours.
func strong(s string) text { return text{{text: s, bold: true}} }

// name is a foreign name, value or expression, shown as code.
func name(s string) text { return nameIn(s, maxField) }

// nameIn is a name in at most n bytes.
func nameIn(s string, n int) text {
	if s = clip(clean(s), n); s == "" {
		s = "''"
	}
	return text{{text: s, style: code}}
}

// num is a number.
func num(s string) text { return text{{text: s, style: number}} }

// mark is a symbol and a space.
func mark(symbol string) text { return text{{text: symbol + " ", style: sign}} }

// linked is words of ours that lead somewhere, or only words.
func linked(s, link string) text { return text{{text: s, link: link}} }

// bold returns t in bold.
func (t text) bold() text {
	out := append(text(nil), t...)
	for i := range out {
		out[i].bold = true
	}
	return out
}

// cat joins texts.
func cat(texts ...text) text {
	n := 0
	for _, t := range texts {
		n += len(t)
	}
	out := make(text, 0, n)
	for _, t := range texts {
		out = append(out, t...)
	}
	return out
}

// list joins texts with a separator between those that are not empty.
func list(sep string, texts ...text) text {
	var out text
	for _, t := range texts {
		if len(t) == 0 {
			continue
		}
		if len(out) > 0 {
			out = append(out, span{text: sep})
		}
		out = append(out, t...)
	}
	return out
}

// plain returns the text without styles and signs.
func (t text) plain() string {
	if len(t) == 1 && t[0].style != sign {
		return t[0].text
	}
	var b strings.Builder
	for _, s := range t {
		if s.style != sign {
			b.WriteString(s.text)
		}
	}
	return b.String()
}
