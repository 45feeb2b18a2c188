package mask

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
)

// A skipTable tells how far no form begins. It knows window bytes of each form,
// the first ones or some behind them. Of those at a place it looks at the last
// three: if no form has them there, or only further to the left, then no form
// has its window at this place. Where one may, it looks at all of them.
//
// Logs are full of numbers, and every three digits stand in some dump of some
// value. What tells a dump is the blanks between its numbers, so the windows of
// forms that have nothing but numbers end behind a blank ([lead]).
type skipTable struct {
	shift  []uint8  // by hash of a block: how many places on a form may begin
	begins []uint64 // a bit by hash of a whole window: whether a form may begin so
	bits   int      // of the hash of a block
	wide   int      // bits of the hash of a window
}

const (
	window = MinLength // bytes of a form that are looked at
	block  = 3         // bytes
	most   = window - block + 1
	ahead  = 3 // bytes that a form has before its window, at most
)

// lead is how many bytes a form has before its window.
func lead(form string) int {
	if strings.Trim(form, "0123456789 -") != "" {
		return 0
	}
	for i := range min(ahead, len(form)-window) + 1 {
		if w := form[i : i+window]; w[window-2] == ' ' && w[window-1] != ' ' {
			return i
		}
	}
	return 0
}

func newSkipTable(forms []string) skipTable {
	// Large enough for blocks that are all different, at first.
	t := skipTable{bits: min(max(bits.Len(uint(len(forms)*most*16)), 9), 18)}
	t.wide = min(max(bits.Len(uint(len(forms)*16)), 9), 21)
	t.shift, t.begins = make([]uint8, 1<<t.bits), make([]uint64, 1<<t.wide/64)
	for i := range t.shift {
		t.shift[i] = most
	}
	for _, f := range forms {
		f = f[lead(f):]
		h := windowHash([]byte(f[:window])) >> (64 - t.wide)
		t.begins[h/64] |= 1 << (h % 64)
		for i := range most {
			at := &t.shift[t.hash(f[i], f[i+1], f[i+2])]
			*at = min(*at, uint8(most-1-i))
		}
	}
	t.fold()
	return t
}

// fold makes the table as small as it may be with a sixteenth of it filled: few
// strange blocks stop us, and it is in the processor's nearest caches.
func (t *skipTable) fold() {
	used := 0
	for _, s := range t.shift {
		if s < most {
			used++
		}
	}
	for ; t.bits > 9 && used*16 <= len(t.shift)/2; t.bits-- {
		half := t.shift[:len(t.shift)/2]
		for i := range half { // the hash is the top bits of a product, so neighbours fall together
			half[i] = min(t.shift[2*i], t.shift[2*i+1])
		}
		t.shift = half
	}
	t.shift = slices.Clone(t.shift)
}

func (t *skipTable) hash(a, b, c byte) uint32 {
	x := uint32(a) | uint32(b)<<8 | uint32(c)<<16
	return x * 0x9e3779b1 >> (32 - t.bits)
}

// next returns the first place at or after at where a form may begin: for all
// the table tells, or because too little of the text is there to tell.
func (t *skipTable) next(text []byte, at int) int {
	first, shift, down := at, t.shift, 32-t.bits
	for at+window <= len(text) {
		w := text[at+window-block : at+window : at+window]
		x := uint32(w[0]) | uint32(w[1])<<8 | uint32(w[2])<<16
		s := int(shift[x*0x9e3779b1>>down])
		if s == 0 {
			h := windowHash(text[at:at+window]) >> (64 - t.wide)
			if t.begins[h/64]>>(h%64)&1 != 0 {
				break
			}
			s = 1
		}
		at += s
	}
	return max(min(at, len(text))-ahead, first)
}

// windowHash has its bits at the top.
func windowHash(w []byte) uint64 {
	x := uint64(binary.LittleEndian.Uint32(w)) | uint64(binary.LittleEndian.Uint16(w[4:]))<<32
	return x * 0x9e3779b97f4a7c15
}
