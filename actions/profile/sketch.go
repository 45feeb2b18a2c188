package profile

import (
	"encoding/base64"
	"fmt"
	"math"
	"math/bits"
)

// 8,192 registers have a standard error of 1.04/sqrt(8192) = 1.15 %.
const (
	sketchBits = 13
	registers  = 1 << sketchBits
	maxRank    = 64 - sketchBits + 1
)

// A Sketch estimates how many values differ (HyperLogLog): a register for each
// of 8,192 parts of the hashes, with the longest run of leading zeros in it and
// one more. The empty sketch has seen nothing.
//
// In JSON it is six bits a register, from the highest bit on, in base64.
type Sketch []byte

// add takes in the hash of a value. The sketch has registers.
func (s Sketch) add(hash uint64) {
	r := &s[hash>>(64-sketchBits)]
	// Seldom does a value raise its register: more zeros must lead than it counts.
	if rest := hash<<sketchBits | 1<<(sketchBits-1); rest>>1>>((63-*r)&63) == 0 {
		*r = byte(bits.LeadingZeros64(rest) + 1)
	}
}

// merge takes in what o has seen.
func (s Sketch) merge(o Sketch) {
	for i, r := range o {
		s[i] = max(s[i], r)
	}
}

// count estimates how many hashes differ by Algorithm 6 of Ertl, "New
// cardinality estimation algorithms for HyperLogLog sketches" (2017), which
// needs no table of corrections at any size.
func (s Sketch) count() float64 {
	var of [maxRank + 1]float64 // registers by rank
	for _, r := range s {
		of[min(r, maxRank)]++
	}
	if len(s) == 0 || of[0] == registers {
		return 0
	}
	z := registers * tau(1-of[maxRank]/registers)
	for k := maxRank - 1; k >= 1; k-- {
		z = 0.5 * (z + of[k])
	}
	z += registers * sigma(of[0]/registers)
	return registers * registers / (2 * math.Ln2 * z)
}

func sigma(x float64) float64 {
	y, z := 1.0, x
	for {
		x *= x
		last := z
		z += x * y
		y += y
		if z == last {
			return z
		}
	}
}

func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	y, z := 1.0, 1-x
	for {
		x = math.Sqrt(x)
		last := z
		y *= 0.5
		z -= (1 - x) * (1 - x) * y
		if z == last {
			return z / 3
		}
	}
}

// MarshalText packs the registers.
func (s Sketch) MarshalText() ([]byte, error) {
	packed := make([]byte, 0, len(s)*6/8)
	for i := 0; i+4 <= len(s); i += 4 {
		v := uint32(s[i])<<18 | uint32(s[i+1])<<12 | uint32(s[i+2])<<6 | uint32(s[i+3])
		packed = append(packed, byte(v>>16), byte(v>>8), byte(v))
	}
	return base64.StdEncoding.AppendEncode(nil, packed), nil
}

// UnmarshalText is the inverse of MarshalText.
func (s *Sketch) UnmarshalText(text []byte) error {
	packed, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil {
		return fmt.Errorf("sketch: %w", err)
	}
	if len(packed) != 0 && len(packed) != registers*6/8 {
		return fmt.Errorf("sketch: %d bytes, want %d", len(packed), registers*6/8)
	}
	*s = make(Sketch, 0, len(packed)*8/6)
	for i := 0; i < len(packed); i += 3 {
		v := uint32(packed[i])<<16 | uint32(packed[i+1])<<8 | uint32(packed[i+2])
		*s = append(*s, byte(v>>18), byte(v>>12&63), byte(v>>6&63), byte(v&63))
	}
	return nil
}

// mix turns a number into a hash (the finalizer of SplitMix64, Steele, Lea and
// Flood 2014, in Stafford's variant 13).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// hashNumbers puts what hashFloat returns of xs, none of which is -0, into hashes.
func hashNumbers(xs []float64, hashes []uint64) {
	hashes = hashes[:len(xs)]
	for i, x := range xs {
		hashes[i] = mix(math.Float64bits(x))
	}
}

// hashFloat returns the hash of a number, the same as of an equal whole number.
func hashFloat(x float64) uint64 { return mix(math.Float64bits(x + 0)) } // -0 + 0 = 0

// hashInt returns the hash of a whole number.
func hashInt(v int64) uint64 {
	if x := float64(v); v > -1<<53 && v < 1<<53 {
		return hashFloat(x)
	}
	return mix(uint64(v) ^ 0xa0761d6478bd642f)
}
