package profile

// maxDense is how many whole numbers in a row are counted one by one.
const maxDense = 1 << 14

// A dense counts whole numbers that lie close together, each by itself.
type dense struct {
	base   int64 // what counts[0] counts
	counts []int64
}

// fit makes room for low to high and reports whether there may be so much.
func (d *dense) fit(low, high int64) bool {
	if len(d.counts) == 0 {
		if uint64(high)-uint64(low) >= maxDense {
			return false
		}
		d.base, d.counts = low, make([]int64, high-low+1)
		return true
	}
	last := d.base + int64(len(d.counts)) - 1
	if low >= d.base && high <= last {
		return true
	}
	low, high = min(low, d.base), max(high, last)
	if uint64(high)-uint64(low) >= maxDense {
		return false
	}
	grown := make([]int64, high-low+1)
	copy(grown[d.base-low:], d.counts)
	d.base, d.counts = low, grown
	return true
}

// add counts vs, unless they lie too far apart.
func (d *dense) add(vs []int64) bool {
	if len(vs) == 0 {
		return true
	}
	low, high := bounds(vs)
	return d.addWithin(vs, low, high)
}

// addWithin counts vs, whose bounds are known, unless they lie too far apart.
func (d *dense) addWithin(vs []int64, low, high int64) bool {
	if !d.fit(low, high) {
		return false
	}
	counts := d.counts
	if high-low <= 1 { // as of booleans: each count would wait for the one before
		n := above(vs, low)
		counts[low-d.base] += int64(len(vs)) - n
		counts[high-d.base] += n
		return true
	}
	for _, v := range vs {
		counts[v-d.base]++
	}
	return true
}

// above returns how many of vs, which are low or one more, are more.
func above(vs []int64, low int64) int64 {
	var a, b, c, d int64
	for ; len(vs) >= 4; vs = vs[4:] {
		a += vs[0] - low
		b += vs[1] - low
		c += vs[2] - low
		d += vs[3] - low
	}
	for _, v := range vs {
		a += v - low
	}
	return a + b + c + d
}

// maxNear is how many whole numbers in a row are counted one by one from the first on.
const maxNear = 512

// addNear counts vs, if they lie near each other.
func (d *dense) addNear(vs []int64) bool {
	low, high := bounds(vs)
	first, last := low, high
	if n := len(d.counts); n > 0 {
		first, last = min(low, d.base), max(high, d.base+int64(n)-1)
	}
	return uint64(last)-uint64(first) < maxNear && d.addWithin(vs, low, high)
}

// addTimes counts v n times, unless it lies too far away.
func (d *dense) addTimes(v, n int64) bool {
	if !d.fit(v, v) {
		return false
	}
	d.counts[v-d.base] += n
	return true
}

// each calls f for every number that was counted, ascending.
func (d *dense) each(f func(v, n int64)) {
	for i, n := range d.counts {
		if n > 0 {
			f(d.base+int64(i), n)
		}
	}
}

// counted returns the numbers that were counted, ascending.
func (d *dense) counted() []counted {
	n := 0
	d.each(func(int64, int64) { n++ })
	vs := make([]counted, 0, n)
	d.each(func(v, n int64) { vs = append(vs, counted{float64(v), n}) })
	return vs
}
