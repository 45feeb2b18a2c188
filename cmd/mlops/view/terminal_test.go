package view

import (
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"
)

// A terminal replays what is written to it, as far as views use escape
// sequences, and remembers every sequence that they should not have used.
type terminal struct {
	mu            sync.Mutex
	width, height int
	rows          []row // scrollback and screen
	row, col      int   // of the cursor; row counts from the first of rows
	hidden        bool
	unexpected    []string
	writes        int
	raw           strings.Builder
}

// A row is one line of the screen; wrapped means that it goes on in the next.
type row struct {
	cells   []rune // 0 is the second half of a wide character
	wrapped bool
}

func newTerminal(width, height int) *terminal {
	return &terminal{width: width, height: height, rows: []row{{}}}
}

func (t *terminal) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.writes++
	t.raw.Write(b)
	for s := string(b); len(s) > 0; {
		if s[0] == esc {
			s = s[t.sequence(s):]
			continue
		}
		r, size := utf8.DecodeRuneInString(s)
		t.put(r)
		s = s[size:]
	}
	return len(b), nil
}

func (t *terminal) sequence(s string) int {
	size, sgr := escape([]byte(s))
	var n int
	switch seq := s[:size]; {
	case sgr:
	case seq == hideCursor:
		t.hidden = true
	case seq == showCursor:
		t.hidden = false
	case seq == eraseRest:
		t.erase()
	case seq == eraseBelow:
		t.erase()
		t.rows = t.rows[:t.row+1]
	case scan(seq, &n):
		t.row = max(t.row-n, t.top())
	default:
		t.unexpected = append(t.unexpected, seq)
	}
	return size
}

func scan(seq string, n *int) bool {
	_, err := fmt.Sscanf(seq, "\x1b[%dA", n)
	return err == nil
}

// top is the first row of the screen.
func (t *terminal) top() int { return max(0, len(t.rows)-t.height) }

func (t *terminal) erase() {
	r := &t.rows[t.row]
	r.cells = r.cells[:min(len(r.cells), t.col)]
	r.wrapped = false
}

func (t *terminal) put(r rune) {
	switch {
	case r == '\r':
		t.col = 0
	case r == '\n':
		t.down()
	case r < 0x20 || r >= 0x7f && r < 0xa0:
		t.unexpected = append(t.unexpected, fmt.Sprintf("%q", r))
	default:
		t.print(r)
	}
}

func (t *terminal) print(r rune) {
	w := runeWidth(r)
	if w == 0 {
		return
	}
	if t.col+w > t.width {
		t.rows[t.row].wrapped = true
		t.col = 0
		t.down()
	}
	cells := &t.rows[t.row].cells
	for len(*cells) < t.col+w {
		*cells = append(*cells, ' ')
	}
	(*cells)[t.col] = r
	if w == 2 {
		(*cells)[t.col+1] = 0
	}
	t.col += w
}

func (t *terminal) down() {
	t.row++
	t.col = 0 // a terminal that is not in raw mode turns LF into CR LF
	if t.row == len(t.rows) {
		t.rows = append(t.rows, row{})
	}
}

// resize wraps all lines anew, as most terminals do.
func (t *terminal) resize(width, height int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.rows
	t.width, t.height, t.rows = width, height, nil
	cursor := 0
	var line []rune
	for i, r := range old {
		line = append(line, r.cells...)
		if r.wrapped {
			continue
		}
		if i == t.row {
			cursor = len(t.rows)
		}
		for len(line) > width {
			t.rows = append(t.rows, row{line[:width:width], true})
			line = line[width:]
		}
		t.rows = append(t.rows, row{cells: line})
		line = nil
	}
	t.row = cursor
}

// text returns everything that was ever on the screen, the cursor's empty line aside.
func (t *terminal) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var lines []string
	for _, r := range t.rows {
		lines = append(lines, strings.TrimRight(strings.ReplaceAll(string(r.cells), "\x00", ""), " "))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n"
}

func (t *terminal) sent() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.raw.String()
}

// frames is how often something was written.
func (t *terminal) frames() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.writes
}
