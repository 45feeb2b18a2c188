package snapshot

import (
	"encoding/binary"
	"hash/crc32"
	"strconv"
	"sync"
	"sync/atomic"
)

// A Snapshot remembers how a set of files looked, so that "nothing has changed"
// costs one stat a file and nothing else. It is safe for concurrent use.
type Snapshot struct {
	table   *Table
	payload []byte
}

// A Key is all that a snapshot is good for, in parts: a snapshot is that of a key
// with the same bytes. It is no digest, because crypto/sha256 costs what the
// package documentation says.
type Key [][]byte

// Name is a file name for the snapshot of a key. Two keys may have the same, and
// then the later snapshot takes the earlier one's place.
func (k Key) Name() string {
	sum := uint32(0)
	for _, part := range k {
		sum = crc32.Update(sum, crc32.MakeTable(crc32.Castagnoli), part)
	}
	return strconv.FormatUint(1<<32|uint64(sum), 16)[1:]
}

// Encode lays out a snapshot of rows that were looked at, sorted by folder and
// then by name.
func (k Key) Encode(rows []Row, payload []byte) []byte {
	head := binary.LittleEndian.AppendUint32(nil, uint32(len(k)))
	for _, part := range k {
		head = binary.LittleEndian.AppendUint32(head, uint32(len(part)))
	}
	for _, part := range k {
		head = append(head, part...)
	}
	return Encode(Digest{}, rows, append(head, payload...))
}

// cut returns what follows the key in what Encode wrote, if it begins with the key.
func (k Key) cut(b []byte) (payload []byte, ok bool) {
	text := 4 + 4*len(k)
	if len(b) < text || binary.LittleEndian.Uint32(b) != uint32(len(k)) {
		return nil, false
	}
	for i, part := range k {
		if binary.LittleEndian.Uint32(b[4+4*i:]) != uint32(len(part)) {
			return nil, false
		}
	}
	b = b[text:]
	for _, part := range k {
		if len(b) < len(part) || string(b[:len(part)]) != string(part) {
			return nil, false
		}
		b = b[len(part):]
	}
	return b, true
}

// Load reads a snapshot, which the caller closes. It reports false if there is
// none, it is damaged, or it is that of another key.
func Load(file string, key Key) (s *Snapshot, ok bool) {
	t, err := read(file)
	if err != nil {
		return nil, false
	}
	payload, ok := key.cut(t.Payload)
	if !ok {
		_ = t.Close() // it was only looked at
		return nil, false
	}
	return &Snapshot{t, payload}, true
}

// Close lets go of the snapshot, and of its payload.
func (s *Snapshot) Close() error {
	s.payload = nil
	return s.table.Close()
}

// Payload returns the caller's bytes, which must not be changed, until Close.
func (s *Snapshot) Payload() []byte { return s.payload }

// Len returns the number of paths.
func (s *Snapshot) Len() int { return s.table.Len() }

// snapshotUnit is how many neighbours in a folder one worker takes.
const snapshotUnit = 512

// A unit is a range of records of one folder.
type unit struct{ dir, from, to int }

func (s *Snapshot) units() []unit {
	us := make([]unit, 0, s.table.lenDirs()+s.table.Len()/snapshotUnit)
	for d := range s.table.lenDirs() {
		first, n := s.table.dirRange(d)
		for from := first; from < first+n; from += snapshotUnit {
			us = append(us, unit{d, from, min(from+snapshotUnit, first+n)})
		}
	}
	return us
}

// Unchanged reports whether every path looks as it did. It asks for each file
// once, stops at the first difference, and adds to stats, which may be nil, how
// often it asked.
func (s *Snapshot) Unchanged(root string, stats *atomic.Int64) bool {
	us := s.units()
	var next atomic.Int64
	var changed atomic.Bool
	work := func() {
		v, err := newVisitor(root)
		if err != nil {
			changed.Store(true)
			return
		}
		defer v.close()
		for !changed.Load() {
			i := int(next.Add(1)) - 1
			if i >= len(us) {
				break
			}
			if !s.same(v, us[i]) {
				changed.Store(true)
			}
		}
		if stats != nil {
			stats.Add(v.stats)
		}
	}
	var wg sync.WaitGroup
	if len(us) > 1 && s.Len() > snapshotUnit {
		wg.Go(work)
	}
	work()
	wg.Wait()
	return !changed.Load()
}

// same compares the files of one unit with their records.
func (s *Snapshot) same(v *visitor, u unit) bool {
	v.enter(string(s.table.dir(u.dir)))
	var want State
	var now Stat
	for i := u.from; i < u.to; i++ {
		s.table.State(i, &want)
		v.stats++
		err := v.stat(s.table.Name(i), &now)
		if want.Flags&Absent != 0 {
			if !notThere(err) {
				return false
			}
			continue
		}
		if err != nil || now != want.Stat {
			return false
		}
	}
	return true
}
