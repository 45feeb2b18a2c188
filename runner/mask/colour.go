package mask

import (
	"bytes"
	"slices"
	"sort"
)

// A bareText is a text without its escape sequences, which programs write that
// highlight a part of a word: terminals and views leave them out, and what
// remains is the value.
type bareText struct {
	text []byte
	cuts []cut
	size int // of the text with them
	open int // where a sequence begins that the text ends in; size if it does not
}

// A cut is a sequence that was left out: bytes from, up to and without to, of
// the whole text. What follows it is in the bare text from at on.
type cut struct{ at, from, to int }

// read makes b the bare text of another one, of which there may be more.
func (b *bareText) read(text []byte, more bool) {
	*b = bareText{text: b.text[:0], cuts: b.cuts[:0], size: len(text), open: len(text)}
	done := 0
	for at := 0; ; {
		n := bytes.IndexByte(text[at:], escape)
		if n < 0 {
			break
		}
		at += n
		if n = sequence(text[at:], more); n == unfinished {
			b.open, n = at, len(text)-at
		}
		b.text = append(b.text, text[done:at]...)
		done = at + n
		b.cuts = append(b.cuts, cut{len(b.text), at, done})
		at = done
	}
	b.text = append(b.text, text[done:]...)
}

// place is where in the whole text byte i of the bare one is, its end at the end.
func (b *bareText) place(i int) int {
	if i == len(b.text) {
		return b.size
	}
	n := sort.Search(len(b.cuts), func(n int) bool { return b.cuts[n].at > i })
	if n == 0 {
		return i
	}
	return b.cuts[n-1].to + i - b.cuts[n-1].at
}

// from is where the last n bytes of the bare text begin, or an unfinished
// sequence if there are none.
func (b *bareText) from(n int) int { return min(b.place(len(b.text)-n), b.open) }

// whole is the last place up to at that is not inside of a sequence.
func (b *bareText) whole(at int) int {
	n := sort.Search(len(b.cuts), func(n int) bool { return b.cuts[n].to > at })
	if n < len(b.cuts) && b.cuts[n].from < at {
		return b.cuts[n].from
	}
	return at
}

// through adds what is secret in the bare text, by its place in the whole one.
// It returns the state at the end.
func (a *automaton) through(b *bareText, hits []hit) (int32, []hit) {
	s, more := a.scan(b.text, 0, root, nil)
	if len(more) == 0 {
		return s, hits
	}
	for _, h := range more {
		hits = append(hits, hit{b.place(h.from), b.place(h.to-1) + 1})
	}
	slices.SortFunc(hits, func(x, y hit) int { return x.from - y.from })
	out := hits[:0]
	for _, h := range hits {
		if n := len(out) - 1; n >= 0 && out[n].to >= h.from {
			out[n].to = max(out[n].to, h.to)
		} else {
			out = append(out, h)
		}
	}
	return s, out
}

// find returns what is secret in a text that is there as a whole.
func (a *automaton) find(text []byte) []hit {
	_, hits := a.scan(text, 0, root, nil)
	if bytes.IndexByte(text, escape) >= 0 {
		var b bareText
		b.read(text, false)
		_, hits = a.through(&b, hits)
	}
	return hits
}
