package pickle

import (
	"bytes"
	"testing"
	"testing/iotest"
)

// FuzzWalk holds a walk to not panic, to stay in the file, to see the same
// however the bytes come, and to refuse whatever imports what is not allowed.
func FuzzWalk(f *testing.F) {
	for _, file := range []string{"attacks.json", "real.json"} {
		for _, s := range samples(f, file) {
			f.Add(s.Data)
		}
	}
	o := Options{Limits: Limits{Opcodes: 1 << 20, Memo: 1 << 16}}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Walk(bytes.NewReader(b), o)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range r.Refusals {
			if x.Offset < 0 || x.Offset > int64(len(b)) {
				t.Errorf("%+v of %d bytes", x, len(b))
			}
		}
		for _, g := range r.Globals {
			if !Allowed(g.Module, g.Name) && len(r.Refusals) == 0 {
				t.Errorf("%s is taken", g)
			}
		}
		slow, err := Walk(iotest.OneByteReader(bytes.NewReader(b)), o)
		if err != nil || len(slow.Refusals) != len(r.Refusals) || len(slow.Globals) != len(r.Globals) {
			t.Errorf("%+v, byte by byte %+v %v", r, slow, err)
		}
	})
}
