package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
)

const actionMagic = "mlops action 1 "

// sealAction puts the line before data that tells a whole record from a torn one.
func sealAction(data []byte) []byte {
	b := append([]byte(actionMagic), Sum(data).Hex()...)
	return append(append(b, '\n'), data...)
}

// openAction returns the data of a whole record.
func openAction(record []byte) (data []byte, ok bool) {
	rest, ok := bytes.CutPrefix(record, []byte(actionMagic))
	head, data, found := bytes.Cut(rest, []byte{'\n'})
	if !ok || !found {
		return nil, false
	}
	want, ok := parseHex(string(head))
	return data, ok && Sum(data) == want
}

// Action returns what PutAction stored under the fingerprint, or ErrNotFound;
// a torn record counts as missing. It notes the use for GC, at most once an
// hour, so that a cache hit seldom writes.
func (d *Dir) Action(fingerprint Digest) ([]byte, error) {
	f, err := os.Open(d.path(sharded("actions", fingerprint)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("action %s: %w", fingerprint.Short(), ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("action %s: %w", fingerprint.Short(), err)
	}
	defer f.Close()
	record, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("action %s: %w", fingerprint.Short(), err)
	}
	data, ok := openAction(record)
	if !ok {
		return nil, fmt.Errorf("action %s: torn record: %w", fingerprint.Short(), ErrNotFound)
	}
	d.touch(f)
	return data, nil
}

// touchEvery is how often a use is noted at most.
const touchEvery = time.Hour

// touch moves the time of last use. It is a hint; a store that cannot be
// written to still serves.
func (d *Dir) touch(f *os.File) {
	st, err := f.Stat()
	if now := d.now(); err == nil && !d.readOnly && now.Sub(st.ModTime()) > touchEvery {
		os.Chtimes(f.Name(), now, now)
	}
}

// PutAction stores data under the fingerprint, replacing what was there. It
// appears whole or not at all. It is not flushed: use a Batch where blobs must
// be on the disk first.
func (d *Dir) PutAction(ctx context.Context, fingerprint Digest, data []byte) error {
	release, err := d.share(ctx)
	if err != nil {
		return fmt.Errorf("put action %s: %w", fingerprint.Short(), err)
	}
	defer release()
	if err := d.writeFile(sharded("actions", fingerprint), sealAction(data)); err != nil {
		return fmt.Errorf("put action %s: %w", fingerprint.Short(), err)
	}
	return nil
}

func lastPath(key string) string { return sharded("last", Sum([]byte(key))) }

// lastText is the file's content. The key is there for people and for a check.
func lastText(key string, fingerprint Digest) []byte {
	return []byte(fingerprint.String() + "\n" + key + "\n")
}

// SetLast notes the fingerprint that ran last under key (a job instance, say).
func (d *Dir) SetLast(ctx context.Context, key string, fingerprint Digest) error {
	release, err := d.share(ctx)
	if err != nil {
		return fmt.Errorf("set last %q: %w", key, err)
	}
	defer release()
	if err := d.writeFile(lastPath(key), lastText(key, fingerprint)); err != nil {
		return fmt.Errorf("set last %q: %w", key, err)
	}
	return nil
}

// Last returns what SetLast noted, or ErrNotFound. The action may be gone.
func (d *Dir) Last(key string) (Digest, error) {
	b, err := os.ReadFile(d.path(lastPath(key)))
	if errors.Is(err, fs.ErrNotExist) {
		return Digest{}, fmt.Errorf("last %q: %w", key, ErrNotFound)
	}
	if err != nil {
		return Digest{}, fmt.Errorf("last %q: %w", key, err)
	}
	dig, got, err := parseLast(b)
	if err != nil || got != key {
		return Digest{}, fmt.Errorf("last %q: torn: %w", key, ErrNotFound)
	}
	return dig, nil
}

func parseLast(b []byte) (dig Digest, key string, err error) {
	head, key, _ := strings.Cut(string(b), "\n")
	dig, err = Parse(head)
	return dig, strings.TrimSuffix(key, "\n"), err
}

// SealAction returns the record in which a store keeps data under a fingerprint,
// for another place that keeps it too.
func SealAction(data []byte) []byte { return sealAction(data) }

// OpenAction returns the data of a record that SealAction made. ok is false if it
// is not whole.
func OpenAction(record []byte) (data []byte, ok bool) { return openAction(record) }
