package spec

import (
	"regexp"
	"strings"
	"sync"
)

// commandState is what command knows of the command it is in.
type commandState struct {
	start  bool // a command can start here
	word   bool // a word can start here
	parens int  // open ( of subshells, functions and arrays
	cases  int  // open case … esac, whose patterns end in an unpaired )
}

// command passes commands up to the end of the text or, in a substitution, to
// the ) that closes it.
func (r *scriptScanner) command(substitution bool) {
	s := commandState{start: true, word: true}
	for r.more() {
		if r.exprAt(r.i) {
			r.expr(`"${`, `}"`)
			s.start, s.word = false, false
			continue
		}
		c := r.text[r.i]
		if c == ')' && s.parens == 0 && s.cases == 0 && substitution {
			return
		}
		if !r.quoting(c, &s) {
			r.plain(c, &s)
		}
	}
}

// quoting passes quotes and expansions.
func (r *scriptScanner) quoting(c byte, s *commandState) bool {
	switch c {
	case '\\':
		r.escaped()
	case '\'':
		r.single(false)
	case '"':
		r.double()
	case '`':
		r.backticks()
	case '$':
		r.dollar(false)
	default:
		return false
	}
	s.start, s.word = false, false
	return true
}

// plain passes operators, comments, blanks and words.
func (r *scriptScanner) plain(c byte, s *commandState) {
	switch {
	case c == '#' && s.word:
		r.comment()
	case c == '\n':
		r.copy(1)
		r.readHeredocs()
		s.start, s.word = true, true
	case c == ' ' || c == '\t':
		r.copy(1)
		s.word = true
	case r.has("<<<"):
		r.copy(3)
		s.word = true
	case r.has("<<"):
		r.announce()
		s.word = true
	case r.has("((") && s.start && r.closesTwice():
		r.copy(2)
		r.arithmetic(")")
	case strings.IndexByte(";&|<>()", c) >= 0:
		r.operator(c, s)
	case s.word:
		r.keyword(s)
	default:
		r.copy(1)
	}
}

func (r *scriptScanner) operator(c byte, s *commandState) {
	switch {
	case c == '(':
		s.parens++
	case c == ')' && s.parens > 0:
		s.parens--
	}
	r.copy(1)
	s.word = true
	s.start = c != '<' && c != '>'
}

// keyword passes the beginning of a word and notes the words that shape commands.
func (r *scriptScanner) keyword(s *commandState) {
	from, end := r.i, r.i
	for end < r.limit && !r.exprAt(end) && strings.IndexByte(" \t\n;&|<>()'\"`$\\", r.text[end]) < 0 {
		end++
	}
	r.copy(end - from)
	word := r.text[from:end]
	if s.word = false; !s.start {
		return
	}
	switch word {
	case "case":
		s.cases++
	case "esac":
		s.cases = max(s.cases-1, 0)
	case "[[":
		r.condition()
	case "if", "then", "elif", "else", "while", "until", "do", "{", "!", "time":
		return // a command can follow
	}
	s.start = false
}

// arithmeticTests are the operators of [[ ]] whose operands bash evaluates as arithmetic.
var arithmeticTests = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\s-(eq|ne|lt|le|gt|ge)\s`) })

// condition looks ahead through [[ … ]] for arithmetic.
func (r *scriptScanner) condition() {
	rest := r.text[r.i:r.limit]
	if end := strings.Index(rest, "]]"); end >= 0 {
		rest = rest[:end]
	}
	if arithmeticTests().MatchString(rest) {
		r.numbersUntil = r.i + len(rest)
	}
}

// comment passes a comment. An expression in it is named and never read.
func (r *scriptScanner) comment() {
	for r.more() && !r.has("\n") {
		if !r.expr("${", "}") {
			r.copy(1)
		}
	}
}

// closesTwice reports whether the (( here is closed by )) and so is arithmetic.
func (r *scriptScanner) closesTwice() bool {
	depth := 0
	for i := r.i + 2; i < r.limit; i++ {
		switch r.text[i] {
		case '(':
			depth++
		case ')':
			if depth == 0 {
				return i+1 < r.limit && r.text[i+1] == ')'
			}
			depth--
		case '\n':
			return false
		}
	}
	return false
}

// announce passes << and its word.
func (r *scriptScanner) announce() {
	r.copy(2)
	h := heredoc{tabs: r.has("-")}
	if h.tabs {
		r.copy(1)
	}
	for r.has(" ") || r.has("\t") {
		r.copy(1)
	}
	from := r.i
	for r.more() && strings.IndexByte(" \t\n;&|<>()", r.text[r.i]) < 0 {
		if r.refuse("${{ }} stands in the word behind <<", "write a plain word such as EOF") {
			continue
		}
		r.heredocByte()
	}
	word := r.text[from:r.i]
	h.quoted = strings.ContainsAny(word, `'"\`)
	h.end = strings.NewReplacer(`'`, "", `"`, "", `\`, "").Replace(word)
	if word != "" {
		r.heredocs = append(r.heredocs, h)
	}
}

// heredocByte passes one character of a here-document's word, quotes as a whole.
func (r *scriptScanner) heredocByte() {
	switch r.text[r.i] {
	case '\'':
		r.single(false)
	case '"':
		r.double()
	case '\\':
		r.escaped()
	default:
		r.copy(1)
	}
}

// readHeredocs passes the here-documents that start here.
func (r *scriptScanner) readHeredocs() {
	docs := r.heredocs
	r.heredocs = nil
	for _, h := range docs {
		end := r.heredocEnd(h)
		if h.quoted {
			r.literal(end)
		} else {
			r.expanded(end)
		}
		for r.more() && !r.has("\n") { // the closing word
			r.copy(1)
		}
		if r.more() {
			r.copy(1)
		}
	}
}

// heredocEnd returns the offset of the line that closes a here-document.
func (r *scriptScanner) heredocEnd(h heredoc) int {
	for at := r.i; at < r.limit; {
		next := r.lineEnd(at)
		line := r.text[at:next]
		if h.tabs {
			line = strings.TrimLeft(line, "\t")
		}
		if line == h.end {
			return at
		}
		at = next + 1
	}
	return r.limit
}

// lineEnd returns the end of the line at an offset; line breaks inside of
// expressions do not count.
func (r *scriptScanner) lineEnd(at int) int {
	k := r.k
	for at < r.limit && r.text[at] != '\n' {
		for k < len(r.parts) && r.parts[k].Start < at {
			k++
		}
		if k < len(r.parts) && r.parts[k].Start == at {
			at = r.parts[k].End
			continue
		}
		at++
	}
	return min(at, r.limit)
}

// literal passes a here-document whose word is quoted: nothing in it is expanded.
func (r *scriptScanner) literal(end int) {
	for r.i < end {
		if !r.refuse("the here-document's word is quoted, so no variable is expanded in it", "remove the quotes of the word behind <<, or "+throughEnv) {
			r.copy(1)
		}
	}
}

// expanded passes a here-document in which variables are expanded.
func (r *scriptScanner) expanded(end int) {
	limit := r.limit
	r.limit = end
	for r.more() {
		if !r.expr("${", "}") {
			r.quotedByte()
		}
	}
	r.limit = limit
}
