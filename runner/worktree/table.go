package worktree

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"sort"

	"github.com/mlops-runner/mlops/runner/store"
)

// stat is what a stat call tells of a file, as far as it helps to notice a change.
type stat struct {
	Dev, Ino     uint64
	Size         int64
	Mtime, Ctime int64  // nanoseconds since 1970
	Mode         uint32 // type and permission bits as in POSIX st_mode
}

// The types in stat.Mode, as POSIX numbers them.
const (
	typeMask = 0xf000
	typeFile = 0x8000
	typeDir  = 0x4000
	typeLink = 0xa000
)

func (s *stat) kind() uint32 { return s.Mode & typeMask }

// A state is one record of a table: what a file looked like and its content's digest.
type state struct {
	stat
	Digest store.Digest
	Flags  uint32
}

// Flags of a record.
const (
	// flagRacy: the file was written so shortly before it was read that a
	// later write might have left its stat as it was.
	flagRacy = 1 << iota
	// flagAbsent: there must be no such file. The rest of the record is zero.
	flagAbsent
)

// row is a record with its place.
type row struct {
	dir, name string // name has no slash; dir is "" for the root
	state
}

// The table's layout; see the package documentation.
const (
	tableMagic  = "mlopstab"
	tableFormat = 1
	maxTable    = 4 << 30 // bytes; counts are 32 bits
	headerSize  = 64
	dirSize     = 16
	recordSize  = 96
)

// errTable is what bytes are that should be a table and are not.
var errTable = errors.New("not a table of this version, or damaged")

// encodeTable lays out rows, sorted by dir and then by name.
func encodeTable(key store.Digest, rows []row, payload []byte) []byte {
	var names, dirs []byte
	recs := make([]byte, 0, len(rows)*recordSize)
	n := 0 // rows of the present dir
	for i, r := range rows {
		if i == 0 || r.dir != rows[i-1].dir {
			dirs = binary.LittleEndian.AppendUint32(dirs, uint32(len(names)))
			dirs = binary.LittleEndian.AppendUint32(dirs, uint32(len(r.dir)))
			dirs = binary.LittleEndian.AppendUint32(dirs, uint32(i))
			dirs = binary.LittleEndian.AppendUint32(dirs, 0)
			names = append(append(names, r.dir...), 0)
			n = 0
		}
		n++
		binary.LittleEndian.PutUint32(dirs[len(dirs)-4:], uint32(n))
		recs = appendRecord(recs, &rows[i].state, len(names), len(r.name))
		names = append(append(names, r.name...), 0)
	}
	b := make([]byte, headerSize, headerSize+len(dirs)+len(recs)+len(names)+len(payload))
	copy(b, tableMagic)
	binary.LittleEndian.PutUint32(b[8:], tableFormat)
	copy(b[16:48], key[:])
	for i, n := range []int{len(dirs) / dirSize, len(rows), len(names), len(payload)} {
		binary.LittleEndian.PutUint32(b[48+4*i:], uint32(n))
	}
	b = append(append(append(append(b, dirs...), recs...), names...), payload...)
	binary.LittleEndian.PutUint32(b[12:], checksum(b))
	return b
}

// checksum covers everything after itself. It guards against torn and rotten
// files, not against an attacker, who could write what he likes.
func checksum(b []byte) uint32 {
	return crc32.Checksum(b[16:], crc32.MakeTable(crc32.Castagnoli))
}

func appendRecord(b []byte, r *state, nameAt, nameLen int) []byte {
	le := binary.LittleEndian
	b = le.AppendUint64(b, r.Dev)
	b = le.AppendUint64(b, r.Ino)
	b = le.AppendUint64(b, uint64(r.Size))
	b = le.AppendUint64(b, uint64(r.Mtime))
	b = le.AppendUint64(b, uint64(r.Ctime))
	b = le.AppendUint32(b, r.Mode)
	b = le.AppendUint32(b, r.Flags)
	b = le.AppendUint32(b, uint32(nameAt))
	b = le.AppendUint32(b, uint32(nameLen))
	b = append(b, r.Digest[:]...)
	return le.AppendUint64(b, 0)
}

// table reads an encoded table in place. The zero table is empty.
type table struct {
	key                        store.Digest
	dirs, recs, names, payload []byte
	free                       func() error // nil if the bytes are Go's
}

// close lets go of the table's bytes, and empties it.
func (t *table) close() error {
	free := t.free
	*t = table{}
	if free == nil {
		return nil
	}
	return free()
}

// decodeTable checks everything that the accessors rely on, so that they need
// no checks of their own.
func decodeTable(b []byte) (*table, error) {
	if len(b) < headerSize || string(b[:8]) != tableMagic || binary.LittleEndian.Uint32(b[8:]) != tableFormat ||
		binary.LittleEndian.Uint32(b[12:]) != checksum(b) {
		return nil, errTable
	}
	t := &table{key: store.Digest(b[16:48])}
	rest := b[headerSize:]
	for i, part := range []struct {
		to   *[]byte
		size uint64
	}{{&t.dirs, dirSize}, {&t.recs, recordSize}, {&t.names, 1}, {&t.payload, 1}} {
		n := uint64(binary.LittleEndian.Uint32(b[48+4*i:])) * part.size
		if n > uint64(len(rest)) {
			return nil, errTable
		}
		*part.to, rest = rest[:n:n], rest[n:]
	}
	if len(rest) != 0 || !t.sound() {
		return nil, errTable
	}
	return t, nil
}

func (t *table) sound() bool {
	next := 0
	for i := range t.lenDirs() {
		at, n := t.dirName(i)
		first, count := t.dirRange(i)
		if !t.named(at, n) || first != next || count > t.len()-first {
			return false
		}
		next = first + count
	}
	for i := range t.len() {
		at, n := t.recName(i)
		if !t.named(at, n) || n == 0 {
			return false
		}
	}
	return next == t.len()
}

// named reports whether a name with its NUL lies within the names.
func (t *table) named(at, n int) bool {
	return at < len(t.names) && n < len(t.names)-at && t.names[at+n] == 0
}

func (t *table) len() int     { return len(t.recs) / recordSize }
func (t *table) lenDirs() int { return len(t.dirs) / dirSize }

func (t *table) dirName(i int) (at, n int) {
	b := t.dirs[i*dirSize:]
	return int(binary.LittleEndian.Uint32(b)), int(binary.LittleEndian.Uint32(b[4:]))
}

func (t *table) dirRange(i int) (first, count int) {
	b := t.dirs[i*dirSize:]
	return int(binary.LittleEndian.Uint32(b[8:])), int(binary.LittleEndian.Uint32(b[12:]))
}

func (t *table) recName(i int) (at, n int) {
	b := t.recs[i*recordSize+48:]
	return int(binary.LittleEndian.Uint32(b)), int(binary.LittleEndian.Uint32(b[4:]))
}

// dir returns the path of a folder, without its NUL.
func (t *table) dir(i int) []byte {
	at, n := t.dirName(i)
	return t.names[at : at+n]
}

// name returns the name of record i with its NUL, as the kernel wants it.
func (t *table) name(i int) []byte {
	at, n := t.recName(i)
	return t.names[at : at+n+1]
}

// record decodes record i into r.
func (t *table) state(i int, r *state) {
	le := binary.LittleEndian
	b := t.recs[i*recordSize : (i+1)*recordSize]
	r.Dev, r.Ino = le.Uint64(b), le.Uint64(b[8:])
	r.Size = int64(le.Uint64(b[16:]))
	r.Mtime, r.Ctime = int64(le.Uint64(b[24:])), int64(le.Uint64(b[32:]))
	r.Mode, r.Flags = le.Uint32(b[40:]), le.Uint32(b[44:])
	r.Digest = store.Digest(b[56:88])
}

// findDir returns the range of records of a folder.
func (t *table) findDir(dir string) (first, count int) {
	i := sort.Search(t.lenDirs(), func(i int) bool { return string(t.dir(i)) >= dir })
	if i == t.lenDirs() || string(t.dir(i)) != dir {
		return 0, 0
	}
	return t.dirRange(i)
}

// findName returns the first record in [from, to) whose name is not before name.
func (t *table) findName(from, to int, name string) int {
	return from + sort.Search(to-from, func(i int) bool { return t.plainName(from+i) >= name })
}

// plainName returns the name without its NUL. Comparing it costs no allocation.
func (t *table) plainName(i int) string {
	at, n := t.recName(i)
	return string(t.names[at : at+n])
}

// rows decodes the whole table.
func (t *table) rows() []row {
	out := make([]row, t.len())
	for d := range t.lenDirs() {
		dir := string(t.dir(d))
		first, count := t.dirRange(d)
		for i := first; i < first+count; i++ {
			out[i].dir, out[i].name = dir, t.plainName(i)
			t.state(i, &out[i].state)
		}
	}
	return out
}

// is reports whether record i has the name.
func (t *table) is(i int, name string) bool {
	at, n := t.recName(i)
	return string(t.names[at:at+n]) == name
}
