package table

// join returns the narrowest kind that holds the values of both: Float for Int
// and Float, else Text for kinds that differ. Unknown takes the other's.
func join(a, b Kind) Kind {
	switch {
	case a == b || b == Unknown:
		return a
	case a == Unknown:
		return b
	case a == Int && b == Float || a == Float && b == Int:
		return Float
	}
	return Text
}

// A reading is how texts are turned into values. Where a kind was asked for, its
// spelling is taken more freely: zeros before a number, what [Truth] and [Moment]
// read, and values in quotes where quotes tell texts.
type reading struct {
	kind  Kind
	free  bool
	typed bool // the text's own quotes tell texts from other values, as in JSON
}

// value reads the field s of buf as a value of any kind but Text and Float; see
// [Vector] for what it means.
func (r reading) value(buf []byte, s span) (int64, bool) {
	if r.typed && !r.free && s.is(quoted) != (r.kind == Date || r.kind == Time) {
		return 0, false
	}
	b := buf[s.from:s.end()]
	switch r.kind {
	case Bool:
		return parseBool(b, r.free)
	case Int:
		v, plain, ok := parseInt(buf, int(s.from), s.end())
		return v, ok && (plain || r.free)
	case Date:
		return parseDate(b)
	case Time:
		if r.free {
			return Moment(b)
		}
		return parseTime(b)
	}
	return 0, false
}

// float reads the field s of buf as a Float.
func (r reading) float(buf []byte, s span) (float64, bool) {
	if r.typed && !r.free && s.is(quoted) {
		return 0, false
	}
	v, plain, ok := parseFloat(buf, int(s.from), s.end())
	return v, ok && (plain || r.free)
}

// holds reports whether the field s of buf is a value of the kind.
func (r reading) holds(buf []byte, s span) bool {
	if r.kind == Text {
		return true
	}
	if r.kind == Float {
		_, ok := r.float(buf, s)
		return ok
	}
	_, ok := r.value(buf, s)
	return ok
}

// kindOf returns the narrowest kind that holds the field s of buf.
func kindOf(buf []byte, s span, typed bool) Kind {
	for k := Bool; k < Text; k++ {
		if (reading{kind: k, typed: typed}).holds(buf, s) {
			return k
		}
	}
	return Text
}

// parseBool reads true and false, their first or all letters capital or none;
// if free as [Truth] does.
func parseBool(b []byte, free bool) (int64, bool) {
	if free {
		v, ok := Truth(b)
		if v {
			return 1, ok
		}
		return 0, ok
	}
	switch string(b) {
	case "true", "True", "TRUE":
		return 1, true
	case "false", "False", "FALSE":
		return 0, true
	}
	return 0, false
}

// Truth reads a text as a [Bool] where a column is known to hold truth values:
// true, t, yes, y and 1, and false, f, no, n and 0, in any case.
func Truth(text []byte) (value, ok bool) {
	var lower [len("false")]byte
	if len(text) > len(lower) {
		return false, false
	}
	for i, c := range text {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	switch string(lower[:len(text)]) {
	case "true", "t", "yes", "y", "1":
		return true, true
	case "false", "f", "no", "n", "0":
		return false, true
	}
	return false, false
}

// trim returns s without the blanks around it.
func trim(buf []byte, s span) span {
	from, to := s.from, s.end()
	for int(from) < to && (buf[from] == ' ' || buf[from] == '\t') {
		from++
	}
	for int(from) < to && (buf[to-1] == ' ' || buf[to-1] == '\t') {
		to--
	}
	return span{from, uint32(to) | s.to&^toMask}
}

// nulls are the texts that stand for a missing value.
type nulls struct {
	words [][]byte
	first [256]bool // of a word
	most  int       // bytes of the longest
}

func newNulls(words []string) *nulls {
	if words == nil {
		words = []string{"NA", "NaN", "null", "NULL", "None"}
	}
	n := &nulls{}
	for _, w := range words {
		if w == "" {
			continue // an empty field is null anyway
		}
		n.words = append(n.words, []byte(w))
		n.first[w[0]] = true
		n.most = max(n.most, len(w))
	}
	return n
}

// has reports whether b, which is not empty, is one of the texts.
func (n *nulls) has(b []byte) bool {
	if len(b) > n.most || len(b) == 0 || !n.first[b[0]] {
		return false
	}
	for _, w := range n.words {
		if string(w) == string(b) {
			return true
		}
	}
	return false
}
