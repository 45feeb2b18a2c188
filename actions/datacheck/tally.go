package datacheck

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"slices"

	"github.com/mlops-runner/mlops/actions/table"
)

// MaxHashBytes is how many bytes all hashes of a check may take in memory; what
// is more goes into temporary files.
const MaxHashBytes = 256 << 20

// partitions is how many files hashes are sorted out into. One of them at a time
// is held in memory, so that 10 billion rows take 1 GiB then.
const partitions = 256

const entrySize = 24 // bytes in memory and in a file

// An entry is the hash of a value and the row that has it.
type entry struct {
	hi, lo uint64
	row    uint64 // number over all files, from 0; other is set in rows of the other table
}

// other marks rows of the table that one is compared with.
const other = 1 << 63

func (e entry) same(o entry) bool { return e.hi == o.hi && e.lo == o.lo }

// A hasher hashes values by two keys of its own.
type hasher struct{ hi, lo maphash.Hash }

func newHasher() *hasher {
	h := &hasher{}
	h.hi.SetSeed(maphash.MakeSeed())
	h.lo.SetSeed(maphash.MakeSeed())
	return h
}

// row hashes the values of row i of the columns; their lengths are part of it,
// so that no two rows look alike by how they are cut.
func (h *hasher) row(b *table.Batch, i int, columns []int) (hi, lo uint64) {
	h.hi.Reset()
	h.lo.Reset()
	for _, c := range columns {
		v := &b.Columns[c]
		if v.Kind == table.Text && !v.Null(i) {
			h.add(v.Text(i), false)
		} else {
			s := text(v, i)
			h.add([]byte(s), v.Null(i))
		}
	}
	return h.hi.Sum64(), h.lo.Sum64()
}

func (h *hasher) add(value []byte, null bool) {
	var size [9]byte
	binary.LittleEndian.PutUint64(size[:], uint64(len(value)))
	if null {
		size[8] = 1
	}
	for _, m := range []*maphash.Hash{&h.hi, &h.lo} {
		_, _ = m.Write(size[:])
		_, _ = m.Write(value)
	}
}

// A tally finds equal hashes among any number of them.
type tally struct {
	limit   int    // entries in memory
	temp    string // folder for files
	entries []entry
	parts   []*part
}

// A part is a file of entries whose hashes begin alike. It has no name any more,
// so that it goes with the process.
type part struct {
	file *os.File
	out  *bufio.Writer
	n    int
}

func (t *tally) add(e entry) error {
	if len(t.entries) >= t.limit {
		if err := t.spill(); err != nil {
			return err
		}
	}
	t.entries = append(t.entries, e)
	return nil
}

// spill sorts what is in memory out into the files.
func (t *tally) spill() error {
	for len(t.parts) < partitions {
		f, err := os.CreateTemp(t.temp, "mlops-hashes-")
		if err == nil {
			err = os.Remove(f.Name())
		}
		if err != nil {
			return fmt.Errorf("room for hashes of rows: %w", err)
		}
		t.parts = append(t.parts, &part{file: f, out: bufio.NewWriterSize(f, 16<<10)})
	}
	var b [entrySize]byte
	for _, e := range t.entries {
		binary.LittleEndian.PutUint64(b[:], e.hi)
		binary.LittleEndian.PutUint64(b[8:], e.lo)
		binary.LittleEndian.PutUint64(b[16:], e.row)
		p := t.parts[e.hi>>56]
		if _, err := p.out.Write(b[:]); err != nil {
			return fmt.Errorf("write hashes of rows: %w", err)
		}
		p.n++
	}
	t.entries = t.entries[:0]
	return nil
}

// groups calls f with the entries of each hash, those of one table in the order of their
// rows and the other's last. The entries go with the call.
func (t *tally) groups(f func([]entry)) error {
	if len(t.parts) == 0 {
		eachGroup(t.entries, f)
		return nil
	}
	if err := t.spill(); err != nil {
		return err
	}
	for _, p := range t.parts {
		entries, err := p.read()
		if err != nil {
			return fmt.Errorf("read hashes of rows: %w", err)
		}
		eachGroup(entries, f)
	}
	return nil
}

func (p *part) read() ([]entry, error) {
	if err := p.out.Flush(); err != nil {
		return nil, err
	}
	if _, err := p.file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	in, entries := bufio.NewReaderSize(p.file, 256<<10), make([]entry, p.n)
	var b [entrySize]byte
	for i := range entries {
		if _, err := io.ReadFull(in, b[:]); err != nil {
			return nil, err
		}
		entries[i] = entry{binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(b[8:]), binary.LittleEndian.Uint64(b[16:])}
	}
	return entries, nil
}

func eachGroup(es []entry, f func([]entry)) {
	slices.SortFunc(es, func(a, b entry) int {
		if a.hi != b.hi { // as nearly always
			return cmp.Compare(a.hi, b.hi)
		}
		return cmp.Or(cmp.Compare(a.lo, b.lo), cmp.Compare(a.row, b.row))
	})
	for from := 0; from < len(es); {
		to := from + 1
		for to < len(es) && es[to].same(es[from]) {
			to++
		}
		f(es[from:to])
		from = to
	}
}

// close gives back the room.
func (t *tally) close() (err error) {
	for _, p := range t.parts {
		err = errors.Join(err, p.file.Close())
	}
	t.parts, t.entries = nil, nil
	return err
}

// A lowest keeps the lowest few row numbers that it is given.
type lowest struct {
	count int64
	rows  []uint64
}

func (l *lowest) add(row uint64) {
	l.count++
	at, _ := slices.BinarySearch(l.rows, row)
	if at >= shownOffenders {
		return
	}
	l.rows = slices.Insert(l.rows, at, row)
	l.rows = l.rows[:min(len(l.rows), shownOffenders)]
}
