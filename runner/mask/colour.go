package mask

import "bytes"

const escape = 0x1b

// coloured masks values that escape sequences stand in, as programs write them that
// highlight a part of a word: terminals and views leave the sequences out, and
// what remains is the value.
func (a *automaton) coloured(text []byte) []byte {
	if bytes.IndexByte(text, escape) < 0 {
		return text
	}
	bare, at := make([]byte, 0, len(text)), make([]int, 0, len(text))
	for i := 0; i < len(text); {
		if n := sequence(text[i:]); n > 0 {
			i += n
			continue
		}
		bare, at = append(bare, text[i]), append(at, i)
		i++
	}
	_, hits := a.scan(bare, 0, root, nil)
	if len(hits) == 0 {
		return text
	}
	var out []byte
	from := 0
	for _, h := range hits {
		out = append(append(out, text[from:at[h.from]]...), Mark...)
		from = at[h.to-1] + 1
	}
	return append(out, text[from:]...)
}

// sequence is the length of the control sequence (ECMA-48, 5.4) that text begins
// with; 0 if there is none.
func sequence(text []byte) int {
	if len(text) < 2 || text[0] != escape {
		return 0
	}
	if text[1] != '[' {
		return 2
	}
	for i := 2; i < len(text); i++ {
		if text[i] < 0x20 || text[i] > 0x3f { // neither parameter nor intermediate
			return i + 1
		}
	}
	return len(text)
}
