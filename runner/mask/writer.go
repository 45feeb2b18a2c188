package mask

import (
	"bytes"
	"io"
	"slices"
)

// A Writer masks what is written to it and passes it on. It keeps back the end
// of the text as long as that may be the beginning of a secret; what was
// written appears no later than with Close.
//
// It is used by one goroutine at a time. The set may grow meanwhile: a value
// counts for what is written after [Set.Add], and for what is kept back.
type Writer struct {
	set  *Set
	out  io.Writer
	auto *automaton
	// state of the automaton at the end of held, which has at least the bytes
	// that the state stands for.
	state int32
	held  []byte
	hits  []hit // in held
	keep  int   // from where on held may be the beginning of a form
	// bare is what was looked at last without its escape sequences, and bareState
	// that at its end: root if it has none.
	bare      bareText
	bareState int32
	last      bool // nothing follows what is held
	// done is how much of held was passed on: 0, unless a hit went into it or
	// Flush was called. covered says that a mark stands for the bytes before it.
	done    int
	covered bool
	buf     []byte
}

// Writer returns a writer that passes on to w what is not secret, with one call
// for each call that it gets. While the set is empty it passes the very slice on.
func (s *Set) Writer(w io.Writer) *Writer { return &Writer{set: s, out: w} }

// Held returns how many bytes wait for what follows them.
func (w *Writer) Held() int { return len(w.held) - min(w.done, len(w.held)) }

// Write masks p and passes it on, but for the end that has to wait. It fails if
// the writer below does; then some of p may be lost. It returns len(p) otherwise.
func (w *Writer) Write(p []byte) (int, error) {
	w.update()
	if w.auto == nil {
		return w.out.Write(p)
	}
	text := p
	if len(w.held) > 0 {
		text = append(w.held, p...)
	}
	w.look(text, len(w.held))
	if len(w.held) > 0 {
		w.held = text // for its room
	}
	if err := w.pass(text, w.keep); err != nil {
		return 0, err
	}
	return len(p), nil
}

// update takes over a set that has grown: what is held is read again.
func (w *Writer) update() {
	a := w.set.automaton()
	if a == w.auto {
		return
	}
	w.auto = a
	w.again()
}

// again reads what is held once more.
func (w *Writer) again() {
	w.state, w.hits = root, w.hits[:0]
	w.look(w.held, 0)
}

// padding is how many bytes of escape sequences in the beginning of a form are
// waited for, beside 16 for each of its own: nobody may make us hold a log of them.
const padding = 64 << 10

// look finds what is secret in text from an offset on, and in all of it without
// its escape sequences, if it has any: no more of it is there than Write was
// given and what may be the beginning of a form.
func (w *Writer) look(text []byte, at int) {
	w.state, w.hits = w.auto.scan(text, at, w.state, w.hits)
	w.keep, w.bareState = len(text)-w.auto.depth(w.state), root
	if bytes.IndexByte(text, escape) < 0 {
		return
	}
	w.bare.read(text, !w.last)
	w.bareState, w.hits = w.auto.through(&w.bare, w.hits)
	depth := w.auto.depth(w.bareState)
	if from := w.bare.from(depth); len(text)-from <= padding+16*depth {
		w.keep = min(w.keep, from)
	}
	w.keep = w.bare.whole(w.keep)
}

// pass passes on text up to an offset, and holds what follows it.
func (w *Writer) pass(text []byte, upto int) error {
	out := w.render(text, upto)
	var err error
	if len(out) > 0 {
		_, err = w.out.Write(out)
	}
	w.hold(text, min(upto, w.keep))
	return err
}

// render returns text[done:upto] with marks for the hits in it. A hit that
// begins there is masked as a whole.
func (w *Writer) render(text []byte, upto int) []byte {
	if len(w.hits) == 0 {
		if w.done >= upto {
			return nil
		}
		out := text[w.done:upto]
		w.done, w.covered = upto, false
		return out
	}
	out, n := w.buf[:0], 0
	for ; n < len(w.hits) && w.hits[n].from < upto; n++ {
		h := w.hits[n]
		if h.to <= w.done {
			continue
		}
		if h.from > w.done {
			out, w.covered = append(out, text[w.done:h.from]...), false
		}
		if !w.covered {
			out = append(out, Mark...)
		}
		w.done, w.covered = h.to, true
	}
	if w.done < upto {
		out = append(out, text[w.done:upto]...)
		w.done, w.covered = upto, false
	}
	w.hits = slices.Delete(w.hits, 0, n)
	w.buf = out
	return out
}

// hold keeps text from an offset on.
func (w *Writer) hold(text []byte, from int) {
	w.held = append(w.held[:0], text[from:]...)
	w.done, w.keep = w.done-from, w.keep-from
	for i := range w.hits {
		w.hits[i].from -= from
		w.hits[i].to -= from
	}
}

// Flush passes on what is held back, for a moment when nothing more seems to
// come, so that a prompt or half a line is seen. What has half the bytes of a
// form or more stays back. If a form is completed later, its rest is masked.
func (w *Writer) Flush() error {
	if w.Held() == 0 {
		return nil
	}
	w.auto = w.set.automaton()
	w.again()
	upto := len(w.held) - w.auto.half(w.state)
	if n := w.auto.half(w.bareState); n > 0 {
		upto = min(upto, w.bare.from(n))
	}
	return w.pass(w.held, upto)
}

// Close passes on all that is held. It does not close the writer below.
func (w *Writer) Close() error {
	if w.auto == nil {
		return nil
	}
	w.auto, w.last = w.set.automaton(), true
	w.again()
	w.state, w.bareState, w.keep = root, root, len(w.held)
	err := w.pass(w.held, len(w.held))
	w.done, w.covered, w.last = 0, false, false
	return err
}
