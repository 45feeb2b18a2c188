package mask

import (
	"fmt"
	"html"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// textForms are a value inside of the string literals of languages.
func textForms(value string, add func(string)) {
	for _, ascii := range []bool{false, true} {
		for _, also := range []string{"", "<>&", "<>&'", "/"} {
			for _, format := range []string{`\u%04x`, `\u%04X`} {
				one := jsonText(value, also, format, ascii)
				add(one)
				add(jsonText(one, "", format, ascii))
			}
		}
	}
	for _, quote := range []func(string) string{strconv.Quote, strconv.QuoteToASCII} {
		q := quote(value)
		q = q[1 : len(q)-1]
		add(q)
		add(strings.ReplaceAll(q, `\"`, `"`)) // Python's repr chooses the quotes
		add(strings.ReplaceAll(strings.ReplaceAll(q, `\"`, `"`), `'`, `\'`))
	}
	add(html.EscapeString(value))
	add(strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;").Replace(value))
	add(strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#x27;").Replace(value))
	add(strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(value))
	add(strings.ReplaceAll(value, "'", "''"))
	shellForms(value, add)
}

// jsonText is a value between the quotes of JSON. also are characters that are
// escaped although they need not be, ascii escapes all others beyond ASCII.
func jsonText(value, also, format string, ascii bool) string {
	var b strings.Builder
	for _, r := range value {
		short := strings.IndexRune("\"\\\b\f\n\r\t", r)
		switch {
		case short >= 0:
			b.WriteByte('\\')
			b.WriteByte(`"\bfnrt`[short])
		case r == '/' && also == "/":
			b.WriteString(`\/`)
		case r < ' ', strings.ContainsRune(also, r), ascii && r >= utf8.RuneSelf && r <= 0xffff, (r == 0x2028 || r == 0x2029) && also != "":
			fmt.Fprintf(&b, format, r)
		case ascii && r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, format+format, high, low)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// shellForms are a value as shells print it, under set -x and by printf %q.
func shellForms(value string, add func(string)) {
	add(strings.ReplaceAll(value, `'`, `'\''`))
	add(strings.ReplaceAll(value, `'`, `'"'"'`)) // Python's shlex.quote
	add(strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`").Replace(value))
	add(strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`", `!`, `\!`).Replace(value))
	add(backslashes(value))
	add(ansiText(value, false))
	add(ansiText(value, true))
}

// backslashes is what printf %q of bash and dash's relatives make of a value
// without control characters.
func backslashes(value string) string {
	var b strings.Builder
	for i := range len(value) {
		c := value[i]
		if strings.IndexByte(" \t\n'\"\\|&;()<>!{}*[]?^$`,", c) >= 0 || i == 0 && (c == '#' || c == '~') {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}

// ansiText is a value between $' and ', with bytes beyond ASCII as they are, or
// in octal digits as in the C locale.
func ansiText(value string, ascii bool) string {
	var b strings.Builder
	for i := range len(value) {
		c := value[i]
		short := strings.IndexByte("\a\b\x1b\f\n\r\t\v\\'", c)
		switch {
		case short >= 0:
			b.WriteByte('\\')
			b.WriteByte(`abEfnrtv\'`[short])
		case c < ' ', c == 0x7f, ascii && c >= utf8.RuneSelf:
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
