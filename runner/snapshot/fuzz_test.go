package snapshot

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"testing"
)

// FuzzTable holds the decoder to its promise: what it accepts, the accessors
// read without a check, and what its rows encode to reads the same.
func FuzzTable(f *testing.F) {
	rows := []Row{
		{"", "a", State{Stat: Stat{1, 2, 3, 4, 5, File | 0o644}, Digest: sha256.Sum256(nil)}},
		{"d", "b", State{Flags: Absent}},
		{"d", "c", State{Flags: Racy}},
		{"d/e", "f", State{}},
	}
	f.Add(Encode(sha256.Sum256([]byte("key")), rows, []byte("payload")))
	f.Add(Encode(Digest{}, nil, nil))
	key := Key{[]byte("a"), nil, []byte("bc")}
	f.Add(key.Encode(rows, []byte("payload")))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > HeaderSize { // damage deeper than the checksum is what is of interest
			b = bytes.Clone(b)
			sum := checksum(b)
			b[12], b[13], b[14], b[15] = byte(sum), byte(sum>>8), byte(sum>>16), byte(sum>>24)
		}
		tab, err := Decode(b)
		if err != nil {
			return
		}
		if payload, ok := key.cut(tab.Payload); ok && !bytes.Equal(key.Encode(nil, payload)[HeaderSize:], tab.Payload) {
			t.Errorf("%q has no such key", tab.Payload)
		}
		got := tab.Rows()
		for i, r := range got {
			first, n := tab.FindDir(r.Dir)
			if k := tab.FindName(first, first+n, r.Name); k < first || k > first+n {
				t.Errorf("row %d found at %d, outside of [%d,%d]", i, k, first, first+n)
			}
			if name := tab.Name(i); name[len(name)-1] != 0 {
				t.Errorf("row %d: name %q without a NUL", i, name)
			}
		}
		again, err := Decode(Encode(tab.Key, got, tab.Payload))
		if err != nil || again.Key != tab.Key || !bytes.Equal(again.Payload, tab.Payload) || !slices.Equal(again.Rows(), got) {
			t.Errorf("not the same after a round trip: %v", err)
		}
	})
}
