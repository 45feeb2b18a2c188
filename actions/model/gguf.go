package model

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// gguf checks the header of llama.cpp's format, versions 2 and 3
// (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md): counts, keys and
// offsets in bounds. The tensors' types have sizes that depend on blocks, so that
// only where they begin is checked.
func (s *scan) gguf(in input) Format {
	g := &ggufReader{r: bufio.NewReaderSize(in.reader(), 1<<16), size: in.size, align: 32}
	if err := g.header(s); err != nil {
		s.refuse(in, g.at, "damaged GGUF: %v", err)
	}
	return GGUF
}

type ggufReader struct {
	r     *bufio.Reader
	at    int64
	size  int64
	align uint64
	key   string
}

func (g *ggufReader) take(n uint64) ([]byte, error) {
	if n > uint64(g.size-g.at) || n > 1<<28 {
		return nil, fmt.Errorf("%d bytes at %d of %d", n, g.at, g.size)
	}
	b := make([]byte, n)
	got, err := io.ReadFull(g.r, b)
	g.at += int64(got)
	return b, err
}

func (g *ggufReader) number(n uint64) (uint64, error) {
	var word [8]byte
	b, err := g.take(n)
	copy(word[:], b)
	return binary.LittleEndian.Uint64(word[:]), err
}

func (g *ggufReader) text() (string, error) {
	n, err := g.number(8)
	if err != nil {
		return "", err
	}
	b, err := g.take(n)
	return string(b), err
}

func (g *ggufReader) header(s *scan) error {
	if _, err := g.take(4); err != nil {
		return err
	}
	version, err := g.number(4)
	tensors, err1 := g.number(8)
	pairs, err2 := g.number(8)
	if err := errors.Join(err, err1, err2); err != nil {
		return err
	}
	s.version("gguf", strconv.FormatUint(version, 10))
	if version < 2 || version > 3 {
		return fmt.Errorf("version %d is unknown", version)
	}
	// An entry takes 13 bytes at least, a tensor's 32.
	if room := uint64(g.size); pairs > room/13 || tensors > room/32 {
		return fmt.Errorf("it speaks of %d keys and %d tensors, for which it is too short", pairs, tensors)
	}
	for range pairs {
		if err := g.pair(s); err != nil {
			return err
		}
	}
	return g.tensors(s, tensors)
}

func (g *ggufReader) pair(s *scan) (err error) {
	if g.key, err = g.text(); err != nil {
		return err
	}
	kind, err := g.number(4)
	if err != nil {
		return err
	}
	v, err := g.value(kind, 0)
	switch g.key {
	case "general.alignment":
		if g.align, _ = strconv.ParseUint(v, 10, 32); g.align == 0 || g.align&(g.align-1) != 0 {
			return fmt.Errorf("alignment %q is no power of two", v)
		}
	case "general.architecture", "general.name":
		s.version(g.key, fmt.Sprintf("%.100s", v))
	case "tokenizer.chat_template":
		s.note("a chat template, which runtimes run: use one that runs it in a sandbox")
	}
	return err
}

// ggufSizes are the bytes of the types 0 to 12; 8 is a text, 9 an array.
var ggufSizes = [...]uint64{1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8}

func (g *ggufReader) value(kind uint64, depth int) (string, error) {
	switch {
	case kind == 8:
		return g.text()
	case kind == 9 && depth < 4:
		kind, err := g.number(4)
		n, err2 := g.number(8)
		if err := errors.Join(err, err2); err != nil {
			return "", err
		}
		if n > uint64(g.size) {
			return "", fmt.Errorf("an array of %d", n)
		}
		for range n {
			if _, err := g.value(kind, depth+1); err != nil {
				return "", err
			}
		}
		return "", nil
	case kind < uint64(len(ggufSizes)) && ggufSizes[kind] > 0:
		v, err := g.number(ggufSizes[kind])
		return strconv.FormatUint(v, 10), err
	}
	return "", fmt.Errorf("key %.100q has the unknown type %d", g.key, kind)
}

func (g *ggufReader) tensors(s *scan, n uint64) error {
	last := uint64(0)
	for range n {
		name, err := g.text()
		if err != nil {
			return err
		}
		dims, err := g.number(4)
		if err != nil || dims > 8 {
			return fmt.Errorf("tensor %.100q has %d dimensions", name, dims)
		}
		shape := make([]int64, dims)
		for i := range shape {
			d, err := g.number(8)
			if err != nil {
				return err
			}
			shape[i] = int64(d)
		}
		if _, err := product(1, shape); err != nil {
			return fmt.Errorf("tensor %.100q: %w", name, err)
		}
		kind, err1 := g.number(4)
		at, err2 := g.number(8)
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		if at%g.align != 0 || at > uint64(g.size) {
			return fmt.Errorf("tensor %.100q begins at %d", name, at)
		}
		last = max(last, at)
		s.tensor(Tensor{Name: name, DType: fmt.Sprintf("ggml %d", kind), Shape: shapeText(shape)})
	}
	if n > 0 && uint64(g.at)+last > uint64(g.size) {
		return fmt.Errorf("a tensor begins after the end of the file")
	}
	return nil
}
