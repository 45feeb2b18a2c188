package model

import (
	"bufio"
	"errors"
	"io"
)

// ubj checks that XGBoost's binary JSON (https://ubjson.org) is whole.
func (s *scan) ubj(in input) Format {
	u := &ubjReader{r: bufio.NewReaderSize(in.reader(), 1<<16), size: in.size}
	if err := u.value(0, 0); err != nil {
		s.refuse(in, u.at, "damaged UBJSON: %v", err)
	} else if u.at != in.size {
		s.refuse(in, u.at, "has %d bytes after its end", in.size-u.at)
	}
	return XGBoost
}

// ubjReader passes over values.
type ubjReader struct {
	r    *bufio.Reader
	at   int64
	size int64
}

var errUBJ = errors.New("not as the format has it")

// ubjSizes are the bytes of numbers by their marker.
var ubjSizes = map[byte]int64{'i': 1, 'U': 1, 'I': 2, 'l': 4, 'L': 8, 'd': 4, 'D': 8, 'C': 1, 'Z': 0, 'N': 0, 'T': 0, 'F': 0}

func (u *ubjReader) byte() (byte, error) {
	u.at++
	return u.r.ReadByte()
}

func (u *ubjReader) skip(n int64) error {
	if n < 0 || n > u.size-u.at {
		return errUBJ
	}
	_, err := io.CopyN(io.Discard, u.r, n)
	u.at += n
	return err
}

// count reads a number that is a length.
func (u *ubjReader) count() (int64, error) {
	m, err := u.byte()
	size, ok := ubjSizes[m]
	if err != nil || !ok || size == 0 || m == 'd' || m == 'D' || m == 'C' {
		return 0, errors.Join(errUBJ, err)
	}
	n := int64(0)
	for range size {
		b, err := u.byte()
		if err != nil {
			return 0, err
		}
		n = n<<8 | int64(b)
	}
	if n < 0 || n > u.size {
		return 0, errUBJ
	}
	return n, nil
}

// value passes over a value whose marker is known or, if it is 0, comes first.
func (u *ubjReader) value(marker byte, depth int) (err error) {
	if depth > 64 {
		return errUBJ
	}
	if marker == 0 {
		if marker, err = u.byte(); err != nil {
			return err
		}
	}
	if size, ok := ubjSizes[marker]; ok {
		return u.skip(size)
	}
	switch marker {
	case 'S', 'H':
		n, err := u.count()
		if err != nil {
			return err
		}
		return u.skip(n)
	case '[', '{':
		return u.container(marker, depth)
	}
	return errUBJ
}

func (u *ubjReader) container(marker byte, depth int) error {
	of, n, err := u.sized()
	if err != nil {
		return err
	}
	if size := ubjSizes[of]; marker == '[' && size > 0 && n >= 0 {
		return u.skip(n * size)
	}
	for i := int64(0); n < 0 || i < n; i++ {
		next, err := u.r.Peek(1)
		if err != nil {
			return err
		}
		if n < 0 && next[0] == marker+2 { // ] and } stand two after [ and {
			return u.skip(1)
		}
		if marker == '{' {
			k, err := u.count()
			if err == nil {
				err = u.skip(k)
			}
			if err != nil {
				return err
			}
		}
		if err := u.value(of, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// sized reads the type and the number of a container's values, if it says them.
func (u *ubjReader) sized() (of byte, n int64, err error) {
	n = -1
	for range 2 {
		next, err := u.r.Peek(1)
		if err != nil {
			return 0, 0, err
		}
		switch next[0] {
		case '$':
			_ = u.skip(1) // it was peeked
			if of, err = u.byte(); err != nil {
				return 0, 0, err
			}
		case '#':
			_ = u.skip(1)
			n, err = u.count()
			return of, n, err
		}
	}
	if of != 0 && n < 0 {
		err = errUBJ
	}
	return of, n, err
}
