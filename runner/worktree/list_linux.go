//go:build linux && (amd64 || arm64 || riscv64 || loong64)

package worktree

import (
	"bytes"
	"encoding/binary"
	"slices"

	"golang.org/x/sys/unix"
)

// The layout of linux_dirent64, see getdents64(2): inode, offset, length of the
// record, type, name with a NUL.
const (
	direntLength = 16
	direntType   = 18
	direntName   = 19
)

// list returns what a folder holds, in no order. os.File.ReadDir makes an
// object and a string of each name, which takes longer than the system does;
// here all paths of a folder are parts of one string.
func (c *climber) list(l *level) ([]dirent, error) {
	fd, err := l.reopen()
	if err != nil {
		return nil, err
	}
	defer closeRaw(fd)
	if c.listing == nil {
		c.listing = make([]byte, 32<<10)
	}
	paths := c.paths[:0]
	defer func() { c.paths = paths }()
	var found []dirent // with the ends of their paths
	for {
		n, err := unix.ReadDirent(fd, c.listing)
		if err == unix.EINTR {
			continue
		}
		if n <= 0 || err != nil {
			return l.dirents(string(paths), found), err
		}
		found = slices.Grow(found, n/(direntName+13))
		for rest := c.listing[:n]; len(rest) > direntName; {
			size := int(binary.NativeEndian.Uint16(rest[direntLength:]))
			name := rest[direntName:size]
			name = name[:bytes.IndexByte(name, 0)]
			if string(name) != "." && string(name) != ".." {
				if l.rel != "" {
					paths = append(append(paths, l.rel...), '/')
				}
				paths = append(paths, name...)
				// The types of dirents are those of stat.Mode, twelve bits lower.
				found = append(found, dirent{kind: uint32(rest[direntType]) << 12, end: len(paths)})
			}
			rest = rest[size:]
		}
	}
}

// dirents cuts the paths apart. The type is 0 where the file system does not
// tell; then a stat does.
func (l *level) dirents(paths string, out []dirent) []dirent {
	from := 0
	for i := range out {
		d := &out[i]
		d.path, from = paths[from:d.end], d.end
		if d.kind == 0 {
			d.kind = l.kindOf(d.name())
		}
	}
	return out
}
