package profile

import "math/bits"

// A frequent finds the values that are common among too many to be counted. Each
// of 256 ballots counts four of the values whose hashes fall into it: one that is
// not counted takes the place of a count of zero, or else lowers all four by one
// (Misra and Gries, "Finding repeated elements", 1982).
//
// What a ballot was lowered by in all, and what the sieve before it dropped, is
// how much its counts are too low at most, and the most that a value without a
// count can occur.
type frequent struct {
	sieve   sieve
	ballots []ballot
	keys    [][places]uint64 // of numbers
	texts   [][places][]byte // of texts
}

type ballot struct {
	hashes  [places]uint64
	counts  [places]int64
	lowered int64
}

const (
	ballots   = 256
	places    = 4
	topValues = 256 // how many values are told
)

func newFrequent(texts bool) *frequent {
	f := &frequent{sieve: newSieve(), ballots: make([]ballot, ballots)}
	if texts {
		f.texts = make([][places][]byte, ballots)
	} else {
		f.keys = make([][places]uint64, ballots)
	}
	return f
}

// add counts a value n times, unless it is rare.
func (f *frequent) add(hash, key uint64, text []byte, n int64) {
	if !f.sieve.drops(hash, n, f.sieve.limit(n)) {
		f.vote(hash, key, text, n)
	}
}

// vote counts a value n times.
func (f *frequent) vote(hash, key uint64, text []byte, n int64) {
	b := &f.ballots[hash%ballots]
	if place := b.place(hash); place < places { // a count of zero may rise again
		b.counts[place] += n
		return
	}
	f.other(b, hash, key, text, n)
}

// place returns the first place that is that of a hash, places if there is none.
// It compares with all: which one it is cannot be guessed.
func (b *ballot) place(hash uint64) uint {
	place := uint(places)
	if b.hashes[3] == hash {
		place = 3
	}
	if b.hashes[2] == hash {
		place = 2
	}
	if b.hashes[1] == hash {
		place = 1
	}
	if b.hashes[0] == hash {
		place = 0
	}
	return place
}

// voteNumber does what vote does for a number that occurs once. Which of the ways
// it goes cannot be guessed where many values are common to some degree, so it goes
// all of them and nothing branches.
func (f *frequent) voteNumber(hash, key uint64) {
	if hash == 0 { // the hash of places that were never taken
		f.vote(hash, key, nil, 1)
		return
	}
	at := hash % ballots
	b, keys := &f.ballots[at], &f.keys[at]
	h, c := &b.hashes, &b.counts
	zeros := same(c[0], 0) | same(c[1], 0)<<1 | same(c[2], 0)<<2 | same(c[3], 0)<<3
	free := bits.TrailingZeros8(uint8(zeros | 1<<places)) // the first place with a count of zero
	is0, is1, is2, is3 := same(h[0], hash), same(h[1], hash), same(h[2], hash), same(h[3], hash)
	other := 1 - (is0 | is1 | is2 | is3)
	lower := other & int64(free/places) & 1
	c[0] += is0 - lower
	c[1] += is1 - lower
	c[2] += is2 - lower
	c[3] += is3 - lower
	b.lowered += lower
	take := other - lower
	free %= places
	c[free] += take
	h[free] ^= (h[free] ^ hash) & uint64(-take)
	keys[free] ^= (keys[free] ^ key) & uint64(-take)
}

// same returns 1 if a and b are equal, else 0.
func same[T int64 | uint64](a, b T) int64 {
	if a == b {
		return 1
	}
	return 0
}

// other counts a value that has no place.
func (f *frequent) other(b *ballot, hash, key uint64, text []byte, n int64) {
	c := &b.counts
	if down := min(c[0], c[1], c[2], c[3], n); down > 0 {
		c[0] -= down
		c[1] -= down
		c[2] -= down
		c[3] -= down
		b.lowered += down
		if n -= down; n == 0 {
			return
		}
	}
	place := 0
	for c[place] != 0 { // one is, or n would be
		place++
	}
	f.take(hash, place, key, text)
	b.hashes[place], c[place] = hash, n
}

// take remembers what the value of a place is.
func (f *frequent) take(hash uint64, place int, key uint64, text []byte) {
	at := hash % ballots
	if f.texts == nil {
		f.keys[at][place] = key
		return
	}
	f.texts[at][place] = append(f.texts[at][place][:0], text...)
}

// top returns the values whose counts are clear, with what name makes of those
// that are numbers, and the most that any other value can have.
func (f *frequent) top(name func(key uint64) string) (values []Value, most int64) {
	for at, b := range f.ballots {
		most = max(most, b.lowered+f.sieve.most(at))
		for i, c := range b.counts {
			over := b.lowered + f.sieve.dropped(b.hashes[i])
			if c < max(2, over) {
				most = max(most, c+over)
				continue
			}
			v := Value{Count: c + over, Over: over}
			if f.texts != nil {
				v.Text = string(f.texts[at][i])
			} else {
				v.Text = name(f.keys[at][i])
			}
			values = append(values, v)
		}
	}
	return cut(values, topValues, most)
}

// cut sorts values, the commonest first, and keeps n of them.
func cut(values []Value, n int, most int64) ([]Value, int64) {
	sortValues(values)
	if len(values) <= n {
		return values, most
	}
	return values[:n:n], max(most, values[n].Count)
}
