package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// randomEntries makes a valid list; names are chosen to sort badly.
func randomEntries(r *rand.Rand, n int) []Entry {
	names := []string{"a", "a-b", "a.b", "b", "A", "é", "a b", "..x", "z\n"}
	var es []Entry
	used := map[string]bool{}
	for range n {
		var parts []string
		for range 1 + r.IntN(4) {
			parts = append(parts, names[r.IntN(len(names))])
		}
		p := strings.Join(parts, "/")
		content := fmt.Sprint(r.IntN(10))
		e := file(p, content)
		switch r.IntN(5) {
		case 0:
			e.Mode = 0o755
		case 1:
			e = Entry{Path: p, Mode: fs.ModeSymlink, Link: "t" + content, Digest: Sum([]byte("t" + content))}
		case 2:
			e = Entry{Path: p, Mode: fs.ModeDir}
		}
		if !used[p] && CheckEntries(append(slices.Clone(es), e)) == nil {
			used[p], es = true, append(es, e)
		}
	}
	return es
}

func TestTreeRoundTripAndCanon(t *testing.T) {
	d := open(t)
	r := rand.New(rand.NewPCG(1, 2))
	seen := map[Digest]string{}
	for range 60 {
		es := randomEntries(r, r.IntN(20))
		dig, err := d.PutTree(t.Context(), es)
		if err != nil {
			t.Fatal(err)
		}
		r.Shuffle(len(es), func(i, j int) { es[i], es[j] = es[j], es[i] })
		if named, err := TreeDigest(es); named != dig || err != nil {
			t.Fatalf("TreeDigest: %v, %v; PutTree: %v", named, err, dig)
		}
		again, err := d.PutTree(t.Context(), es)
		if err != nil || again != dig {
			t.Fatalf("shuffled entries give %s, %v; want %s", again, err, dig)
		}
		back, err := d.ReadTree(t.Context(), dig)
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(es, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
		if diff := cmp.Diff(es, back, cmp.Transformer("nil", func(es []Entry) []Entry { return append([]Entry{}, es...) })); diff != "" {
			t.Fatalf("round trip (-want +got):\n%s", diff)
		}
		text := fmt.Sprint(es)
		if other, ok := seen[dig]; ok && other != text {
			t.Fatalf("two lists have one digest:\n%s\n%s", other, text)
		}
		seen[dig] = text
	}
}

func TestUnchangedFolderIsOneDigest(t *testing.T) {
	d := open(t)
	top := func(x string) []node {
		dig, err := d.PutTree(t.Context(), []Entry{file("same/f", "1"), file("other/f", x)})
		if err != nil {
			t.Fatal(err)
		}
		blob, err := d.ReadBlob(dig)
		if err != nil {
			t.Fatal(err)
		}
		ns, err := decodeTree(blob)
		if err != nil {
			t.Fatal(err)
		}
		return ns
	}
	a, b := top("2"), top("3")
	if a[0].digest == b[0].digest || a[1].digest != b[1].digest || a[1].size != 1 {
		t.Errorf("folders: %v %v", a, b)
	}
}

func TestCheckEntriesRefuses(t *testing.T) {
	f := func(p string) Entry { return file(p, "x") }
	link := func(p, to string) Entry { return Entry{Path: p, Mode: fs.ModeSymlink, Link: to} }
	for _, es := range [][]Entry{
		{f("")}, {f(".")}, {f("..")}, {f("../x")}, {f("a/../../x")}, {f("/x")}, {f("a//b")}, {f("a/")}, {f("a\x00b")},
		{f("a"), f("a")}, {f("a"), f("a/b")}, {f("a"), f("a-b"), f("a/b/c")}, {{Path: "d", Mode: fs.ModeDir}, f("d/x")},
		{link("l", "")}, {link("l", "/etc/passwd")}, {link("l", "..")}, {link("d/l", "../../x")}, {link("l", "a/../../x")},
		{{Path: "m", Mode: 0o600}}, {{Path: "m", Mode: fs.ModeNamedPipe}}, {{Path: "m", Mode: 0o644, Size: -1}},
	} {
		var unsafe *UnsafeError
		if err := CheckEntries(es); !errors.As(err, &unsafe) {
			t.Errorf("%v: %v", es, err)
		}
	}
	if err := CheckEntries([]Entry{f("..a"), f("a-b"), f("a/b"), link("d/l", "../a/b"), link("d/m", ".")}); err != nil {
		t.Error(err)
	}
}

func FuzzDecodeTree(f *testing.F) {
	f.Add([]byte(treeMagic))
	f.Add(encodeTree([]node{{kind: 'd', name: "d"}, {kind: 'f', name: "f", size: 12, digest: Sum(nil)}, {kind: 'l', name: "l", link: "f"}, {kind: 'x', name: "x"}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		ns, err := decodeTree(b)
		if err != nil {
			if !errors.Is(err, ErrTree) {
				t.Errorf("error is no ErrTree: %v", err)
			}
			return
		}
		if got := encodeTree(ns); !bytes.Equal(got, b) {
			t.Errorf("%q is read but written back as %q", b, got)
		}
	})
}

func FuzzReferences(f *testing.F) {
	f.Add([]byte("xx" + Sum(nil).String() + "sha256:sha256:" + Sum([]byte("1")).Hex()))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, dig := range References(b) {
			if !bytes.Contains(b, []byte(dig.String())) {
				t.Errorf("%s does not stand in %q", dig, b)
			}
		}
	})
}
