package view

import (
	"bytes"
	"iter"
)

// maxPartial is how much of a line without end is held back before it is shown.
const maxPartial = 64 << 10 // bytes

// An assembler turns chunks of output into whole lines. A chunk should end
// with a newline; what does not is held back until the rest comes or the job
// ends. Of a progress bar that is redrawn in place the last state is kept.
type assembler struct{ partial []byte }

// add returns the lines that data completes, each with its newline. The result
// may share memory with data or with the assembler and holds until the next call.
func (a *assembler) add(data []byte) []byte {
	if len(data) == 0 {
		return nil
	}
	end := bytes.LastIndexByte(data, '\n') + 1
	if len(a.partial) == 0 && end == len(data) {
		return data
	}
	var whole []byte
	if end > 0 {
		whole = append(a.partial, data[:end]...)
		a.partial = nil
	}
	a.hold(data[end:])
	if len(a.partial) > maxPartial {
		whole = append(append(whole, a.partial...), '\n')
		a.partial = nil
	}
	return whole
}

// hold keeps the beginning of a line.
func (a *assembler) hold(data []byte) {
	a.partial = append(a.partial, data...)
	if bytes.IndexByte(data, '\r') < 0 {
		return
	}
	// A return at the very end keeps its line: nothing has overwritten it yet.
	text := bytes.TrimRight(a.partial, "\r")
	start := bytes.LastIndexByte(text, '\r') + 1
	end := min(len(a.partial), len(text)+1)
	a.partial = append(a.partial[:0], a.partial[start:end]...)
}

// flush returns the line that has no newline yet, with one.
func (a *assembler) flush() []byte {
	if len(bytes.TrimRight(a.partial, "\r")) == 0 {
		a.partial = nil
		return nil
	}
	whole := append(a.partial, '\n')
	a.partial = nil
	return whole
}

// linesOf returns the lines in b without their newlines; b ends with one.
func linesOf(b []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for len(b) > 0 {
			end := bytes.IndexByte(b, '\n')
			if !yield(b[:end]) {
				return
			}
			b = b[end+1:]
		}
	}
}

// prefixed appends lines, which end with newlines, to dst, each cleaned and
// behind prefix.
func prefixed(dst, lines []byte, prefix string, c cleaner) []byte {
	for line := range linesOf(lines) {
		dst = append(dst, prefix...)
		dst = c.append(dst, line)
		dst = append(dst, '\n')
	}
	return dst
}
