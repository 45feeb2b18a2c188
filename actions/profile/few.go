package profile

// maxExact is how many different values are counted one by one.
const maxExact = 1024

// A few counts up to maxExact different values by their keys, each with its hash.
type few struct {
	slots  []uint16 // by hash: one more than the place of a value, 0 for none; four for each value or more
	hashes []uint64
	keys   []uint64
	counts []int64
	texts  [][]byte // by place, nil unless isText
	isText bool
}

// leastSlots is how many slots there are at first: a table may have very many
// columns, most of them with few values.
const leastSlots = 16

// find returns the place of a key, and adds it if it is new; -1 if there is no
// room for it. Keys of texts are hashes, which two texts may share.
func (f *few) find(hash, key uint64, text []byte) int {
	if f.slots == nil {
		f.slots = make([]uint16, leastSlots)
	}
	last := uint64(len(f.slots) - 1)
	for at := hash & last; ; at = (at + 1) & last {
		i := int(f.slots[at]) - 1
		if i < 0 {
			return f.insert(at, hash, key, text)
		}
		if f.keys[i] == key && (!f.isText || string(f.texts[i]) == string(text)) {
			return i
		}
	}
}

func (f *few) insert(at, hash, key uint64, text []byte) int {
	if len(f.keys) == maxExact {
		return -1
	}
	f.hashes, f.keys = append(f.hashes, hash), append(f.keys, key)
	f.counts = append(f.counts, 0)
	if f.isText {
		f.texts = append(f.texts, append([]byte{}, text...))
	}
	f.slots[at] = uint16(len(f.keys))
	if 4*len(f.keys) > len(f.slots) && len(f.keys) < maxExact {
		f.spread()
	}
	return len(f.keys) - 1
}

// spread doubles the slots.
func (f *few) spread() {
	f.slots = make([]uint16, 2*len(f.slots))
	last := uint64(len(f.slots) - 1)
	for i, hash := range f.hashes {
		at := hash & last
		for f.slots[at] != 0 {
			at = (at + 1) & last
		}
		f.slots[at] = uint16(i + 1)
	}
}
