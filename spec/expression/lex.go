package expression

import (
	"math"
	"strings"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokEnd tokenKind = iota
	tokOpenParen
	tokCloseParen
	tokOpenBracket
	tokCloseBracket
	tokComma
	tokDot
	tokNot
	tokOr
	tokAnd
	tokEqual
	tokNotEqual
	tokLess
	tokLessEqual
	tokGreater
	tokGreaterEqual
	tokStar
	tokPlus
	tokMinus
	tokSlash
	tokPercent
	tokNumber
	tokString
	tokName
	tokTrue
	tokFalse
	tokNull
)

type token struct {
	kind       tokenKind
	start, end int32
	num        float64
}

// A lexer splits a source by the rules of GitHub's lexer: a name may contain
// "-"; a number is all up to the next boundary character; a word after a dot is
// a property, even true or null. New is that "+", "-", "/" and "%" which stand
// alone between operands are operators: there GitHub's lexer always fails, so
// no expression changes its meaning.
type lexer struct {
	src    string
	pos    int // next byte
	start  int // of the current token or space
	tokens []token
}

// lex returns the tokens of src, which end with a tokEnd. It appends to buf.
func lex(src string, buf []token) ([]token, *Error) {
	if len(src) > MaxLength && utf16Len(src) > MaxLength {
		return nil, &Error{Kind: LexingError, Msg: "exceeded max expression length 21000", End: len(src)}
	}
	l := lexer{src: src, tokens: buf}
	for l.pos < len(src) {
		l.start = l.pos
		if err := l.next(); err != nil {
			return nil, err
		}
	}
	// GitHub places the end where the last token or space starts.
	l.add(tokEnd)
	return l.tokens, nil
}

func (l *lexer) next() *Error {
	c := l.src[l.pos]
	l.pos++
	switch c {
	case ' ', '\t', '\r', '\n':
		return nil
	case '(':
		l.add(tokOpenParen)
	case ')':
		l.add(tokCloseParen)
	case '[':
		l.add(tokOpenBracket)
	case ']':
		l.add(tokCloseBracket)
	case ',':
		l.add(tokComma)
	case '*':
		l.add(tokStar)
	case '!':
		l.either('=', tokNotEqual, tokNot)
	case '<':
		l.either('=', tokLessEqual, tokLess)
	case '>':
		l.either('=', tokGreaterEqual, tokGreater)
	default:
		return l.word(c)
	}
	return nil
}

func (l *lexer) word(c byte) *Error {
	switch {
	case c == '=' || c == '&' || c == '|':
		return l.double(c)
	case c == '\'':
		return l.text()
	case c == '.' && l.afterOperand():
		l.add(tokDot)
		return nil
	case c == '.' || c == '+' || c == '-' || '0' <= c && c <= '9':
		return l.number()
	}
	return l.name()
}

func (l *lexer) add(k tokenKind) {
	l.tokens = append(l.tokens, token{kind: k, start: int32(l.start), end: int32(l.pos)})
}

// either adds yes if the next byte is c, and no otherwise.
func (l *lexer) either(c byte, yes, no tokenKind) {
	if l.pos < len(l.src) && l.src[l.pos] == c {
		l.pos++
		no = yes
	}
	l.add(no)
}

// double adds "==", "&&" or "||"; one of these alone is an error.
func (l *lexer) double(c byte) *Error {
	if l.pos >= len(l.src) || l.src[l.pos] != c {
		return l.name()
	}
	l.pos++
	switch c {
	case '=':
		l.add(tokEqual)
	case '&':
		l.add(tokAnd)
	default:
		l.add(tokOr)
	}
	return nil
}

func (l *lexer) last() tokenKind {
	if len(l.tokens) == 0 {
		return tokEnd
	}
	return l.tokens[len(l.tokens)-1].kind
}

// afterOperand reports whether a dot here reads a property.
func (l *lexer) afterOperand() bool {
	switch l.last() {
	case tokName, tokCloseBracket, tokCloseParen, tokStar:
		return true
	}
	return false
}

func (l *lexer) number() *Error {
	for l.pos < len(l.src) && (l.src[l.pos] == '.' || !l.boundary()) {
		l.advance()
	}
	word := l.src[l.start:l.pos]
	if k, ok := l.operator(word); ok {
		l.add(k)
		return nil
	}
	f := parseNumber(word)
	if math.IsNaN(f) {
		return l.unexpected()
	}
	l.add(tokNumber)
	l.tokens[len(l.tokens)-1].num = f
	return nil
}

// operator returns the arithmetic operator that word is here. One without an
// operand behind it is none, so that the error is GitHub's.
func (l *lexer) operator(word string) (tokenKind, bool) {
	if len(word) != 1 || !l.operandFollows() {
		return 0, false
	}
	if word == "-" {
		return tokMinus, true
	}
	if !l.endsOperand() {
		return 0, false
	}
	switch word {
	case "+":
		return tokPlus, true
	case "/":
		return tokSlash, true
	case "%":
		return tokPercent, true
	}
	return 0, false
}

// operandFollows reports whether what is next can begin an operand.
func (l *lexer) operandFollows() bool {
	rest := strings.TrimLeft(l.src[l.pos:], " \t\r\n")
	return rest != "" && strings.IndexByte(")],*=<>&|", rest[0]) < 0
}

// endsOperand reports whether the last token can end an operand.
func (l *lexer) endsOperand() bool {
	switch l.last() {
	case tokName, tokCloseBracket, tokCloseParen, tokStar, tokNumber, tokString, tokTrue, tokFalse, tokNull:
		return true
	}
	return false
}

func (l *lexer) text() *Error {
	for {
		i := strings.IndexByte(l.src[l.pos:], '\'')
		if i < 0 {
			l.pos = len(l.src)
			err := l.unexpected()
			err.Fix = "close the string with '"
			return err
		}
		l.pos += i + 1
		if l.pos >= len(l.src) || l.src[l.pos] != '\'' {
			break
		}
		l.pos++ // '' is one quote
	}
	l.add(tokString)
	return nil
}

// textOf returns the value of a string token.
func textOf(src string, t token) string {
	return strings.ReplaceAll(src[t.start+1:t.end-1], "''", "'")
}

func (l *lexer) name() *Error {
	for l.pos < len(l.src) && !l.boundary() {
		l.advance()
	}
	word := l.src[l.start:l.pos]
	if k, ok := l.operator(word); ok {
		l.add(k)
		return nil
	}
	if !legalName(word) {
		return l.unexpected()
	}
	if l.last() == tokDot {
		l.add(tokName)
		return nil
	}
	l.keyword(word)
	return nil
}

// keyword adds a word that may be a literal; their case matters.
func (l *lexer) keyword(word string) {
	switch word {
	case "true":
		l.add(tokTrue)
	case "false":
		l.add(tokFalse)
	case "null":
		l.add(tokNull)
	case "NaN":
		l.add(tokNumber)
		l.tokens[len(l.tokens)-1].num = math.NaN()
	case "Infinity":
		l.add(tokNumber)
		l.tokens[len(l.tokens)-1].num = math.Inf(1)
	default:
		l.add(tokName)
	}
}

// advance moves over one character.
func (l *lexer) advance() {
	if l.src[l.pos] < utf8.RuneSelf {
		l.pos++
		return
	}
	_, n := utf8.DecodeRuneInString(l.src[l.pos:])
	l.pos += n
}

// boundary reports whether the next character ends a word or number.
func (l *lexer) boundary() bool {
	switch c := l.src[l.pos]; c {
	case '(', '[', ')', ']', ',', '.', '!', '>', '<', '=', '&', '|':
		return true
	case ' ', '\t', '\n', '\v', '\f', '\r':
		return true
	default:
		if c < utf8.RuneSelf {
			return false
		}
	}
	r, _ := utf8.DecodeRuneInString(l.src[l.pos:])
	return isSpace(r)
}

func (l *lexer) unexpected() *Error {
	word := l.src[l.start:l.pos]
	return &Error{Kind: LexingError, Msg: "unexpected symbol: '" + word + "'",
		Pos: l.start, End: l.pos, Fix: fixWord(word), src: l.src}
}

// fixWord tells how an illegal word is written right, or "".
func fixWord(word string) string {
	switch {
	case len(word) > 1 && (word[0] == '-' || word[0] == '+' || word[0] == '/' || word[0] == '%'):
		return `put spaces around "` + word[:1] + `"`
	case len(word) > 1 && strings.HasSuffix(word, "%") && !math.IsNaN(parseNumber(word[:len(word)-1])):
		return "write " + formatNumber(parseNumber(word[:len(word)-1])/100)
	case word[0] == '"':
		return "write strings in single quotes"
	case len(word) > 1 && strings.ContainsAny(word, "*/%+"):
		sign := word[strings.IndexAny(word, "*/%+"):][:1]
		return `put spaces around "` + sign + `"`
	case word == "=":
		return `write "==" to compare`
	case word == "&":
		return `write "&&"`
	case word == "|":
		return `write "||"`
	}
	return ""
}

func legalName(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_':
		case i > 0 && (c == '-' || '0' <= c && c <= '9'):
		default:
			return false
		}
	}
	return s != ""
}
