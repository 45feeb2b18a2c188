package view

import "strconv"

// maxShown is how many columns of one line of output a terminal shows. The
// rest is in the log; a minified file of one line must not fill the screen.
const maxShown = 4000

// A screen knows what the last rows of a terminal look like and redraws them.
// Every frame is one write that begins by hiding the cursor and ends by showing
// it, so that a process killed at any moment leaves the terminal usable.
type screen struct {
	sink  sink
	color bool
	told  bool  // anything stays on the screen
	rows  []int // widths of the rows that are shown, cursor on the line below them
	buf   []byte
}

const (
	hideCursor = "\x1b[?25l"
	showCursor = "\x1b[?25h"
	eraseBelow = "\x1b[J"
	eraseRest  = "\x1b[K"
)

// show scrolls items above the rows and replaces the rows.
func (s *screen) show(items []item, rows []string, width int, run string) {
	if len(items) == 0 && len(rows) == 0 && len(s.rows) == 0 {
		return
	}
	b := append(s.buf[:0], hideCursor...)
	b = s.up(b, width)
	if len(items) > 0 || len(rows) < len(s.rows) {
		b = append(b, eraseBelow...)
	}
	s.told = s.told || len(items) > 0
	for _, it := range items {
		b = s.item(b, it, run)
	}
	s.rows = s.rows[:0]
	for _, row := range rows {
		b = append(append(b, row...), eraseRest+"\r\n"...)
		s.rows = append(s.rows, Width(row))
	}
	b = append(b, showCursor...)
	s.sink.write(b)
	s.buf = b
	if cap(s.buf) > maxBuffer {
		s.buf = nil
	}
}

// up moves the cursor to the first of the rows. Terminals wrap lines anew when
// they become narrower, so a row may take several lines by now.
func (s *screen) up(b []byte, width int) []byte {
	lines := 0
	for _, w := range s.rows {
		lines += max(1, (w+width-1)/width)
	}
	b = append(b, '\r')
	if lines == 0 {
		return b
	}
	b = append(b, "\x1b["...)
	b = strconv.AppendInt(b, int64(lines), 10)
	return append(b, 'A')
}

// item appends the lines of one item.
func (s *screen) item(b []byte, it item, run string) []byte {
	switch {
	case it.lost > 0:
		return append(b, s.lost(it, run)...)
	case it.output:
		return s.output(b, it)
	default:
		b = append(b, it.text[:len(it.text)-1]...)
		return append(b, "\r\n"...)
	}
}

// lost tells how many lines were dropped and where they can be read.
func (s *screen) lost(it item, run string) string {
	prefix, name := "", ""
	if it.job != nil {
		prefix, name = s.prefix(it.job), it.job.id
	}
	text := "… " + plural(it.lost, "line") + " not shown"
	if hint := logHint(run, name); hint != "" {
		text += " (" + hint + ")"
	}
	return prefix + paint(s.color).in(yellow, text) + "\r\n"
}

func (s *screen) prefix(j *job) string {
	return paint(s.color).in(j.color, j.id+" │") + " "
}

// output appends foreign lines, each behind the name of its job.
func (s *screen) output(b []byte, it item) []byte {
	prefix := s.prefix(it.job)
	clean := cleaner{color: s.color, expand: true}
	for line := range linesOf(it.text) {
		b = append(b, prefix...)
		start := len(b)
		b = clean.append(b, line)
		if len(b)-start > maxShown {
			b = append(b[:start], Crop(string(b[start:]), maxShown)...)
		}
		b = append(b, "\r\n"...)
	}
	return b
}
