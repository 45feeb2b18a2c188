package table

import (
	"bytes"
	"math"

	pages "github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/format"
)

// A Footer is what a Parquet file says of itself: its writer's word, which
// nobody held against the rows.
type Footer struct {
	Rows    int64
	Columns []FooterColumn
}

// A FooterColumn is a column with the statistics of all row groups.
type FooterColumn struct {
	Column
	Nulls    int64  // -1 where a row group does not say; of a list, -1
	Bounded  bool   // Min and Max are known; not where all is null
	Min, Max string // as [Options] Text would show them; of texts, shortened ones that lie below and above
}

// ReadFooter reads the footer of a Parquet file and nothing else. It fails with
// an [Error], also where the file is of another format.
func ReadFooter(path string) (footer *Footer, err error) {
	f, info, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	defer guardLibrary(path, &err)
	p, err := readParquetFooter(f, info.Size())
	if err != nil {
		return nil, parquetError(path, err)
	}
	leaves, err := p.leaves()
	if err != nil {
		return nil, parquetError(path, err)
	}
	footer = &Footer{Rows: p.meta.NumRows}
	for i := range leaves {
		footer.Columns = append(footer.Columns, p.column(&leaves[i]))
	}
	return footer, nil
}

// column brings the statistics of a column together.
func (f *parquetFooter) column(l *leaf) FooterColumn {
	c := FooterColumn{Column: Column{l.name, l.kind}, Bounded: true}
	var low, high bound
	for _, g := range f.meta.RowGroups {
		m := &g.Columns[l.index].MetaData
		s := &m.Statistics
		said := s.MinValue != nil || s.Min != nil || s.NullCount > 0 || l.definition == 0
		if l.list != nil || !said {
			c.Nulls = -1
		} else if c.Nulls >= 0 {
			c.Nulls += s.NullCount
		}
		if s.NullCount == m.NumValues {
			continue
		}
		if l.list != nil || !low.take(l, minOf(s, l), true) || !high.take(l, maxOf(s, l), false) {
			c.Bounded = false
		}
	}
	c.Bounded = c.Bounded && low.known
	if c.Bounded {
		c.Min, c.Max = low.text(l.kind), high.text(l.kind)
	}
	return c
}

// minOf returns the least value as it was written, nil if it is not known. The
// older fields were compared as signed numbers and are of use for those alone.
func minOf(s *format.Statistics, l *leaf) []byte {
	if s.MinValue == nil && l.signed() {
		return s.Min
	}
	return s.MinValue
}

func maxOf(s *format.Statistics, l *leaf) []byte {
	if s.MaxValue == nil && l.signed() {
		return s.Max
	}
	return s.MaxValue
}

func (l *leaf) signed() bool {
	return l.physical != format.ByteArray && l.physical != format.FixedLenByteArray && l.physical != format.Int96
}

// A bound is the least or the largest value of the row groups so far.
type bound struct {
	known  bool
	values values
}

// take moves the bound by that of a row group. It reports whether that is known.
func (b *bound) take(l *leaf, raw []byte, least bool) bool {
	var v values
	p, ok := l.plain(raw)
	if !ok || l.decode(p, &v) != nil {
		return false
	}
	if v.floats != nil && math.IsNaN(v.floats[0]) {
		return false // some writers let NaN into them
	}
	if !b.known || v.less(&b.values) == least {
		b.known, b.values = true, v
	}
	return true
}

// plain makes a page of one value.
func (l *leaf) plain(raw []byte) (stored, bool) {
	switch l.physical {
	case format.Boolean:
		return stored{bools: raw, n: 1}, len(raw) == 1
	case format.Int32:
		return stored{Values: pages.Int32ValuesFromBytes(bytes.Clone(raw)), n: 1}, len(raw) == 4
	case format.Int64:
		return stored{Values: pages.Int64ValuesFromBytes(bytes.Clone(raw)), n: 1}, len(raw) == 8
	case format.Float:
		return stored{Values: pages.FloatValuesFromBytes(bytes.Clone(raw)), n: 1}, len(raw) == 4
	case format.Double:
		return stored{Values: pages.DoubleValuesFromBytes(bytes.Clone(raw)), n: 1}, len(raw) == 8
	case format.ByteArray:
		return stored{texts: [][]byte{raw}, n: 1}, raw != nil
	case format.FixedLenByteArray:
		return stored{Values: pages.FixedLenByteArrayValues(raw, l.size), n: 1}, len(raw) == l.size
	}
	return stored{}, false // nobody agrees on the order of INT96
}

// less compares the first values.
func (v *values) less(w *values) bool {
	switch {
	case v.floats != nil:
		return v.floats[0] < w.floats[0]
	case v.texts != nil:
		return bytes.Compare(v.texts[0], w.texts[0]) < 0
	}
	return v.ints[0] < w.ints[0]
}

func (b *bound) text(k Kind) string {
	if k != Text {
		b.values.toTexts(k)
	}
	return string(b.values.texts[0])
}
