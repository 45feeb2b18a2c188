package view

import "bytes"

// escape returns the length of the escape sequence that b begins with (b[0] is
// ESC) and whether it is a colour sequence that may be shown. Of a sequence
// without end only the introducer counts, so that the text after it is seen.
// The grammar is that of ECMA-48, section 5.4 to 5.6, and ECMA-35, section 13.
func escape(b []byte) (size int, sgr bool) {
	if len(b) == 1 {
		return 1, false
	}
	switch c := b[1]; {
	case c == '[':
		return controlSequence(b)
	case c == ']', c == 'P', c == 'X', c == '^', c == '_':
		return controlString(b), false
	case c >= 0x20 && c <= 0x2f:
		return designation(b), false
	case c >= 0x30 && c <= 0x7e:
		return 2, false
	}
	return 1, false
}

// controlSequence measures ESC [ parameters intermediates final.
func controlSequence(b []byte) (size int, sgr bool) {
	i := 2
	for i < len(b) && b[i] >= 0x30 && b[i] <= 0x3f {
		i++
	}
	params := b[2:i]
	for i < len(b) && b[i] >= 0x20 && b[i] <= 0x2f {
		i++
	}
	if i == len(b) || b[i] < 0x40 || b[i] > 0x7e {
		return i, false
	}
	return i + 1, b[i] == 'm' && i == 2+len(params) && isColor(params)
}

// controlString measures ESC ] text and its like up to BEL or ESC \. Any other
// ESC breaks it off, as in xterm, so that no text is looked through twice.
func controlString(b []byte) int {
	text := b[2:]
	end := bytes.IndexByte(text, esc)
	if end < 0 {
		end = len(text)
	}
	if bell := bytes.IndexByte(text[:end], 7); b[1] == ']' && bell >= 0 {
		return 2 + bell + 1
	}
	if end+1 < len(text) && text[end+1] == '\\' {
		return 2 + end + 2
	}
	return 2
}

// designation measures ESC intermediates final.
func designation(b []byte) int {
	i := 1
	for i < len(b) && b[i] >= 0x20 && b[i] <= 0x2f {
		i++
	}
	if i < len(b) && b[i] >= 0x30 && b[i] <= 0x7e {
		i++
	}
	return i
}

// isColor reports whether SGR parameters only choose how text looks. Conceal
// (8) is refused because it hides text from whoever reads the log.
func isColor(params []byte) bool {
	if len(params) > 40 || bytes.ContainsAny(params, "<=>?") {
		return false
	}
	for len(params) > 0 {
		var code []byte
		code, params = parameter(params)
		switch {
		case len(code) == 2 && (code[0] == '3' || code[0] == '4') && code[1] == '8':
			params = afterColor(params)
		case len(code) > 0 && code[0] == '8' && (len(code) == 1 || code[1] == ':'):
			return false
		}
	}
	return true
}

// parameter splits off the first parameter, without leading zeros.
func parameter(params []byte) (first, rest []byte) {
	first = params
	if i := bytes.IndexByte(params, ';'); i >= 0 {
		first, rest = params[:i], params[i+1:]
	}
	for len(first) > 0 && first[0] == '0' {
		first = first[1:]
	}
	return first, rest
}

// afterColor skips the arguments of an extended colour: 5 and a palette index,
// or 2 and red, green and blue.
func afterColor(params []byte) []byte {
	kind, rest := parameter(params)
	n := 0
	switch string(kind) {
	case "5":
		n = 1
	case "2":
		n = 3
	default:
		return params
	}
	for range n {
		_, rest = parameter(rest)
	}
	return rest
}

// isReset reports whether the SGR sequence s does nothing but switch everything off.
func isReset(s []byte) bool { return len(bytes.Trim(s[2:len(s)-1], "0")) == 0 }
