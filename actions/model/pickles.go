package model

import (
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/actions/model/pickle"
)

func (s *scan) pickleOptions(torch bool) pickle.Options {
	return pickle.Options{Torch: torch, Limits: s.opts.Limits.Pickle, Allow: func(module, name string) bool {
		return slices.Contains(s.opts.Allow, module+"."+name)
	}}
}

// pickle walks a pickle, a joblib file or PyTorch's row of pickles.
func (s *scan) pickle(in input) Format {
	r, err := pickle.Walk(in.reader(), s.pickleOptions(false))
	format := Pickle
	if err == nil && r.Magic {
		format = Torch
		r, err = pickle.Walk(in.reader(), s.oldTorch())
	}
	if err != nil {
		s.refuse(in, 0, "cannot be read to its end: %v", err)
		return format
	}
	if r.Joblib {
		format = Joblib
	}
	s.take(in, r)
	return format
}

// oldTorch takes the five pickles of PyTorch's files before 1.6: a magic number,
// a version, the machine, the object and the names of the tensors' memory, which follows.
func (s *scan) oldTorch() pickle.Options {
	o := s.pickleOptions(true)
	o.Tail = 5
	return o
}

// take moves a walk's result into the report.
func (s *scan) take(in input, r *pickle.Result) {
	h := &s.report.Holds
	for _, f := range r.Refusals {
		s.find(in, Finding{Offset: f.Offset, Opcode: f.Opcode, Reason: f.Reason, Global: f.Global, Within: f.Within})
	}
	if h.Class == "" {
		h.Class = strings.TrimPrefix(r.Class, "__builtin__.")
	}
	for _, g := range r.Globals {
		if name := g.String(); !slices.Contains(h.Globals, name) {
			h.Globals = append(h.Globals, name)
		}
	}
	for library, v := range r.Versions {
		s.version(library, v)
	}
	for _, a := range r.Arrays {
		s.tensor(Tensor{DType: a.DType, Shape: shapeText(a.Shape)})
	}
	h.More += r.More
}
