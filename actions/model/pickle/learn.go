package pickle

import "strings"

// versionKeys are attributes in which libraries say their version.
var versionKeys = map[string]string{"_sklearn_version": "sklearn", "_xgboost_version": "xgboost", "__version__": "", "xgboost_version": "xgboost"}

// learn notes what an object's state says of it: versions, and arrays.
func (m *machine) learn(o *object, state value) {
	switch s := state.(type) {
	case *dict:
		for key, library := range versionKeys {
			if v, ok := s.entries[key].(str); ok && library != "" {
				m.res.Versions[library] = string(v)
			}
		}
	case *tuple:
		if o.class != nil && o.class.is("numpy", "ndarray") && s.size == 5 {
			d, fault := readDType(s.at(2))
			if shape, _, ok := sizeOf(s.at(1), max(d.size, 1)); ok && fault == "" {
				m.array(d.code, shape)
			}
		}
	}
}

func (m *machine) array(code string, shape []int64) {
	const shown = 1000
	if len(m.res.Arrays) == shown {
		m.res.More++
		return
	}
	m.res.Arrays = append(m.res.Arrays, Array{DType: code, Shape: shape})
}

// describe notes what the first pickle made; of PyTorch's row of pickles the
// fourth is the object.
func (m *machine) describe(v value) {
	if m.opts.Tail == 5 && m.res.Pickles != 4 {
		return
	}
	if m.res.Class == "" {
		m.res.Class = strings.TrimPrefix(typeName(v), "builtins.")
	}
}
