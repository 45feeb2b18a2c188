package mask

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// eachForm calls add for each form in which a value may appear, some of them
// more than once. None has fewer than MinLength bytes.
func eachForm(value string, add func(string)) {
	long := func(form string) {
		if len(form) >= MinLength {
			add(form)
		}
	}
	dumpForms(value, long)
	for _, part := range parts(value) {
		long(part)
		base64Forms(part, long)
		long(hex.EncodeToString([]byte(part)))
		long(strings.ToUpper(hex.EncodeToString([]byte(part))))
		if len(value) <= dumpedWhole {
			separatedForms(part, long)
		}
		if !plain(part) {
			urlForms(part, long)
			textForms(part, long)
		}
	}
}

// plain reports whether a value has only characters that nobody escapes.
func plain(value string) bool {
	for i := range len(value) {
		c := value[i]
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

// parts are a value, its lines, and both without the blanks around them.
func parts(value string) []string {
	out := []string{value}
	seen := map[string]bool{value: true}
	note := func(s string) {
		if len(strings.TrimSpace(s)) >= MinLength && !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	note(strings.TrimSpace(value))
	note(strings.ReplaceAll(value, "\r\n", "\n"))
	for line := range strings.SplitSeq(value, "\n") {
		line = strings.TrimSuffix(line, "\r")
		note(line)
		note(strings.TrimSpace(line))
	}
	return out
}

// base64Forms are what a value looks like inside of base64, by how many bytes
// of its first group of three belong to what is before it.
func base64Forms(value string, add func(string)) {
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		for before := range 3 {
			text := enc.EncodeToString([]byte(strings.Repeat("\x00", before) + value))
			bits := 8 * (before + len(value))
			from := (8*before + 5) / 6 // the first character that has no bit of what is before
			add(text[from : bits/6])   // and up to the last that has none of what follows
			add(text[from : (bits+5)/6])
			add(text[from:])
		}
		text := enc.EncodeToString([]byte(value))
		for _, width := range []int{64, 76} {
			brokenForms(text, width, add)
			brokenForms(text[:8*len(value)/6], width, add)
		}
	}
}

// brokenForms are the lines of a text that is broken at a width.
func brokenForms(text string, width int, add func(string)) {
	if len(text) <= width {
		return
	}
	for rest := text; rest != ""; {
		n := min(width, len(rest))
		add(rest[:n])
		rest = rest[n:]
	}
}

// urlForms are a value in URLs. Which characters are spared differs: none but
// RFC 3986's unreserved, those of Python's quote, of JavaScript's
// encodeURIComponent, URLSearchParams and encodeURI, of Go's PathEscape.
func urlForms(value string, add func(string)) {
	for _, spared := range []string{"-._~", "-._~/", "-._~!'()*", "-._*", "-._~!'()*;,/?:@&=+$#", "-._~$&+=:@"} {
		for _, digits := range []string{"0123456789ABCDEF", "0123456789abcdef"} {
			add(percent(value, spared, digits, "%20"))
			add(percent(value, spared, digits, "+"))
		}
	}
}

func percent(value, spared, digits, blank string) string {
	var b strings.Builder
	for i := range len(value) {
		switch c := value[i]; {
		case c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', strings.IndexByte(spared, c) >= 0:
			b.WriteByte(c)
		case c == ' ':
			b.WriteString(blank)
		default:
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}
