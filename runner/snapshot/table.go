package snapshot

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"sort"
)

// A Stat is what a stat call tells of a file, as far as it helps to notice a change.
type Stat struct {
	Dev, Ino     uint64
	Size         int64
	Mtime, Ctime int64  // nanoseconds since 1970
	Mode         uint32 // type and permission bits as in POSIX st_mode
}

// The types in Stat.Mode, as POSIX numbers them.
const (
	typeMask = 0xf000
	File     = 0x8000
	Dir      = 0x4000
	Link     = 0xa000
)

// Kind returns the type alone.
func (s *Stat) Kind() uint32 { return s.Mode & typeMask }

// A Digest is the SHA-256 of a file.
type Digest = [32]byte

// A State is one record of a table: what a file looked like and its content's digest.
type State struct {
	Stat
	Digest Digest
	Flags  uint32
}

// Flags of a record.
const (
	// Racy: the file was written so shortly before it was read that a
	// later write might have left its stat as it was.
	Racy = 1 << iota
	// Absent: there must be no such file. The rest of the record is zero.
	Absent
)

// A Row is a record with its place.
type Row struct {
	Dir, Name string // Name has no slash; Dir is "" for the root
	State
}

// The table's layout; see the package documentation.
const (
	tableMagic  = "mlopstab"
	tableFormat = 1
	MaxTable    = 4 << 30 // bytes; counts are 32 bits
	HeaderSize  = 64
	dirSize     = 16
	recordSize  = 96
)

// ErrTable is what bytes are that should be a table and are not.
var ErrTable = errors.New("not a table of this version, or damaged")

// Encode lays out rows, sorted by dir and then by name.
func Encode(key Digest, rows []Row, payload []byte) []byte {
	var names, dirs []byte
	recs := make([]byte, 0, len(rows)*recordSize)
	n := 0 // rows of the present dir
	for i, r := range rows {
		if i == 0 || r.Dir != rows[i-1].Dir {
			dirs = binary.LittleEndian.AppendUint32(dirs, uint32(len(names)))
			dirs = binary.LittleEndian.AppendUint32(dirs, uint32(len(r.Dir)))
			dirs = binary.LittleEndian.AppendUint32(dirs, uint32(i))
			dirs = binary.LittleEndian.AppendUint32(dirs, 0)
			names = append(append(names, r.Dir...), 0)
			n = 0
		}
		n++
		binary.LittleEndian.PutUint32(dirs[len(dirs)-4:], uint32(n))
		recs = appendRecord(recs, &rows[i].State, len(names), len(r.Name))
		names = append(append(names, r.Name...), 0)
	}
	b := make([]byte, HeaderSize, HeaderSize+len(dirs)+len(recs)+len(names)+len(payload))
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

func appendRecord(b []byte, r *State, nameAt, nameLen int) []byte {
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

// A Table reads an encoded table in place. The zero Table is empty.
type Table struct {
	Key               Digest
	Payload           []byte       // the caller's, which must not be changed
	Free              func() error // how the bytes are let go of; nil if they are Go's
	dirs, recs, names []byte
}

// Close lets go of the table's bytes, and empties it.
func (t *Table) Close() error {
	free := t.Free
	*t = Table{}
	if free == nil {
		return nil
	}
	return free()
}

// Decode checks everything that the accessors rely on, so that they need
// no checks of their own.
func Decode(b []byte) (*Table, error) {
	if len(b) < HeaderSize || string(b[:8]) != tableMagic || binary.LittleEndian.Uint32(b[8:]) != tableFormat ||
		binary.LittleEndian.Uint32(b[12:]) != checksum(b) {
		return nil, ErrTable
	}
	t := &Table{Key: Digest(b[16:48])}
	rest := b[HeaderSize:]
	for i, part := range []struct {
		to   *[]byte
		size uint64
	}{{&t.dirs, dirSize}, {&t.recs, recordSize}, {&t.names, 1}, {&t.Payload, 1}} {
		n := uint64(binary.LittleEndian.Uint32(b[48+4*i:])) * part.size
		if n > uint64(len(rest)) {
			return nil, ErrTable
		}
		*part.to, rest = rest[:n:n], rest[n:]
	}
	if len(rest) != 0 || !t.sound() {
		return nil, ErrTable
	}
	return t, nil
}

func (t *Table) sound() bool {
	next := 0
	for i := range t.lenDirs() {
		at, n := t.dirName(i)
		first, count := t.dirRange(i)
		if !t.named(at, n) || first != next || count > t.Len()-first {
			return false
		}
		next = first + count
	}
	for i := range t.Len() {
		at, n := t.recName(i)
		if !t.named(at, n) || n == 0 {
			return false
		}
	}
	return next == t.Len()
}

// named reports whether a name with its NUL lies within the names.
func (t *Table) named(at, n int) bool {
	return at < len(t.names) && n < len(t.names)-at && t.names[at+n] == 0
}

func (t *Table) Len() int     { return len(t.recs) / recordSize }
func (t *Table) lenDirs() int { return len(t.dirs) / dirSize }

func (t *Table) dirName(i int) (at, n int) {
	b := t.dirs[i*dirSize:]
	return int(binary.LittleEndian.Uint32(b)), int(binary.LittleEndian.Uint32(b[4:]))
}

func (t *Table) dirRange(i int) (first, count int) {
	b := t.dirs[i*dirSize:]
	return int(binary.LittleEndian.Uint32(b[8:])), int(binary.LittleEndian.Uint32(b[12:]))
}

func (t *Table) recName(i int) (at, n int) {
	b := t.recs[i*recordSize+48:]
	return int(binary.LittleEndian.Uint32(b)), int(binary.LittleEndian.Uint32(b[4:]))
}

// dir returns the path of a folder, without its NUL.
func (t *Table) dir(i int) []byte {
	at, n := t.dirName(i)
	return t.names[at : at+n]
}

// Name returns the name of record i with its NUL, as the kernel wants it.
func (t *Table) Name(i int) []byte {
	at, n := t.recName(i)
	return t.names[at : at+n+1]
}

// State decodes record i into r.
func (t *Table) State(i int, r *State) {
	le := binary.LittleEndian
	b := t.recs[i*recordSize : (i+1)*recordSize]
	r.Dev, r.Ino = le.Uint64(b), le.Uint64(b[8:])
	r.Size = int64(le.Uint64(b[16:]))
	r.Mtime, r.Ctime = int64(le.Uint64(b[24:])), int64(le.Uint64(b[32:]))
	r.Mode, r.Flags = le.Uint32(b[40:]), le.Uint32(b[44:])
	r.Digest = Digest(b[56:88])
}

// FindDir returns the range of records of a folder.
func (t *Table) FindDir(dir string) (first, count int) {
	i := sort.Search(t.lenDirs(), func(i int) bool { return string(t.dir(i)) >= dir })
	if i == t.lenDirs() || string(t.dir(i)) != dir {
		return 0, 0
	}
	return t.dirRange(i)
}

// FindName returns the first record in [from, to) whose name is not before name.
func (t *Table) FindName(from, to int, name string) int {
	return from + sort.Search(to-from, func(i int) bool { return t.PlainName(from+i) >= name })
}

// PlainName returns the name without its NUL. Comparing it costs no allocation.
func (t *Table) PlainName(i int) string {
	at, n := t.recName(i)
	return string(t.names[at : at+n])
}

// Rows decodes the whole table.
func (t *Table) Rows() []Row {
	out := make([]Row, t.Len())
	for d := range t.lenDirs() {
		dir := string(t.dir(d))
		first, count := t.dirRange(d)
		for i := first; i < first+count; i++ {
			out[i].Dir, out[i].Name = dir, t.PlainName(i)
			t.State(i, &out[i].State)
		}
	}
	return out
}

// Is reports whether record i has the name.
func (t *Table) Is(i int, name string) bool {
	at, n := t.recName(i)
	return string(t.names[at:at+n]) == name
}
