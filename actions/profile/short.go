package profile

import "encoding/binary"

// Shorts count texts of at most eight bytes that come again and again, as names
// of countries and plans do, before they are hashed: each has a place by its bytes,
// until another one takes it. A column whose texts mostly differ has none.
type shorts struct {
	places []short // nil while the column is small, and where it does not pay
	looks  int
	misses int
	given  bool // up
}

// A short is a text, its bytes from the lowest on, and how often it occurred
// since it has its place.
type short struct {
	word  uint64
	size  uint8
	count int64
}

const (
	shortBits  = 8
	shortLeast = 1 << 9  // texts of a column that come before shorts are worth their memory
	shortTrial = 1 << 12 // looks after which it is clear whether they pay
)

// add counts s, if it is short, and calls add with a text that loses its place.
func (c *shorts) add(s []byte, seen int64, add func(s []byte, n int64)) bool {
	if len(s) > 8 || c.given {
		return false
	}
	if c.places == nil {
		if seen < shortLeast {
			return false
		}
		c.places = make([]short, 1<<shortBits)
	}
	word, size := wordOf(s), uint8(len(s))
	p := &c.places[(word^uint64(size))*0x9e3779b97f4a7c15>>(64-shortBits)]
	c.looks++
	if p.word == word && p.size == size {
		p.count++
		return true
	}
	c.misses++
	p.leave(add)
	*p = short{word, size, 1}
	if c.looks >= shortTrial {
		c.given = c.misses > c.looks/4
		c.looks, c.misses = 0, 0
		if c.given {
			c.flush(add)
		}
	}
	return true
}

// flush calls add with all texts that have places.
func (c *shorts) flush(add func(s []byte, n int64)) {
	for i := range c.places {
		c.places[i].leave(add)
	}
	c.places = nil
}

func (p *short) leave(add func(s []byte, n int64)) {
	if p.count == 0 {
		return
	}
	var text [8]byte
	binary.LittleEndian.PutUint64(text[:], p.word)
	add(text[:p.size], p.count)
	p.count = 0
}

// wordOf returns at most eight bytes, the first in the lowest byte and zeros
// behind the last.
func wordOf(s []byte) uint64 {
	switch n := len(s); {
	case n == 8:
		return binary.LittleEndian.Uint64(s)
	case n >= 4:
		high := uint64(binary.LittleEndian.Uint32(s[n-4:]))
		return uint64(binary.LittleEndian.Uint32(s)) | high<<(8*(n-4))
	case n > 0:
		return uint64(s[0]) | uint64(s[n/2])<<(8*(n/2)) | uint64(s[n-1])<<(8*(n-1))
	}
	return 0
}
