package model

import (
	"fmt"
	"strconv"
	"strings"
)

// isONNX reports whether a file without any mark is an ONNX model: it starts
// with the version of the format, and its fields of the top are those of
// ModelProto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto) up to the
// graph. A file of the name .onnx is held to be one whatever it starts with: the
// fields may stand in any order.
func (s *scan) isONNX(in input) bool {
	if in.name == "" && strings.HasSuffix(s.path, ".onnx") {
		return true
	}
	m := message{w: &window{at: in.at}, end: in.size}
	first, err := m.next()
	if err != nil || first.number != 1 || first.wire != 0 || first.value == 0 || first.value > 1000 {
		return false
	}
	for range 1000 {
		f, err := m.next()
		if err != nil || f.number > 25 {
			return false
		}
		if f.number == 7 && f.wire == 2 {
			return true
		}
	}
	return false
}

// onnxModel is the walk of one ONNX model.
type onnxModel struct {
	*scan
	in     input
	opsets int
	files  map[string]bool // external ones, looked at
}

const (
	onnxDepth   = 32  // graphs in graphs
	onnxTensors = 1e6 // that are looked at
)

func (s *scan) onnx(in input) Format {
	o := &onnxModel{scan: s, in: in, files: map[string]bool{}}
	m := message{w: &window{at: in.at}, end: in.size}
	if err := m.each(o.top); err != nil {
		s.refuse(in, 0, "damaged ONNX: %v", err)
	}
	if o.opsets == 0 {
		s.refuse(in, 0, "imports no set of operators")
	}
	return ONNX
}

// top reads a field of ModelProto.
func (o *onnxModel) top(f field) error {
	switch f.number {
	case 1:
		o.version("onnx ir", strconv.FormatUint(f.value, 10))
	case 2:
		o.version("producer", f.text())
	case 7:
		return o.graph(f.body, 0)
	case 8:
		o.opsets++
		return o.opset(f.body)
	case 20: // training: two graphs
		return f.body.each(func(f field) error {
			if f.number <= 2 && f.wire == 2 {
				return o.graph(f.body, 1)
			}
			return nil
		})
	case 25: // functions, whose nodes are field 7
		return f.body.each(func(f field) error {
			if f.number == 7 && f.wire == 2 {
				return o.node(f.body, 1)
			}
			return nil
		})
	}
	return nil
}

func (o *onnxModel) opset(m message) error {
	domain, version := "ai.onnx", uint64(0)
	err := m.each(func(f field) error {
		switch f.number {
		case 1:
			if d := f.text(); d != "" {
				domain = d
			}
		case 2:
			version = f.value
		}
		return nil
	})
	o.version("opset "+domain, strconv.FormatUint(version, 10))
	if domain != "ai.onnx" && !strings.HasPrefix(domain, "ai.onnx.") {
		o.note("operators of %.100s, which the runtime must know", domain)
	}
	return err
}

// graph reads GraphProto, and those within its nodes.
func (o *onnxModel) graph(m message, depth int) error {
	if depth > onnxDepth {
		return fmt.Errorf("more than %d graphs in each other", onnxDepth)
	}
	return m.each(func(f field) error {
		if f.wire != 2 {
			return nil
		}
		switch f.number {
		case 1:
			return o.node(f.body, depth)
		case 5:
			return o.weights(f, depth == 0)
		case 15: // sparse: values and indices are tensors
			return f.body.each(func(f field) error {
				if f.number <= 2 && f.wire == 2 {
					return o.weights(f, false)
				}
				return nil
			})
		case 11, 12:
			if depth == 0 {
				return o.port(f)
			}
		}
		return nil
	})
}

// node looks into the attributes of NodeProto, which hold tensors and graphs.
func (o *onnxModel) node(m message, depth int) error {
	return m.each(func(f field) error {
		if f.number != 5 || f.wire != 2 {
			return nil
		}
		return f.body.each(func(f field) error {
			switch {
			case f.wire != 2:
			case f.number == 5 || f.number == 10:
				return o.weights(f, false)
			case f.number == 6 || f.number == 11:
				return o.graph(f.body, depth+1)
			case f.number == 22 || f.number == 23:
				return f.body.each(func(f field) error {
					if f.number <= 2 && f.wire == 2 {
						return o.weights(f, false)
					}
					return nil
				})
			}
			return nil
		})
	})
}

// weights reads TensorProto.
func (o *onnxModel) weights(at field, show bool) error {
	t := Tensor{}
	var shape []int64
	var location, where, length string
	external, raw := false, int64(-1)
	kind := uint64(0)
	err := at.body.each(func(f field) error {
		switch f.number {
		case 1:
			dims, err := f.numbers(100)
			shape = append(shape, dims...)
			return err
		case 2:
			kind = f.value
		case 8:
			t.Name = f.text()
		case 9:
			raw = f.body.end - f.body.at
		case 13:
			external = true
			return externalEntry(f.body, &location, &where, &length)
		case 14:
			external = external || f.value == 1
		}
		return nil
	})
	if err != nil {
		return err
	}
	t.DType, t.Shape = onnxType(kind), shapeText(shape)
	if show {
		o.tensor(t)
	}
	if size := onnxSizes[t.DType]; size > 0 {
		if want, err := product(size, shape); err != nil || (raw >= 0 && want != raw) {
			o.refuse(o.in, at.offset, "tensor %.100q of %s %s has %d bytes", t.Name, t.DType, t.Shape, raw)
		}
	}
	if external {
		o.external(at.offset, t.Name, location, where, length)
	}
	return nil
}
