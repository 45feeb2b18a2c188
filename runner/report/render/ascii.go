package render

import (
	"fmt"
	"strings"
)

// ascii rewrites text for terminals that know nothing else: our own characters
// by look-alikes, foreign ones by their number.
func ascii(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		switch like, ok := lookAlike(r); {
		case r < 0x80:
			b.WriteRune(r)
		case ok:
			b.WriteString(like)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

func lookAlike(r rune) (string, bool) {
	if i := strings.IndexRune("▁▂▃▄▅▆▇█", r); i >= 0 {
		return string("_.:-=+*#"[i/len("█")]), true
	}
	switch r {
	case 'Δ':
		return "change", true
	case '…':
		return "..", true
	case '→':
		return "->", true
	case '·':
		return "|", true
	case '–', '−':
		return "-", true
	case '∞':
		return "inf", true
	case '↑':
		return "up", true
	case '↓':
		return "down", true
	}
	return "", false
}
