package evaluate

import (
	"hash/fnv"
	"hash/maphash"
	"math"
	"strconv"

	"github.com/mlops-runner/mlops/actions/table"
)

// A keyHasher hashes ids to 128 bits by seeds that nobody knows, so that no two
// ids of a table are taken for one, not even by whoever wrote it.
type keyHasher struct{ a, b maphash.Seed }

func newKeyHasher() keyHasher { return keyHasher{maphash.MakeSeed(), maphash.MakeSeed()} }

// of hashes the value of row i. A number hashes alike in columns of either kind of
// number, and as the text that spells it does in its shortest form: 7, 7.0 and "7"
// are one id, and so are 0.125 and "0.125".
func (h keyHasher) of(v *table.Vector, i int) (a, b uint64) {
	var buf [24]byte
	text := keyText(v, i, buf[:0])
	return maphash.Bytes(h.a, text), maphash.Bytes(h.b, text)
}

// keyText spells a value. The bytes go with the batch.
func keyText(v *table.Vector, i int, buf []byte) []byte {
	switch v.Kind {
	case table.Text:
		return v.Text(i)
	case table.Float:
		if x := v.Floats[i]; x != math.Trunc(x) || math.Abs(x) > 1<<53 {
			if size := math.Abs(x); size < 1e-6 || size >= 1e21 { // as JSON and JavaScript write them
				return strconv.AppendFloat(buf, x, 'e', -1, 64)
			}
			return strconv.AppendFloat(buf, x, 'f', -1, 64)
		}
		return strconv.AppendInt(buf, int64(v.Floats[i]), 10)
	}
	return strconv.AppendInt(buf, v.Ints[i], 10)
}

// groupHash hashes a group the same way everywhere and always, since groups are
// dealt into buckets by it: equal inputs give equal intervals.
func groupHash(v *table.Vector, i int) uint64 {
	var buf [24]byte
	h := fnv.New64a()
	_, _ = h.Write(keyText(v, i, buf[:0]))
	return mix(h.Sum64())
}

// mix spreads the bits of x: the finalizer of SplitMix64 (G. Steele, D. Lea and
// C. Flood, Fast splittable pseudorandom number generators, OOPSLA 2014).
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
