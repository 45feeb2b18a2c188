package profile

// maxExact is how many different values are counted one by one.
const maxExact = 1024

// A few counts up to maxExact different values by their keys, each with its hash.
type few struct {
	slots  []uint16 // by hash: one more than the place of a value, 0 for none
	hashes []uint64
	keys   []uint64
	counts []int64
	texts  [][]byte // by place, nil unless isText
	isText bool
}

const fewSlots = 4 * maxExact

// find returns the place of a key, and adds it if it is new; -1 if there is no
// room for it. Keys of texts are hashes, which two texts may share.
func (f *few) find(hash, key uint64, text []byte) int {
	if f.slots == nil {
		f.slots = make([]uint16, fewSlots)
	}
	for at := hash % fewSlots; ; at = (at + 1) % fewSlots {
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
	return len(f.keys) - 1
}
