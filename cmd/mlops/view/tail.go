package view

import "bytes"

const (
	tailLines = 20   // how many lines of a failed job the summary repeats
	tailWidth = 2048 // bytes kept of each
)

// A tail keeps the last lines of a job. Its slots are reused, so that keeping
// costs no allocation per line.
type tail struct {
	ring [][]byte
	next int
}

// add takes whole lines, each with its newline. Only the last of a long chunk
// are looked at.
func (t *tail) add(lines []byte) {
	for line := range linesOf(lastLines(lines, tailLines)) {
		t.line(line)
	}
}

func (t *tail) line(line []byte) {
	line = lastState(line)
	line = line[:min(len(line), tailWidth)]
	if len(t.ring) < tailLines {
		t.ring = append(t.ring, bytes.Clone(line))
		return
	}
	t.ring[t.next] = append(t.ring[t.next][:0], line...)
	t.next = (t.next + 1) % tailLines
}

// lines returns what is kept, oldest first, cleaned.
func (t *tail) lines(color bool) []string {
	out := make([]string, 0, len(t.ring))
	for i := range t.ring {
		out = append(out, Clean(string(t.ring[(t.next+i)%len(t.ring)]), color))
	}
	return out
}

// last returns the newest line as it came, nil if there is none.
func (t *tail) last() []byte {
	if len(t.ring) == 0 {
		return nil
	}
	return t.ring[(t.next+len(t.ring)-1)%len(t.ring)]
}

// lastLines returns the last n of the lines in b; b ends with a newline.
func lastLines(b []byte, n int) []byte {
	end := len(b) - 1
	for ; n > 0 && end >= 0; n-- {
		end = bytes.LastIndexByte(b[:end], '\n')
	}
	return b[end+1:]
}
