package model

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
)

// maxSafetensorsHeader is the format's own limit, in bytes.
const maxSafetensorsHeader = 100_000_000

// safetensorsBits are the sizes of the format's types, in bits.
var safetensorsBits = map[string]int64{
	"BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
	"I32": 32, "U32": 32, "F32": 32, "F64": 64, "I64": 64, "U64": 64, "C64": 64, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}

// span is a tensor's entry in the header.
type span struct {
	name    string
	DType   string  `json:"dtype"`
	Shape   []int64 `json:"shape"`
	Offsets []int64 `json:"data_offsets"` // into the bytes after the header
}

// safetensors checks the header, which says it all: every byte after it
// belongs to one tensor.
func (s *scan) safetensors(in input) Format {
	n := binary.LittleEndian.Uint64(in.head(8))
	if n > maxSafetensorsHeader || int64(n) > in.size-8 {
		s.refuse(in, 0, "says that its header has %d bytes", n)
		return Safetensors
	}
	text := make([]byte, n)
	if _, err := in.at.ReadAt(text, 8); err != nil && int64(n) != in.size-8 {
		s.refuse(in, 8, "damaged header: %v", err)
		return Safetensors
	}
	spans, meta, err := parseSafetensors(text)
	if err != nil {
		s.refuse(in, 8, "header: %v", err)
		return Safetensors
	}
	for k, v := range meta {
		if len(v) <= 100 && len(k) <= 100 {
			s.version(k, v)
		}
	}
	s.spans(in, spans, 8+int64(n))
	return Safetensors
}

func parseSafetensors(text []byte) (spans []span, meta map[string]string, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, nil, fmt.Errorf("is no JSON object: %w", err)
	}
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, nil, err
		}
		name, _ := t.(string) // keys are strings, or Token fails
		if seen[name] {
			return nil, nil, fmt.Errorf("two tensors %.100q", name)
		}
		seen[name] = true
		if name == "__metadata__" {
			err = d.Decode(&meta)
		} else {
			x := span{name: name}
			err = d.Decode(&x)
			spans = append(spans, x)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%.100q: %w", name, err)
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, nil, err
	}
	if rest := bytes.TrimRight(text[d.InputOffset():], " "); len(rest) > 0 {
		return nil, nil, fmt.Errorf("goes on after its JSON")
	}
	return spans, meta, nil
}

// spans holds tensors to their sizes and to each other.
func (s *scan) spans(in input, spans []span, base int64) {
	for i, x := range spans {
		s.tensor(Tensor{Name: x.name, DType: x.DType, Shape: shapeText(x.Shape)})
		if fault := x.fault(); fault != "" {
			s.refuse(in, base, "tensor %.100q %s", x.name, fault)
			spans[i].Offsets = nil
		}
	}
	spans = slices.DeleteFunc(spans, func(x span) bool { return x.Offsets == nil })
	sort.Slice(spans, func(i, j int) bool {
		a, b := spans[i].Offsets, spans[j].Offsets
		return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) < 0
	})
	end := int64(0)
	for _, x := range spans {
		if x.Offsets[0] != end {
			s.refuse(in, base+x.Offsets[0], "tensor %.100q begins at %d, where the one before ends at %d: a gap or an overlap", x.name, x.Offsets[0], end)
		}
		end = x.Offsets[1]
	}
	if !s.report.Refused() && end != in.size-base {
		s.refuse(in, base+min(end, in.size-base), "its tensors take %d bytes; the file has %d for them", end, in.size-base)
	}
}

func (x span) fault() string {
	bits, ok := safetensorsBits[x.DType]
	if !ok {
		return fmt.Sprintf("has the unknown type %.20q", x.DType)
	}
	if len(x.Offsets) != 2 || x.Offsets[0] < 0 || x.Offsets[1] < x.Offsets[0] {
		return "has no range of bytes"
	}
	total, err := product(bits, x.Shape)
	if err != nil {
		return err.Error()
	}
	if total%8 != 0 || total/8 != x.Offsets[1]-x.Offsets[0] {
		return fmt.Sprintf("of %s %s has %d bytes", x.DType, shapeText(x.Shape), x.Offsets[1]-x.Offsets[0])
	}
	return ""
}
