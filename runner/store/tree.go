package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// An Entry is a file, a symbolic link or an empty folder of a tree. Folders
// that hold something need no entry.
type Entry struct {
	Path   string      // slash-separated, relative, clean; unique in its list
	Mode   fs.FileMode // 0644, 0755, fs.ModeSymlink or fs.ModeDir (see Normal)
	Size   int64       // bytes; 0 for links and folders
	Digest Digest      // of the content; of a link's target text; zero for folders
	Link   string      // target of a symbolic link
}

// Normal returns the mode an Entry has for a file of mode m: 0755 if its owner
// may execute it, else 0644; fs.ModeSymlink or fs.ModeDir alone for those.
func Normal(m fs.FileMode) fs.FileMode {
	switch {
	case m&fs.ModeSymlink != 0:
		return fs.ModeSymlink
	case m.IsDir():
		return fs.ModeDir
	case m&0o100 != 0:
		return 0o755
	}
	return 0o644
}

// ErrTree is what bytes are that should be a tree and are not.
var ErrTree = errors.New("not a tree")

const treeMagic = "mlops tree 1\n"

// A node is one line of a tree blob.
type node struct {
	kind   byte // f, x, d or l
	name   string
	size   int64
	digest Digest
	link   string
}

// encodeTree returns the canonical bytes; nodes are sorted by name and valid.
func encodeTree(ns []node) []byte {
	b := []byte(treeMagic)
	for _, n := range ns {
		b = append(b, n.kind, ' ')
		if n.kind != 'l' {
			b = strconv.AppendInt(b, n.size, 10)
			b = append(b, ' ')
			b = append(b, n.digest.Hex()...)
			b = append(b, ' ')
		}
		b = append(append(b, n.name...), 0)
		if n.kind == 'l' {
			b = append(append(b, n.link...), 0)
		}
	}
	return b
}

// decodeTree reads what encodeTree wrote, and nothing else: what it accepts,
// encodeTree writes back byte for byte.
func decodeTree(b []byte) ([]node, error) {
	rest, ok := bytes.CutPrefix(b, []byte(treeMagic))
	if !ok {
		return nil, ErrTree
	}
	var ns []node
	for len(rest) > 0 {
		n, after, err := decodeNode(rest)
		if err != nil {
			return nil, fmt.Errorf("%w: entry %d: %w", ErrTree, len(ns)+1, err)
		}
		if len(ns) > 0 && ns[len(ns)-1].name >= n.name {
			return nil, fmt.Errorf("%w: entry %q is out of order", ErrTree, n.name)
		}
		ns, rest = append(ns, n), after
	}
	return ns, nil
}

func decodeNode(b []byte) (n node, rest []byte, err error) {
	line, rest, ok := bytes.Cut(b, []byte{0})
	if !ok || len(line) < 2 || line[1] != ' ' {
		return n, nil, errors.New("torn")
	}
	n.kind = line[0]
	text := string(line[2:])
	switch n.kind {
	case 'f', 'x', 'd':
		text, err = n.decodeContent(text)
	case 'l':
		var target []byte
		if target, rest, ok = bytes.Cut(rest, []byte{0}); !ok || len(target) == 0 {
			return n, nil, errors.New("link without a target")
		}
		n.link = string(target)
	default:
		return n, nil, fmt.Errorf("unknown kind %q", n.kind)
	}
	n.name = text
	if err == nil && !validName(n.name) {
		err = fmt.Errorf("bad name %q", n.name)
	}
	return n, rest, err
}

// decodeContent reads "size hex name" and returns the name.
func (n *node) decodeContent(text string) (name string, err error) {
	size, text, _ := strings.Cut(text, " ")
	hex, name, ok := strings.Cut(text, " ")
	if !ok {
		return "", errors.New("torn")
	}
	if n.size, err = strconv.ParseInt(size, 10, 64); err != nil || n.size < 0 || strconv.FormatInt(n.size, 10) != size {
		return "", fmt.Errorf("bad size %q", size)
	}
	if n.digest, ok = parseHex(hex); !ok {
		return "", fmt.Errorf("bad digest %q", hex)
	}
	return name, nil
}

func validName(s string) bool {
	return s != "" && s != "." && s != ".." && !strings.ContainsAny(s, "/\x00")
}

// CheckEntries reports the first entry that no folder could hold: a path that
// is absolute, not clean or leaves the folder, a path that stands twice or lies
// below a file, an unknown mode, a link without a target or one that leads out
// of the folder. The error is an *UnsafeError.
func CheckEntries(es []Entry) error {
	sorted := sortedCopy(es, func(a, b Entry) int { return comparePaths(a.Path, b.Path) })
	for i := range sorted {
		e := &sorted[i]
		if err := checkEntry(e); err != nil {
			return err
		}
		if i == 0 {
			continue
		}
		switch prev := sorted[i-1].Path; {
		case prev == e.Path:
			return &UnsafeError{Path: e.Path, Reason: "stands twice"}
		case strings.HasPrefix(e.Path, prev) && e.Path[len(prev)] == '/':
			return &UnsafeError{Path: e.Path, Reason: "lies below " + prev + ", which is no folder with content"}
		}
	}
	return nil
}

// sortedCopy returns the entries in order: themselves, if they are, as nearly
// always. Fresh memory for many is what would cost most.
func sortedCopy(es []Entry, compare func(a, b Entry) int) []Entry {
	if slices.IsSortedFunc(es, compare) {
		return es
	}
	es = slices.Clone(es)
	slices.SortFunc(es, compare)
	return es
}

func checkEntry(e *Entry) error {
	if e.Path == "." || !fs.ValidPath(e.Path) || strings.ContainsRune(e.Path, 0) {
		return &UnsafeError{Path: strconv.Quote(e.Path), Reason: "is not a clean relative path"}
	}
	switch e.Mode {
	case 0o644, 0o755:
		if e.Size < 0 {
			return &UnsafeError{Path: e.Path, Reason: "has a negative size"}
		}
	case fs.ModeDir:
	case fs.ModeSymlink:
		return checkLink(e)
	default:
		return &UnsafeError{Path: e.Path, Reason: fmt.Sprintf("has mode %v", e.Mode)}
	}
	return nil
}

// checkLink decides by the text alone. That is enough here, because nobody who
// restores entries ever follows a link that is in the way.
func checkLink(e *Entry) error {
	switch to := path.Join(path.Dir(e.Path), e.Link); {
	case e.Link == "" || strings.ContainsRune(e.Link, 0):
		return &UnsafeError{Path: e.Path, Reason: "is a symbolic link without a target"}
	case path.IsAbs(e.Link) || to == ".." || strings.HasPrefix(to, "../"):
		return &UnsafeError{Path: e.Path, Reason: "is a symbolic link that leads out, to " + e.Link}
	}
	return nil
}

// comparePaths orders paths so that what is below a folder follows it at once.
// (Bytewise, "a-b" would come between "a" and "a/b".)
func comparePaths(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			if a[i] == '/' {
				return -1
			}
			if b[i] == '/' {
				return 1
			}
			return cmp.Compare(a[i], b[i])
		}
	}
	return cmp.Compare(len(a), len(b))
}

// PutTree stores the tree of the entries, in any order, and returns the digest
// of its top folder. The files' blobs need not be in the store. It fails with
// an *UnsafeError; see CheckEntries.
func (b *Batch) PutTree(ctx context.Context, es []Entry) (Digest, error) {
	dig, err := putter(func(tree []byte) (Digest, error) { return b.PutBytes(ctx, tree) }).all(es)
	if err != nil {
		return Digest{}, fmt.Errorf("put tree: %w", err)
	}
	return dig, nil
}

// TreeDigest returns what PutTree does, and stores nothing.
func TreeDigest(es []Entry) (Digest, error) {
	return putter(func(tree []byte) (Digest, error) { return Sum(tree), nil }).all(es)
}

// A putter is told of each folder's bytes, those within others first, and names them.
type putter func(tree []byte) (Digest, error)

func (put putter) all(es []Entry) (Digest, error) {
	if err := CheckEntries(es); err != nil {
		return Digest{}, err
	}
	sorted := slices.SortedFunc(slices.Values(es), func(a, b Entry) int { return comparePaths(a.Path, b.Path) })
	dig, _, err := put.folder(sorted, 0)
	return dig, err
}

// folder puts the folder that all entries share, whose path and slash are
// the first skip bytes of theirs, and returns its digest and the bytes below it.
func (put putter) folder(es []Entry, skip int) (dig Digest, size int64, err error) {
	var ns []node
	for len(es) > 0 {
		name, _, deeper := strings.Cut(es[0].Path[skip:], "/")
		if !deeper {
			n, err := put.leaf(es[0], name)
			if err != nil {
				return dig, 0, err
			}
			ns, es, size = append(ns, n), es[1:], size+n.size
			continue
		}
		below := len(es)
		if i := slices.IndexFunc(es, func(e Entry) bool { return !strings.HasPrefix(e.Path[skip:], name+"/") }); i > 0 {
			below = i
		}
		n := node{kind: 'd', name: name}
		if n.digest, n.size, err = put.folder(es[:below], skip+len(name)+1); err != nil {
			return dig, 0, err
		}
		ns, es, size = append(ns, n), es[below:], size+n.size
	}
	slices.SortFunc(ns, func(a, b node) int { return strings.Compare(a.name, b.name) })
	dig, err = put(encodeTree(ns))
	return dig, size, err
}

func (put putter) leaf(e Entry, name string) (node, error) {
	switch e.Mode {
	case fs.ModeSymlink:
		return node{kind: 'l', name: name, link: e.Link}, nil
	case fs.ModeDir:
		dig, err := put(encodeTree(nil))
		return node{kind: 'd', name: name, digest: dig}, err
	case 0o755:
		return node{kind: 'x', name: name, size: e.Size, digest: e.Digest}, nil
	}
	return node{kind: 'f', name: name, size: e.Size, digest: e.Digest}, nil
}

// maxDepth bounds the folders in each other; no path of a kernel is deeper.
const maxDepth = 2048

// ReadTree returns the entries of a tree as a flat list, sorted bytewise by
// path. It fails with ErrNotFound or ErrTree.
func (d *Dir) ReadTree(ctx context.Context, dig Digest) ([]Entry, error) {
	var es []Entry
	if err := d.readFolder(ctx, dig, "", 0, &es); err != nil {
		return nil, fmt.Errorf("read tree %s: %w", dig.Short(), err)
	}
	slices.SortFunc(es, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	return es, nil
}

func (d *Dir) readFolder(ctx context.Context, dig Digest, prefix string, depth int, es *[]Entry) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if depth > maxDepth {
		return fmt.Errorf("%w: deeper than %d folders", ErrTree, maxDepth)
	}
	blob, err := d.ReadBlob(dig)
	if err != nil {
		return err
	}
	ns, err := decodeTree(blob)
	if err != nil {
		return err
	}
	if len(ns) == 0 && prefix != "" {
		*es = append(*es, Entry{Path: strings.TrimSuffix(prefix, "/"), Mode: fs.ModeDir})
	}
	for _, n := range ns {
		if n.kind == 'd' {
			if err := d.readFolder(ctx, n.digest, prefix+n.name+"/", depth+1, es); err != nil {
				return err
			}
			continue
		}
		*es = append(*es, n.entry(prefix))
	}
	return nil
}

// entry turns a file or link into an entry.
func (n node) entry(prefix string) Entry {
	e := Entry{Path: prefix + n.name, Mode: 0o644, Size: n.size, Digest: n.digest, Link: n.link}
	switch n.kind {
	case 'x':
		e.Mode = 0o755
	case 'l':
		e.Mode, e.Digest = fs.ModeSymlink, Sum([]byte(n.link))
	}
	return e
}
