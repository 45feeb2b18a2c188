package pickle

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"
)

// BenchmarkPayload walks a pickle of 1 GiB that is one string of bytes, from a
// reader that cannot seek.
func BenchmarkPayload(b *testing.B) {
	const size = 1 << 30
	head := append([]byte("\x80\x04\x8e"), binary.LittleEndian.AppendUint64(nil, size)...)
	b.SetBytes(size)
	for b.Loop() {
		walkClean(b, io.MultiReader(bytes.NewReader(head), io.LimitReader(ones{}, size), bytes.NewReader([]byte("."))))
	}
}

// BenchmarkOpcodes walks 64 MB of small values: lists of floats in a dict.
func BenchmarkOpcodes(b *testing.B) {
	one := []byte("]\x94(")
	for range 1000 {
		one = append(one, "G\x3f\xf0\x00\x00\x00\x00\x00\x00"...)
	}
	one = append(one, "e0"...)
	text := append([]byte("\x80\x04"), bytes.Repeat(one, 64_000_000/len(one))...)
	text = append(text, "N."...)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		walkClean(b, bytes.NewReader(text))
	}
}

func walkClean(b *testing.B, r io.Reader) {
	res, err := Walk(r, Options{})
	if err != nil || len(res.Refusals) > 0 {
		b.Fatalf("%+v %v", res, err)
	}
}

type ones struct{}

func (ones) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 1
	}
	return len(p), nil
}
