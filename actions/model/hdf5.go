package model

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"sync"
)

var (
	hdf5Lambda = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`"class_name"\s*:\s*"([^"]*>)?(Lambda|__lambda__)"`) })
	// JSON has no need to write ASCII as an escape, but to hide it.
	hdf5Hidden = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[ -~"]\\u00[2-7][0-9a-fA-F]`) })
)

// hdf5 looks for the text of a Keras config that stands in the file, and for what
// runs code in it. The format itself is data and not looked into.
func (s *scan) hdf5(in input) Format {
	const overlap = 256
	seen := kerasTexts{scan: s, in: in}
	r := bufio.NewReaderSize(in.reader(), 1<<16)
	block := make([]byte, 0, 1<<20)
	at := int64(0)
	for {
		n, err := io.ReadFull(r, block[len(block):cap(block)])
		block = block[:len(block)+n]
		s.hdf5Block(in, block, at)
		seen.block(block, at)
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				s.refuse(in, at, "cannot be read: %v", err)
			}
			return HDF5
		}
		kept := copy(block, block[len(block)-overlap:])
		at += int64(len(block) - kept)
		block = block[:kept]
	}
}

func (s *scan) hdf5Block(in input, b []byte, at int64) {
	if bytes.Contains(b, []byte("ambda")) {
		if m := hdf5Lambda().FindIndex(b); m != nil {
			s.refuse(in, at+int64(m[0]), "has a Lambda layer, which is Python code")
		}
	}
	if bytes.Contains(b, []byte(`\u00`)) {
		if m := hdf5Hidden().FindIndex(b); m != nil {
			s.refuse(in, at+int64(m[0]), "hides letters of a text behind escapes")
		}
	}
}

// kerasTexts finds the objects of JSON in a file that name classes, and looks at
// each once.
type kerasTexts struct {
	scan   *scan
	in     input
	end    int64 // of the last object
	failed int   // places where an object might have begun
}

const (
	// How far before its first class an object may begin, in bytes.
	kerasLead = 4 << 10
	// How many places are tried in vain before a file is given up.
	kerasTries = 100
)

func (k *kerasTexts) block(b []byte, at int64) {
	word := []byte(`"class_name"`)
	for from := 0; ; from += len(word) {
		i := bytes.Index(b[from:], word)
		if i < 0 {
			return
		}
		from += i
		if where := at + int64(from); where >= k.end && k.failed <= kerasTries && !k.object(where) {
			k.scan.refuse(k.in, where, "names a class of Keras where no whole JSON stands, so nothing says what else it names")
			k.end = where + 1
		}
	}
}

// object reads the object of JSON around a place.
func (k *kerasTexts) object(where int64) bool {
	begin := max(k.end, where-kerasLead)
	lead := make([]byte, where-begin)
	if _, err := k.in.at.ReadAt(lead, begin); err != nil && !errors.Is(err, io.EOF) {
		return false
	}
	for i, c := range lead {
		if c != '{' {
			continue
		}
		d := json.NewDecoder(io.NewSectionReader(k.in.at, begin+int64(i), min(maxConfig, k.in.size-begin-int64(i))))
		var v any
		if err := d.Decode(&v); err == nil && begin+int64(i)+d.InputOffset() > where {
			k.end = begin + int64(i) + d.InputOffset()
			k.scan.kerasObject(k.in, v)
			return true
		}
		if k.failed++; k.failed > kerasTries {
			return false
		}
	}
	return false
}
