package store

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// A Digest is the SHA-256 of some bytes. The zero Digest means "none".
type Digest [sha256.Size]byte

const digestPrefix = "sha256:"

// digestText is the length of a digest's text form.
const digestText = len(digestPrefix) + 2*sha256.Size

// Sum returns the digest of p.
func Sum(p []byte) Digest { return sha256.Sum256(p) }

// Parse reads the text form sha256:<64 lower-case hex digits>.
func Parse(s string) (Digest, error) {
	h, ok := strings.CutPrefix(s, digestPrefix)
	if !ok {
		return Digest{}, fmt.Errorf("digest %q: want sha256:<64 hex digits>", s)
	}
	d, ok := parseHex(h)
	if !ok {
		return Digest{}, fmt.Errorf("digest %q: want sha256: and 64 lower-case hex digits", s)
	}
	return d, nil
}

// parseHex reads 64 lower-case hex digits. Upper case is refused so that a
// digest has one spelling.
func parseHex(s string) (d Digest, ok bool) {
	if len(s) != 2*len(d) || strings.ToLower(s) != s {
		return d, false
	}
	_, err := hex.Decode(d[:], []byte(s))
	return d, err == nil
}

// Hex returns the 64 hex digits alone.
func (d Digest) Hex() string { return hex.EncodeToString(d[:]) }

// String returns the text form sha256:<hex>.
func (d Digest) String() string { return digestPrefix + d.Hex() }

// Short returns the first 12 hex digits, for showing.
func (d Digest) Short() string { return hex.EncodeToString(d[:6]) }

// IsZero reports whether d is no digest at all.
func (d Digest) IsZero() bool { return d == Digest{} }

// MarshalText returns the text form, or nothing for the zero Digest.
func (d Digest) MarshalText() ([]byte, error) {
	if d.IsZero() {
		return []byte{}, nil
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads the text form; empty text is the zero Digest.
func (d *Digest) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Digest{}
		return nil
	}
	v, err := Parse(string(text))
	if err != nil {
		return err
	}
	*d = v
	return nil
}

// mark is the nanosecond part that a file with this content bears. It is a
// multiple of 100, which every file system we meet can keep (NTFS counts in
// 100 ns), and never 0, which file systems that keep only seconds would show.
func (d Digest) mark() int64 {
	return 100 * (1 + int64(binary.BigEndian.Uint32(d[:4])%(1e7-1)))
}

// Stamped reports whether a modification time, in nanoseconds since 1970,
// bears the mark of the digest: the file was published with that content and
// has not been written since.
func Stamped(d Digest, mtime int64) bool {
	return !d.IsZero() && ((mtime%1e9)+1e9)%1e9 == d.mark()
}

// stamp returns t's second with the mark of the digest.
func (d Digest) stamp(t time.Time) time.Time { return time.Unix(t.Unix(), d.mark()) }
