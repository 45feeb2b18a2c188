package record

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/store"
)

// A sumTable knows the digest of every file of a record that is being written.
// Those of jobs that ended go into a file without a name, so that a run of many
// jobs does not grow by them. What comes back from there is checked: a digest
// that somebody could change would be worth nothing.
type sumTable struct {
	held map[string]store.Digest // by slash-separated name
	away *os.File                // nil until something was put away
	size int64                   // bytes of away
	sum  hash.Hash               // of all that was put away
}

// A namedSum is one line of SHA256SUMS.
type namedSum struct {
	name string
	sum  store.Digest
}

func newSumTable() sumTable { return sumTable{held: map[string]store.Digest{}, sum: sha256.New()} }

// putAway moves the sums of files below a folder out of memory. If that cannot
// be done they stay where they are.
func (t *sumTable) putAway(dir, folder string) (done bool) {
	if t.away == nil && t.open(dir) != nil {
		return false
	}
	var b []byte
	for name, sum := range t.held {
		if strings.HasPrefix(name, folder) {
			b = append(binary.AppendUvarint(append(b, sum[:]...), uint64(len(name))), name...)
		}
	}
	if _, err := t.away.WriteAt(b, t.size); err != nil {
		return false
	}
	t.size += int64(len(b))
	t.sum.Write(b)
	for name := range t.held {
		if strings.HasPrefix(name, folder) {
			delete(t.held, name)
		}
	}
	return true
}

func (t *sumTable) open(dir string) (err error) {
	f, err := os.CreateTemp(dir, ".sums-")
	if err != nil {
		return err
	}
	if err := os.Remove(f.Name()); err != nil { // where open files cannot go, such as on Windows
		return errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	t.away = f
	return nil
}

// bringBack moves the sums of files below a folder into memory again.
func (t *sumTable) bringBack(folder string) error {
	away, err := t.read()
	for _, s := range slices.Backward(away) { // the latest first
		if _, newer := t.held[s.name]; !newer && strings.HasPrefix(s.name, folder) {
			t.held[s.name] = s.sum
		}
	}
	return err
}

// all returns all sums in the order of their names.
func (t *sumTable) all() ([]namedSum, error) {
	all, err := t.read()
	for name, sum := range t.held {
		all = append(all, namedSum{name, sum})
	}
	slices.SortStableFunc(all, byName)
	latest := all[:0]
	for i, s := range all {
		if i+1 == len(all) || all[i+1].name != s.name {
			latest = append(latest, s)
		}
	}
	return latest, err
}

func byName(a, b namedSum) int { return cmp.Compare(a.name, b.name) }

// read returns what was put away, in that order.
func (t *sumTable) read() ([]namedSum, error) {
	if t.away == nil {
		return nil, nil
	}
	data := make([]byte, t.size)
	if _, err := io.ReadFull(io.NewSectionReader(t.away, 0, t.size), data); err != nil {
		return nil, fmt.Errorf("read sums: %w", err)
	}
	if sum := sha256.Sum256(data); !bytes.Equal(sum[:], t.sum.Sum(nil)) {
		return nil, fmt.Errorf("read sums: %w", errChanged)
	}
	var all []namedSum
	for text := string(data); text != ""; {
		s := namedSum{sum: store.Digest([]byte(text[:len(store.Digest{})]))}
		text = text[len(s.sum):]
		n, used := binary.Uvarint([]byte(text[:min(len(text), binary.MaxVarintLen64)]))
		s.name, text = text[used:used+int(n)], text[used+int(n):]
		all = append(all, s)
	}
	return all, nil
}

func (t *sumTable) close() error {
	if t.away == nil {
		return nil
	}
	err := t.away.Close()
	t.away = nil
	return err
}
