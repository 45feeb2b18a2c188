package spec

import (
	"sort"
	"strings"
	"sync"
	"unicode/utf8"
)

// source is the text of one file with an index of its lines. Lines end where
// the YAML scanner ends them: LF, CR, CRLF, NEL, LS and PS, so that positions
// of nodes and positions computed from offsets agree.
type source struct {
	name  string
	text  string // without byte order mark
	once  sync.Once
	lines []int // offset of the first byte of each line; built on first use
	ascii bool  // columns are bytes
}

func newSource(name, text string) *source { return &source{name: name, text: text} }

// index builds the line table. Most files are read without a single question
// about an offset, so it waits for the first one.
func (s *source) index() {
	s.once.Do(func() {
		s.ascii = true
		s.lines = append(make([]int, 0, 1+strings.Count(s.text, "\n")), 0)
		for i := 0; i < len(s.text); {
			if s.text[i] >= utf8.RuneSelf {
				s.ascii = false
			}
			if n := breakLen(s.text[i:]); n > 0 {
				i += n
				s.lines = append(s.lines, i)
				continue
			}
			i++
		}
	})
}

// breakLen returns the length in bytes of the line break that s starts with, or 0.
func breakLen(s string) int {
	if s == "" {
		return 0
	}
	switch s[0] {
	case '\n':
		return 1
	case '\r':
		if len(s) > 1 && s[1] == '\n' {
			return 2
		}
		return 1
	case 0xC2:
		if len(s) > 1 && s[1] == 0x85 {
			return 2
		}
	case 0xE2:
		if len(s) > 2 && s[1] == 0x80 && (s[2] == 0xA8 || s[2] == 0xA9) {
			return 3
		}
	}
	return 0
}

// pos turns a byte offset into a place; offsets past the end give the end.
func (s *source) pos(offset int) Pos {
	s.index()
	offset = min(max(offset, 0), len(s.text))
	line := sort.SearchInts(s.lines, offset+1)
	start := s.lines[line-1]
	if s.ascii {
		return Pos{line, offset - start + 1}
	}
	return Pos{line, utf8.RuneCountInString(s.text[start:offset]) + 1}
}

// offset is the inverse of pos. Places that do not exist give the nearest offset.
func (s *source) offset(p Pos) int {
	s.index()
	if p.Line < 1 {
		return 0
	}
	if p.Line > len(s.lines) {
		return len(s.text)
	}
	at := s.lines[p.Line-1]
	if s.ascii {
		return min(at+p.Col-1, len(s.text))
	}
	for col := 1; col < p.Col && at < len(s.text); col++ {
		_, n := utf8.DecodeRuneInString(s.text[at:])
		at += n
	}
	return at
}

// line returns the text of a line without its break.
func (s *source) line(n int) string {
	s.index()
	if n < 1 || n > len(s.lines) {
		return ""
	}
	from, to := s.lines[n-1], len(s.text)
	if n < len(s.lines) {
		to = s.lines[n]
	}
	text := s.text[from:to]
	for i := range text {
		if breakLen(text[i:]) > 0 {
			return text[:i]
		}
	}
	return text
}
