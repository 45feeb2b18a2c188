package model

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"

	"github.com/mlops-runner/mlops/actions/model/pickle"
)

// maxDictionary is the memory that a compressed file may ask for, in bytes;
// LZMA's strongest preset takes 64 MiB.
const maxDictionary = 128 << 20

// opened returns what a compressed file unpacks to.
func opened(how string, r *bufio.Reader) (io.Reader, error) {
	switch how {
	case "gzip":
		return gzip.NewReader(r)
	case "zlib":
		return zlib.NewReader(r)
	case "bz2":
		return bzip2.NewReader(r), nil
	case "lz4":
		return lz4.NewReader(r), nil
	case "xz":
		return xz.ReaderConfig{DictCap: maxDictionary, SingleStream: true}.NewReader(r)
	}
	head, err := r.Peek(13)
	if err != nil {
		return nil, err
	}
	if size := binary.LittleEndian.Uint32(head[1:]); size > maxDictionary {
		return nil, fmt.Errorf("it asks for a dictionary of %d bytes", size)
	}
	return lzma.ReaderConfig{DictCap: maxDictionary}.NewReader(r)
}

// unpack looks into a compressed file. joblib's are pickles, which are walked as
// they unpack; others are unpacked to memory.
func (s *scan) unpack(in input, how string) Format {
	if !s.deeper(in) {
		return Unknown
	}
	defer s.back()
	if in.name == "" {
		s.report.Holds.Packed = how
	}
	packed := bufio.NewReaderSize(in.reader(), 1<<16)
	plain, err := opened(how, packed)
	if err != nil {
		s.refuse(in, 0, "damaged %s: %v", how, err)
		return Unknown
	}
	r := bufio.NewReaderSize(s.bounded(plain), 1<<16)
	head, _ := r.Peek(512)
	if pickle.Magic(head) {
		format := s.stream(in, r, how)
		s.after(in, packed, how)
		return format
	}
	inner, ok := s.hold(in, r)
	if !ok {
		return Unknown
	}
	format := s.look(inner)
	s.after(in, packed, how)
	return format
}

// stream walks a pickle that needs no memory.
func (s *scan) stream(in input, r io.Reader, how string) Format {
	res, err := pickle.Walk(r, s.pickleOptions(false))
	s.take(in, res)
	if err != nil {
		s.refuse(in, res.Bytes, "damaged %s: %v", how, err)
	}
	if res.Joblib {
		return Joblib
	}
	return Pickle
}

// after refuses bytes behind a compressed stream: readers differ in what they do with them.
func (s *scan) after(in input, packed *bufio.Reader, how string) {
	if rest, _ := packed.Peek(1); len(rest) > 0 {
		s.refuse(in, in.size-int64(packed.Buffered()), "has bytes after its %s stream", how)
	}
}

// errExpanded ends the reading of a file that unpacks to too much.
var errExpanded = errors.New("it unpacks to more bytes than the limit")

// bounded counts what is unpacked against the limit of the whole file.
func (s *scan) bounded(r io.Reader) io.Reader { return &meter{r: r, scan: s} }

type meter struct {
	r    io.Reader
	scan *scan
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.scan.expanded += int64(n)
	if m.scan.expanded > m.scan.opts.Limits.Expanded {
		return 0, errExpanded
	}
	return n, err
}

// hold unpacks a file to memory.
func (s *scan) hold(in input, r io.Reader) (input, bool) {
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(r, s.opts.Limits.Memory+1))
	if err != nil {
		s.refuse(in, n, "cannot be unpacked: %v", err)
		return in, false
	}
	if n > s.opts.Limits.Memory {
		s.refuse(in, 0, "unpacks to more than %d bytes; unpack it and scan what comes out", s.opts.Limits.Memory)
		return in, false
	}
	return input{name: in.name, at: bytes.NewReader(b.Bytes()), size: n}, true
}

// deeper enters an archive.
func (s *scan) deeper(in input) bool {
	if s.depth == s.opts.Limits.Depth {
		s.refuse(in, 0, "more than %d archives in each other", s.opts.Limits.Depth)
		return false
	}
	s.depth++
	return true
}

func (s *scan) back() { s.depth-- }
