package render

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// foreign returns a sentence that others wrote, or that quotes what they
// wrote: as words, but words that a forge or a browser could give a meaning of
// its own become code.
func foreign(s string) text { return foreignIn(s, maxSentence) }

// maxSentence is how long a foreign sentence may be, in bytes.
const maxSentence = 1000

func foreignIn(s string, most int) text {
	s = clip(clean(s), most)
	var out text
	for from := 0; from < len(s); {
		to := len(s)
		if i := strings.IndexByte(s[from:], ' '); i >= 0 {
			to = from + i
		}
		st := words
		if risky(s[from:to]) {
			st = code
		}
		out = addWord(out, s[from:to], st)
		from = to + 1
	}
	if len(out) > maxSpans { // it is no sentence
		return text{{text: s, style: code}}
	}
	return out
}

// maxSpans is how often a sentence may change between words and code: each
// change costs some bytes, which those who plan the size must know.
const maxSpans = 16

// addWord appends a word to a sentence; neighbours of one style are one span.
func addWord(t text, word string, st style) text {
	switch last := len(t) - 1; {
	case last < 0:
		return append(t, span{text: word, style: st})
	case t[last].style == st:
		t[last].text += " " + word
		return t
	case st == code:
		t[last].text += " "
		return append(t, span{text: word, style: st})
	default:
		return append(t, span{text: " " + word})
	}
}

// risky reports whether a word could be taken for a mention (@name), a reference
// (#1, !1, GH-1, a commit), an address, a command or an emoji (:name:), which forges
// look for in what Markdown has made of a text, so that no backslash helps; or for
// mark-up that not all forges let a backslash take away. What it lets pass is
// letters, digits, numbers, the punctuation of sentences, and brackets: these
// [escaped] takes care of.
func risky(word string) bool {
	if operator(word) || numeral(word) {
		return false
	}
	if strings.ContainsAny(word, "@#`\\$|*~^_<>&=") || strings.Contains(word, "://") || strings.Contains(word, "--") {
		return true
	}
	return sigil(word) || emoji(word) || dashed(word) || commit(word) || inlineDiff(word) || hasFold(word, "www.") || hasFold(word, "mailto") || hasFold(word, "xmpp")
}

// numeral reports whether a word is a decimal number as programs write it, perhaps
// in brackets or before punctuation: 170000000, (1.5e-07), [-1,
func numeral(word string) bool {
	word = strings.TrimLeft(word, "([{")
	word = strings.TrimRight(word, ")]},;:.%")
	if strings.HasPrefix(word, "+") || strings.HasPrefix(word, "-") {
		word = word[1:]
	}
	mantissa, exponent, scientific := strings.Cut(strings.ToLower(word), "e")
	whole, fraction, point := strings.Cut(mantissa, ".")
	if exponent != "" && (exponent[0] == '-' || exponent[0] == '+') {
		exponent = exponent[1:]
	}
	return allDigits(strings.ReplaceAll(whole, ",", "")) && (!point || allDigits(fraction)) && (!scientific || allDigits(exponent))
}

func allDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// inlineDiff reports whether a word could end what GitLab shows as an insertion or a
// deletion: {+so+}, [-so-].
func inlineDiff(word string) bool {
	for _, end := range []string{"+}", "+]", "-}", "-]"} {
		if strings.Contains(word, end) {
			return true
		}
	}
	return false
}

// operator reports whether a word is a comparison, as in "auc >= 0.8".
func operator(word string) bool {
	switch word {
	case "<", ">", "<=", ">=", "==", "!=", "&&", "||", "*", "=":
		return true
	}
	return false
}

func hasFold(s, prefix string) bool {
	return strings.Contains(strings.ToLower(s), prefix)
}

// sigil reports whether a letter or digit follows ! or %, by which GitLab
// refers to merge requests and milestones.
func sigil(word string) bool {
	for i := range len(word) - 1 {
		if (word[i] == '!' || word[i] == '%') && alnum(word[i+1]) {
			return true
		}
	}
	return false
}

// emoji reports whether a word holds :name, which a colon of ours behind it
// could complete.
func emoji(word string) bool {
	for i := range len(word) - 1 {
		if word[i] == ':' && (alnum(word[i+1]) || strings.IndexByte(":+-_", word[i+1]) >= 0) {
			return true
		}
	}
	return false
}

// dashed reports whether a word holds letters, a dash and a digit, as
// references to issue trackers do.
func dashed(word string) bool {
	for i := 1; i+1 < len(word); i++ {
		if word[i] == '-' && letter(word[i-1]) && word[i+1] >= '0' && word[i+1] <= '9' {
			return true
		}
	}
	return false
}

// minCommit is the length of hex digits from which on forges look for a commit.
const minCommit = 7

// commit reports whether a word holds what could be a commit's hash. One without
// a digit is a word, such as "succeeded".
func commit(word string) bool {
	run, digit := 0, false
	for i := range len(word) {
		switch c := word[i] | 0x20; {
		case word[i] >= '0' && word[i] <= '9':
			run, digit = run+1, true
		case c >= 'a' && c <= 'f':
			run++
		default:
			run, digit = 0, false
		}
		if run >= minCommit && digit {
			return true
		}
	}
	return false
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= utf8.RuneSelf }
func alnum(c byte) bool  { return letter(c) || c >= '0' && c <= '9' }

// symbol returns a foreign name for a place where quotes, brackets and signs
// have a meaning: letters, digits and a few marks stay, the rest becomes "_".
func symbol(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" .-_+/=()", r) {
			return r
		}
		return '_'
	}, clean(s))
}
