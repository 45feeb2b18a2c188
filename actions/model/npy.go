package model

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/mlops-runner/mlops/actions/model/pickle"
)

// npy checks an array in NumPy's format (NEP 1): a header, which is a Python
// literal, and the bytes; or, if it holds Python objects, a pickle.
func (s *scan) npy(in input) Format {
	s.npyStream(in, in.reader())
	return NPY
}

// maxNPYHeader is the longest header that is read, in bytes; NumPy itself stops at 10,000.
const maxNPYHeader = 1 << 20

func (s *scan) npyStream(in input, from io.Reader) {
	r := bufio.NewReaderSize(from, 1<<16)
	header, at, err := npyHeader(r)
	if err != nil {
		s.refuse(in, at, "damaged npy header: %v", err)
		return
	}
	a, err := parseNPY(header)
	if err != nil {
		s.refuse(in, at, "npy header: %v", err)
		return
	}
	s.tensor(Tensor{DType: a.dtype, Shape: shapeText(a.shape)})
	if a.objects {
		s.npyObjects(in, r, at)
		return
	}
	got, err := io.Copy(io.Discard, r)
	switch {
	case err != nil:
		s.refuse(in, at+got, "cannot be unpacked: %v", err)
	case got != a.bytes:
		s.refuse(in, at+min(got, a.bytes), "holds %d bytes after its header, which speaks of %d", got, a.bytes)
	}
}

// npyObjects walks the pickle of an array of objects.
func (s *scan) npyObjects(in input, r io.Reader, at int64) {
	res, err := pickle.Walk(r, s.pickleOptions(false))
	if err != nil {
		s.refuse(in, at, "cannot be unpacked: %v", err)
	}
	for i := range res.Refusals {
		res.Refusals[i].Offset += at
	}
	s.take(in, res)
	s.note("arrays of Python objects: numpy.load needs allow_pickle")
}

// npyHeader reads the text of the header and says where it ends.
func npyHeader(r io.Reader) (string, int64, error) {
	var b [12]byte
	if _, err := io.ReadFull(r, b[:10]); err != nil {
		return "", 0, err
	}
	size, at := int64(binary.LittleEndian.Uint16(b[8:])), int64(10)
	if b[6] >= 2 {
		if _, err := io.ReadFull(r, b[10:]); err != nil {
			return "", 10, err
		}
		size, at = int64(binary.LittleEndian.Uint32(b[8:])), 12
	}
	if b[6] < 1 || b[6] > 3 || size > maxNPYHeader {
		return "", 6, fmt.Errorf("version %d with %d bytes", b[6], size)
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(r, text); err != nil {
		return "", at, err
	}
	return string(text), at + size, nil
}

type npyArray struct {
	dtype   string
	shape   []int64
	bytes   int64
	objects bool
}

// npyDict is the header: a dict of three keys in the order that NumPy writes.
var npyDict = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\{'descr': (.+), 'fortran_order': (?:True|False), 'shape': \(([0-9, L]*)\), ?\}\s*$`)
})

func parseNPY(header string) (a npyArray, err error) {
	m := npyDict().FindStringSubmatch(header)
	if m == nil {
		return a, fmt.Errorf("is not the dict that NumPy writes: %.100q", header)
	}
	if a.shape, err = sizes(strings.ReplaceAll(m[2], "L", "")); err != nil {
		return a, err
	}
	d := literal{text: m[1]}
	item, err := d.dtype(0)
	if err == nil && d.at != len(d.text) {
		err = fmt.Errorf("dtype %.100q is not understood", m[1])
	}
	if err != nil {
		return a, err
	}
	a.dtype, a.objects = strings.Trim(m[1], "'"), d.objects
	a.bytes, err = product(item, a.shape)
	return a, err
}

// product multiplies a shape out.
func product(item int64, shape []int64) (int64, error) {
	for _, n := range shape {
		if n < 0 || (n > 0 && item > math.MaxInt64/n) {
			return 0, fmt.Errorf("the shape %s is no size", shapeText(shape))
		}
		item *= n
	}
	return item, nil
}

func shapeText(shape []int64) string {
	if len(shape) == 0 {
		return "scalar"
	}
	var b strings.Builder
	for i, n := range shape {
		if i > 0 {
			b.WriteString("×")
		}
		b.WriteString(strconv.FormatInt(n, 10))
	}
	return b.String()
}
