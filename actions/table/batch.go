package table

// A Kind is the type of a column's values.
type Kind uint8

// The kinds, from the narrowest to the widest; text can hold them all.
const (
	Unknown Kind = iota // no value was seen, all are null
	Bool                // 0 or 1
	Int                 // 64 bits, signed
	Float               // 64 bits; also decimals and integers that do not fit an Int
	Date                // days since 1970-01-01, of no time zone
	Time                // microseconds since 1970-01-01T00:00:00Z; a value without an offset is taken as UTC
	Text                // UTF-8
)

var kindNames = [...]string{"unknown", "bool", "int", "float", "date", "datetime", "string"}

// String returns the kind as column lines of mlops.yaml spell it, or "unknown".
func (k Kind) String() string { return kindNames[k] }

// MarshalText writes the kind as String does.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// A Column is what is known of a column before its values are read. A nested
// column is named by its path, with dots: address.city.
type Column struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
}

// A Batch holds consecutive rows of one file, column by column. It is valid
// until the next one is asked for.
type Batch struct {
	File    string   // the file's path, as it was given
	Row     int64    // the first row's number in its file, from 1; a header is not a row
	Line    int64    // the line on which the first row starts, from 1; 0 where a file has no lines
	Rows    int      // how many there are, at least 1
	Columns []Vector // in the order of the table's columns
}

// A Vector holds the values of one column of a batch. The field that its Kind
// names has one element a row, which means nothing where Nulls is true. Where
// Codes is set it takes that field's place.
type Vector struct {
	Kind   Kind
	Nulls  []bool    // nil if no value is null
	Ints   []int64   // Bool, Int, Date, Time
	Floats []float64 // Float
	Texts  [][]byte  // Text, unless Codes is set; the bytes are the reader's and go with the batch
	Codes  []int32   // values by dictionary: the index into Dict; -1 where the value is null
	Dict   *Dict     // set with Codes
}

// A Dict holds the values that a stretch of a column can have: texts, or, from
// [Part.Coded] alone, numbers. It is the same pointer in each batch of that
// stretch, so that work on its values can be done once.
type Dict struct {
	Values [][]byte  // Text
	Ints   []int64   // Bool, Int, Date, Time
	Floats []float64 // Float
}

// Null reports whether the value of row i is null.
func (v *Vector) Null(i int) bool { return v.Nulls != nil && v.Nulls[i] }

// Text returns the text of row i, nil where it is null. The bytes go with the batch.
func (v *Vector) Text(i int) []byte {
	if v.Dict == nil {
		return v.Texts[i]
	}
	if c := v.Codes[i]; c >= 0 {
		return v.Dict.Values[c]
	}
	return nil
}

// Float returns the number of row i of a column of any kind but Text.
func (v *Vector) Float(i int) float64 {
	if v.Kind == Float {
		return v.Floats[i]
	}
	return float64(v.Ints[i])
}
