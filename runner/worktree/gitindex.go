package worktree

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"unsafe"
)

// errGitIndex is an index of git that this package does not read: damaged,
// split, sparse, or of a later version. Git itself is asked then.
var errGitIndex = errors.New("not a git index of version 2 to 4, or one that is split or sparse")

// tracked is what git's index holds below a folder.
type tracked struct {
	paths []string          // files and links, relative to the folder, sorted, each once
	links map[string]string // submodules: path → commit, relative to the repository
}

// The layout of an index entry, from gitformat-index(5).
const (
	gitHeader   = 12
	gitFixed    = 40 // stat data, before the object's hash
	gitModeAt   = 24
	gitExtended = 0x4000
	gitNameMask = 0xfff
	gitTypeLink = 0o160000
	gitTypeTree = 0o040000 // of a sparse index
	gitTypeMask = 0o170000
)

// parseGitIndex reads an index whose object names have hashLen bytes. Only
// paths below prefix, "" for all, are kept. The paths share memory with b,
// which must not change any more. The checksum is not checked: git replaces its
// index by rename, so a torn one is rare, and every entry is checked by itself.
func parseGitIndex(b []byte, hashLen int, prefix string) (*tracked, error) {
	if len(b) < gitHeader+hashLen || string(b[:4]) != "DIRC" {
		return nil, errGitIndex
	}
	version, count := binary.BigEndian.Uint32(b[4:]), int(binary.BigEndian.Uint32(b[8:]))
	if version < 2 || version > 4 || count > len(b)/(gitFixed+hashLen) {
		return nil, errGitIndex
	}
	r := &gitReader{
		rest: b[gitHeader : len(b)-hashLen], hashLen: hashLen, version: version,
		out: &tracked{paths: make([]string, 0, count), links: map[string]string{}},
	}
	if prefix != "" {
		r.prefix = prefix + "/"
	}
	for range count {
		if !r.entry() {
			return nil, errGitIndex
		}
	}
	if !r.extensions() {
		return nil, errGitIndex
	}
	if !slices.IsSorted(r.out.paths) {
		slices.Sort(r.out.paths)
	}
	r.out.paths = slices.Compact(r.out.paths) // a conflict has a path up to three times
	return r.out, nil
}

// A gitReader goes through an index entry by entry.
type gitReader struct {
	rest    []byte
	hashLen int
	version uint32
	prefix  string
	last    string // path of the last entry; version 4 builds on it
	out     *tracked
}

func (r *gitReader) entry() bool {
	fixed := gitFixed + r.hashLen + 2
	if len(r.rest) < fixed {
		return false
	}
	head := r.rest[:fixed]
	flags := binary.BigEndian.Uint16(head[fixed-2:])
	if flags&gitExtended != 0 {
		if r.version < 3 {
			return false
		}
		fixed += 2
	}
	if len(r.rest) < fixed {
		return false
	}
	name, ok := r.name(fixed, int(flags&gitNameMask))
	if !ok || !gitPath(name) {
		return false
	}
	switch binary.BigEndian.Uint32(head[gitModeAt:]) & gitTypeMask {
	case gitTypeLink:
		r.out.links[name] = hex.EncodeToString(head[gitFixed : gitFixed+r.hashLen])
		return true
	case gitTypeTree:
		return false
	}
	if below, ok := strings.CutPrefix(name, r.prefix); ok && !ours(below) {
		r.out.paths = append(r.out.paths, below)
	}
	return true
}

// name reads the path that begins at from, and goes to the next entry.
func (r *gitReader) name(from, n int) (string, bool) {
	if r.version == 4 {
		return r.compressed(r.rest[from:])
	}
	tail := r.rest[from:]
	if n == gitNameMask {
		n = bytes.IndexByte(tail, 0)
	}
	if n < 0 || n >= len(tail) || tail[n] != 0 {
		return "", false
	}
	size := (from + n + 8) &^ 7
	if size > len(r.rest) {
		return "", false
	}
	r.rest = r.rest[size:]
	return unsafe.String(unsafe.SliceData(tail), n), true
}

// compressed reads how many bytes of the last path to drop, and what follows.
func (r *gitReader) compressed(b []byte) (string, bool) {
	drop, n := gitVarint(b)
	if n == 0 || drop > uint64(len(r.last)) {
		return "", false
	}
	end := bytes.IndexByte(b[n:], 0)
	if end < 0 {
		return "", false
	}
	r.last = r.last[:len(r.last)-int(drop)] + string(b[n:n+end])
	r.rest = b[n+end+1:]
	return r.last, true
}

// gitVarint reads git's offset encoding, in which each further byte adds one,
// so that every number has one form. n is 0 if it is torn or too large.
func gitVarint(b []byte) (v uint64, n int) {
	for i, c := range b {
		if i > 0 {
			v++
		}
		v = v<<7 | uint64(c&0x7f)
		if c&0x80 == 0 {
			return v, i + 1
		}
		if v > 1<<50 {
			break
		}
	}
	return 0, 0
}

// gitPath reports whether the path stays where it belongs; git writes no other.
// The full check is made only where something looks odd.
func gitPath(p string) bool {
	odd := p == "" || p == "." || p[0] == '/' || p[len(p)-1] == '/' || p[len(p)-1] == '.' ||
		strings.Contains(p, "./") || strings.Contains(p, "//")
	return !odd || p != "." && fs.ValidPath(p)
}

// extensions looks for those that change what the entries mean. Their names
// begin with a small letter: link for a split index, sdir for a sparse one.
func (r *gitReader) extensions() bool {
	for len(r.rest) >= 8 {
		size := uint64(binary.BigEndian.Uint32(r.rest[4:]))
		if r.rest[0] < 'A' || r.rest[0] > 'Z' || size > uint64(len(r.rest)-8) {
			return false
		}
		r.rest = r.rest[8+size:]
	}
	return len(r.rest) == 0
}
