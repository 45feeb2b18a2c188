package mask

import "math/bits"

// A skipTable tells how far no form begins. Of the window bytes at a place it
// looks at the last three: if no form has them among its first window bytes,
// or only further to the left, then no form begins at this place.
type skipTable struct {
	shift []uint8 // by hash of a block: how many places on a form may begin
	bits  int     // of the hash
}

const (
	window = MinLength // bytes of a form that are looked at
	block  = 3         // bytes
	most   = window - block + 1
)

func newSkipTable(forms []string) skipTable {
	// A sixteenth of the table filled, so that few strange blocks stop us, and
	// the table still in the processor's second cache.
	t := skipTable{bits: min(max(bits.Len(uint(len(forms)*most*16)), 9), 18)}
	t.shift = make([]uint8, 1<<t.bits)
	for i := range t.shift {
		t.shift[i] = most
	}
	for _, f := range forms {
		for i := range most {
			at := &t.shift[t.hash(f[i], f[i+1], f[i+2])]
			*at = min(*at, uint8(most-1-i))
		}
	}
	return t
}

func (t *skipTable) hash(a, b, c byte) uint32 {
	x := uint32(a) | uint32(b)<<8 | uint32(c)<<16
	return x * 0x9e3779b1 >> (32 - t.bits)
}

// next returns the first place at or after at where a form may begin: for all
// the table tells, or because too little of the text is there to tell.
func (t *skipTable) next(text []byte, at int) int {
	shift, down := t.shift, 32-t.bits
	for at+window <= len(text) {
		w := text[at+window-block : at+window : at+window]
		x := uint32(w[0]) | uint32(w[1])<<8 | uint32(w[2])<<16
		s := int(shift[x*0x9e3779b1>>down])
		if s == 0 {
			return at
		}
		at += s
	}
	return min(at, len(text))
}
