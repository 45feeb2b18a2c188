package pickle

import "math"

// rawArray passes over the bytes of an array that joblib wrote after the BUILD
// of its description, as joblib.numpy_pickle.NumpyArrayWrapper.read_array does.
func (m *machine) rawArray(o *object, state value) {
	m.res.Joblib = true
	w, fault := describeWrapper(o, state)
	if fault == "" && m.frameEnd > m.src.offset() {
		fault = "the frame goes on after it"
	}
	if fault != "" {
		m.lose("where the raw array after this ends is unknown: %s", fault)
		return
	}
	m.frameEnd = 0
	if w.dtype.object {
		m.inner()
	} else {
		if w.padded {
			m.src.skip(m.src.number(1))
		}
		m.src.skip(uint64(w.bytes))
	}
	m.array(w.dtype.code, w.shape)
	m.stack[len(m.stack)-1] = &object{class: w.class}
}

// inner walks the pickle of an array of Python objects.
func (m *machine) inner() {
	if m.depth++; m.depth > m.opts.Limits.Depth {
		m.lose("more than %d pickles within each other", m.opts.Limits.Depth)
		return
	}
	outer := *m
	m.stack, m.marks, m.memo, m.far, m.put, m.frameEnd = nil, nil, nil, nil, 0, 0
	m.one()
	m.stack, m.marks, m.memo, m.far, m.put, m.frameEnd = outer.stack, outer.marks, outer.memo, outer.far, outer.put, 0
	m.stopped = false
	m.depth--
}

// wrapper is joblib's description of a raw array.
type wrapper struct {
	class  *global
	dtype  dtype
	shape  []int64
	bytes  int64
	padded bool
}

var wrapperKeys = map[string]bool{"subclass": true, "shape": true, "order": true, "dtype": true, "allow_mmap": true, "numpy_array_alignment_bytes": true}

// describeWrapper reads it, or says why it cannot be certain.
func describeWrapper(o *object, state value) (w wrapper, fault string) {
	d, ok := state.(*dict)
	if !ok || !d.whole || o.built != 1 {
		return w, "its description is not one plain dict"
	}
	for k := range d.entries {
		if !wrapperKeys[k] {
			return w, "its description has the key " + printable(k)
		}
	}
	if w.class, ok = d.entries["subclass"].(*global); !ok {
		return w, "its class is not an imported name"
	}
	if w.dtype, fault = readDType(d.entries["dtype"]); fault != "" {
		return w, fault
	}
	if w.shape, w.bytes, ok = sizeOf(d.entries["shape"], w.dtype.size); !ok {
		return w, "its shape is not a tuple of sizes"
	}
	switch align := d.entries["numpy_array_alignment_bytes"].(type) {
	case nil, none:
	case number:
		w.padded = true
	default:
		return w, "its alignment is a " + typeName(align)
	}
	return w, ""
}

// sizeOf multiplies a shape out; false if it is none or the array has no size.
func sizeOf(v value, item int64) (shape []int64, bytes int64, ok bool) {
	t, isTuple := v.(*tuple)
	if !isTuple || t.size != len(t.items) {
		return nil, 0, false
	}
	bytes = item
	for _, v := range t.items {
		n, isNumber := v.(number)
		if !isNumber || n < 0 || (n > 0 && bytes > math.MaxInt64/8/int64(n)) {
			return nil, 0, false
		}
		shape = append(shape, int64(n))
		bytes *= int64(n)
	}
	return shape, bytes, true
}
