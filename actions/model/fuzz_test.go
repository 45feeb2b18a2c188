package model

import (
	"bytes"
	"testing"
	"time"
)

// scanMemory looks at bytes as one format.
func scanMemory(b []byte, check func(*scan, input) Format) *Report {
	s := &scan{path: "m", report: &Report{}, opts: Options{Limits: Limits{Expanded: 1 << 20, Memory: 1 << 18}.withDefaults()}}
	s.opts.Limits.Pickle.Opcodes = 1 << 20
	check(s, input{at: bytes.NewReader(b), size: int64(len(b))})
	return s.report
}

// fuzz holds a check to not panic, and to give findings that lie in the file.
func fuzz(f *testing.F, check func(*scan, input) Format) {
	for _, file := range []string{"attacks.json", "real.json"} {
		for _, b := range samples(f, file) {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		began := time.Now()
		for _, x := range scanMemory(b, check).Findings {
			if x.Offset < 0 || x.Reason == "" {
				t.Errorf("%+v", x)
			}
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

func FuzzONNX(f *testing.F) { fuzz(f, (*scan).onnx) }
func FuzzSafetensors(f *testing.F) {
	fuzz(f, func(s *scan, in input) Format { return safetensorsOf(s, in) })
}
func FuzzNPY(f *testing.F)  { fuzz(f, (*scan).npy) }
func FuzzGGUF(f *testing.F) { fuzz(f, (*scan).gguf) }
func FuzzUBJ(f *testing.F)  { fuzz(f, (*scan).ubj) }
func FuzzHDF5(f *testing.F) {
	f.Add(hdf5Of(kerasDense, kerasImport))
	fuzz(f, (*scan).hdf5)
}
func FuzzScan(f *testing.F) { fuzz(f, (*scan).look) }

// safetensorsOf gives the check what it is promised: 8 bytes.
func safetensorsOf(s *scan, in input) Format {
	if in.size < 8 {
		return Unknown
	}
	return s.safetensors(in)
}
