package table

import (
	"bytes"
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// An encoding is how a text is written as bytes.
type encoding uint8

const (
	utf8Text encoding = iota
	windows1252
	utf16LE
	utf16BE
)

// encodingOf tells the encoding from the first bytes of a text, and how long its
// byte order mark is. Bytes that are not UTF-8 are taken as Windows-1252, which
// holds Latin-1.
func encodingOf(head []byte, whole bool) (e encoding, mark int) {
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		return utf8Text, 3
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return utf16LE, 2
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return utf16BE, 2
	}
	if e := utf16Without(head); e != utf8Text {
		return e, 0
	}
	if !whole {
		head = wholeRunes(head)
	}
	if utf8.Valid(head) {
		return utf8Text, 0
	}
	return windows1252, 0
}

// utf16Without tells UTF-16 that has no mark: of the letters and delimiters of
// ASCII one byte is zero, always the same of two.
func utf16Without(head []byte) encoding {
	var zero [2]int
	head = head[:min(len(head), 4096)&^1]
	for i, b := range head {
		if b == 0 {
			zero[i&1]++
		}
	}
	switch pairs := len(head) / 2; {
	case zero[1] > pairs/2 && zero[0] <= pairs/10:
		return utf16LE
	case zero[0] > pairs/2 && zero[1] <= pairs/10:
		return utf16BE
	}
	return utf8Text
}

// wholeRunes leaves out the start of a character that the end cut in two.
func wholeRunes(b []byte) []byte {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if c := b[len(b)-n]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(b[len(b)-n:]) {
				return b[:len(b)-n]
			}
			break
		}
	}
	return b
}

// decode returns the text of r as UTF-8.
func (e encoding) decode(r io.Reader) io.Reader {
	switch e {
	case windows1252:
		return &decoder{src: r, step: fromWindows1252}
	case utf16LE:
		return &decoder{src: r, step: func(dst, src []byte, last bool) ([]byte, int) {
			return fromUTF16(dst, src, last, binary.LittleEndian)
		}}
	case utf16BE:
		return &decoder{src: r, step: func(dst, src []byte, last bool) ([]byte, int) {
			return fromUTF16(dst, src, last, binary.BigEndian)
		}}
	}
	return r
}

// A decoder turns text into UTF-8.
type decoder struct {
	src  io.Reader
	step func(dst, src []byte, last bool) (more []byte, used int) // appends to dst
	in   [8192]byte
	n    int    // of in, not yet used
	out  []byte // not yet read
	done []byte // the memory of out
	err  error
}

func (d *decoder) Read(p []byte) (int, error) {
	for len(d.out) == 0 {
		if d.err != nil {
			return 0, d.err
		}
		n, err := d.src.Read(d.in[d.n:])
		d.n += n
		d.err = err
		var used int
		d.done, used = d.step(d.done[:0], d.in[:d.n], err != nil)
		d.out = d.done
		d.n = copy(d.in[:], d.in[used:d.n])
	}
	n := copy(p, d.out)
	d.out = d.out[n:]
	return n, nil
}

func fromWindows1252(dst, src []byte, _ bool) ([]byte, int) {
	for _, b := range src {
		switch {
		case b < 0x80:
			dst = append(dst, b)
		case b < 0xA0:
			dst = utf8.AppendRune(dst, c1[b-0x80])
		default:
			dst = utf8.AppendRune(dst, rune(b))
		}
	}
	return dst, len(src)
}

// c1 are the characters of Windows-1252 from 0x80 on; five bytes stand for
// themselves (WHATWG, "Encoding", index windows-1252).
var c1 = [32]rune{'€', 0x81, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0x8D, 'Ž', 0x8F,
	0x90, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0x9D, 'ž', 'Ÿ'}

// fromUTF16 writes U+FFFD for half of a pair that stands alone.
func fromUTF16(dst, src []byte, last bool, order binary.ByteOrder) ([]byte, int) {
	i := 0
	for ; i+1 < len(src); i += 2 {
		r := rune(order.Uint16(src[i:]))
		if utf16.IsSurrogate(r) {
			if i+3 >= len(src) && !last {
				break
			}
			r2 := rune(0)
			if i+3 < len(src) {
				r2 = rune(order.Uint16(src[i+2:]))
			}
			if r = utf16.DecodeRune(r, r2); r != utf8.RuneError {
				i += 2
			}
		}
		dst = utf8.AppendRune(dst, r)
	}
	if last && i < len(src) {
		return utf8.AppendRune(dst, utf8.RuneError), len(src)
	}
	return dst, i
}
