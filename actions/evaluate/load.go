package evaluate

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/mlops-runner/mlops/actions/table"
)

// maxValues is how many different texts a column may hold to be looked at. One
// with more is an id or free text, of which no slice is worth a look.
const maxValues = 10_000

// A column is one of a table, all of it in memory: texts as codes, all else as numbers.
type column struct {
	name    string
	kind    table.Kind
	numbers []float64 // NaN where there is no value; nil for texts
	codes   []int32   // index into values, -1 where there is no value; nil for numbers
	values  []string
	many    bool // more than maxValues texts; the later ones have no code

	place map[string]int32
	dict  *table.Dict // of the batches before
	known []int32     // codes of dict
}

// A keys holds hashes of a column's values, by which rows are told apart or together.
type keys struct {
	column string
	first  []uint64 // of each row
	second []uint64 // independent of first; nil for groups, of which few are alike by chance
	hash   keyHasher
}

// A loader reads columns of a table into memory.
type loader struct {
	columns []*column
	at      []int // of columns in the table's
	ids     *keys
	idAt    int
	groups  *keys
	groupAt int
	rows    int
}

// load reads the named columns, and the ids and groups by which rows are joined.
func load(ctx context.Context, t *table.Table, names []string, id, group string, hash keyHasher) (*loader, error) {
	var l *loader
	err := t.Read(ctx, func(columns []table.Column) func(*table.Batch) error {
		l = newLoader(columns, names, id, group, hash)
		return l.see
	})
	if err != nil {
		return nil, err
	}
	if l == nil || l.rows == 0 {
		return nil, fmt.Errorf("there are no rows")
	}
	return l, nil
}

func newLoader(columns []table.Column, names []string, id, group string, hash keyHasher) *loader {
	l := &loader{}
	for _, name := range names {
		i := slices.IndexFunc(columns, func(c table.Column) bool { return c.Name == name })
		l.columns, l.at = append(l.columns, &column{name: name, kind: columns[i].Kind}), append(l.at, i)
	}
	if id != "" {
		l.ids, l.idAt = &keys{column: id, second: []uint64{}, hash: hash}, indexOf(columns, id)
	}
	if group != "" {
		l.groups, l.groupAt = &keys{column: group}, indexOf(columns, group)
	}
	return l
}

func indexOf(columns []table.Column, name string) int {
	return slices.IndexFunc(columns, func(c table.Column) bool { return c.Name == name })
}

func (l *loader) see(b *table.Batch) error {
	for i, c := range l.columns {
		c.add(&b.Columns[l.at[i]], b.Rows)
	}
	if l.ids != nil {
		if err := l.ids.add(b, l.idAt); err != nil {
			return err
		}
	}
	if l.groups != nil {
		if err := l.groups.add(b, l.groupAt); err != nil {
			return err
		}
	}
	if l.rows += b.Rows; l.rows > maxCells/(len(l.columns)+3) {
		return &table.Error{File: b.File, Reason: fmt.Sprintf("has more than %d rows of %d columns, which do not fit in memory", l.rows-b.Rows, len(l.columns)), Fix: "evaluate a sample, or name fewer columns: find: false"}
	}
	return nil
}

// maxCells bounds what is read into memory: values of 8 bytes.
const maxCells = 1 << 29

func (c *column) add(v *table.Vector, rows int) {
	switch {
	case v.Kind == table.Text:
		c.addTexts(v, rows)
	case v.Kind == table.Unknown:
		for range rows {
			c.numbers = append(c.numbers, math.NaN())
		}
	default:
		for i := range rows {
			x := math.NaN()
			if !v.Null(i) {
				x = v.Float(i)
			}
			c.numbers = append(c.numbers, x)
		}
	}
}

func (c *column) addTexts(v *table.Vector, rows int) {
	if v.Dict != nil {
		c.addCodes(v, rows)
		return
	}
	for i := range rows {
		code := int32(-1)
		if !v.Null(i) {
			code = c.code(v.Texts[i])
		}
		c.codes = append(c.codes, code)
	}
}

func (c *column) addCodes(v *table.Vector, rows int) {
	if v.Dict != c.dict {
		c.dict, c.known = v.Dict, c.known[:0]
		for _, text := range v.Dict.Values {
			c.known = append(c.known, c.code(text))
		}
	}
	for _, code := range v.Codes[:rows] {
		if code >= 0 {
			code = c.known[code]
		}
		c.codes = append(c.codes, code)
	}
}

func (c *column) code(text []byte) int32 {
	if c.place == nil {
		c.place = map[string]int32{}
	}
	code, ok := c.place[string(text)]
	if ok {
		return code
	}
	if len(c.values) == maxValues {
		c.many = true
		return -1
	}
	code = int32(len(c.values))
	c.place[string(text)] = code
	c.values = append(c.values, string(text))
	return code
}

// text is what a row holds, for people; "" where there is no value.
func (c *column) text(row int) string {
	if c.numbers == nil {
		if c.codes[row] < 0 {
			return ""
		}
		return c.values[c.codes[row]]
	}
	x := c.numbers[row]
	switch {
	case math.IsNaN(x):
		return ""
	case c.kind == table.Date:
		return time.Unix(int64(x)*86400, 0).UTC().Format(time.DateOnly)
	case c.kind == table.Time:
		return time.UnixMicro(int64(x)).UTC().Format(time.RFC3339)
	case c.kind == table.Bool:
		return strconv.FormatBool(x != 0)
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}

func (c *column) null(row int) bool {
	if c.numbers == nil {
		return c.codes[row] < 0
	}
	return math.IsNaN(c.numbers[row])
}

func (k *keys) add(b *table.Batch, at int) error {
	v := &b.Columns[at]
	for i := range b.Rows {
		if v.Null(i) || v.Kind == table.Unknown {
			return &table.Error{File: b.File, Row: b.Row + int64(i), Column: k.column, Reason: "has no value, so its row belongs to nothing", Fix: "give every row one"}
		}
		if k.second == nil {
			k.first = append(k.first, groupHash(v, i))
			continue
		}
		a, b := k.hash.of(v, i)
		k.first, k.second = append(k.first, a), append(k.second, b)
	}
	return nil
}
