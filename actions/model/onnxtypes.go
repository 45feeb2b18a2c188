package model

import (
	"fmt"
	"strconv"
	"strings"
)

// onnxTypes are TensorProto.DataType.
var onnxTypes = []string{"undefined", "float", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool", "float16", "double",
	"uint32", "uint64", "complex64", "complex128", "bfloat16", "float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "uint4", "int4", "float4e2m1"}

// onnxSizes are the bytes of types whose raw form is plain.
var onnxSizes = map[string]int64{"float": 4, "uint8": 1, "int8": 1, "uint16": 2, "int16": 2, "int32": 4, "int64": 8, "bool": 1, "float16": 2,
	"double": 8, "uint32": 4, "uint64": 8, "complex64": 8, "complex128": 16, "bfloat16": 2}

func onnxType(n uint64) string {
	if n < uint64(len(onnxTypes)) {
		return onnxTypes[n]
	}
	return fmt.Sprintf("type %d", n)
}

// port reads ValueInfoProto: an input or output of the model.
func (o *onnxModel) port(at field) error {
	t := Tensor{}
	var dims []string
	err := at.body.each(func(f field) error {
		switch {
		case f.number == 1:
			t.Name = f.text()
		case f.number == 2 && f.wire == 2:
			return portType(f.body, &t, &dims)
		}
		return nil
	})
	t.Shape = strings.Join(dims, "×")
	h := &o.report.Holds
	if to := map[int]*[]Tensor{11: &h.Inputs, 12: &h.Outputs}[at.number]; len(*to) < 1000 {
		*to = append(*to, t)
	}
	return err
}

// portType reads TypeProto, of which tensors have a type and a shape.
func portType(m message, t *Tensor, dims *[]string) error {
	return m.each(func(f field) error {
		if f.number != 1 || f.wire != 2 {
			return nil
		}
		return f.body.each(func(f field) error {
			switch {
			case f.number == 1:
				t.DType = onnxType(f.value)
			case f.number == 2 && f.wire == 2:
				return f.body.each(func(f field) error { return dimension(f, dims) })
			}
			return nil
		})
	})
}

// dimension reads a size or the name of a free one.
func dimension(at field, dims *[]string) error {
	text := "?"
	err := at.body.each(func(f field) error {
		switch f.number {
		case 1:
			text = strconv.FormatInt(int64(f.value), 10)
		case 2:
			text = f.text()
		}
		return nil
	})
	if len(*dims) < 100 {
		*dims = append(*dims, text)
	}
	return err
}
