package profile

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
	switch hash { // a count of zero may rise again
	case b.hashes[0]:
		b.counts[0] += n
	case b.hashes[1]:
		b.counts[1] += n
	case b.hashes[2]:
		b.counts[2] += n
	case b.hashes[3]:
		b.counts[3] += n
	default:
		f.other(b, hash, key, text, n)
	}
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
