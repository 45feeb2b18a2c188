package mlflow

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// An integer is an int64, which protobuf's JSON writes as text and MLflow's client
// as a number.
type integer int64

// UnmarshalJSON takes a number, also one such as 1.7e12, or its text.
func (n *integer) UnmarshalJSON(data []byte) error {
	if string(data) == "null" { // as if it were absent
		return nil
	}
	text := strings.Trim(string(data), `"`)
	i, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		f, ferr := strconv.ParseFloat(text, 64) // 1.7e12
		if ferr != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
			return fmt.Errorf("%s is no integer", data)
		}
		i = int64(f)
	}
	*n = integer(i)
	return nil
}

// A double is a float64; what JSON lacks is text, as protobuf writes it.
type double float64

// UnmarshalJSON takes a number or its text, "NaN" and "Infinity" among them.
func (d *double) UnmarshalJSON(data []byte) error {
	f, err := strconv.ParseFloat(strings.Trim(string(data), `"`), 64)
	if err != nil {
		return fmt.Errorf("%s is no number", data)
	}
	*d = double(f)
	return nil
}

// A number is a double that record.Canonical writes.
type number float64

// UnmarshalJSON takes what a [double] takes.
func (n *number) UnmarshalJSON(data []byte) error { return (*double)(n).UnmarshalJSON(data) }

// MarshalJSON writes "NaN", "Infinity" and "-Infinity" as text.
func (d double) MarshalJSON() ([]byte, error) {
	switch f := float64(d); {
	case math.IsNaN(f):
		return []byte(`"NaN"`), nil
	case math.IsInf(f, 1):
		return []byte(`"Infinity"`), nil
	case math.IsInf(f, -1):
		return []byte(`"-Infinity"`), nil
	}
	return json.Marshal(float64(d))
}

// A texts is a list of texts, one of which may come alone, as in a query.
type texts []string

// UnmarshalJSON takes a list, or one text.
func (l *texts) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		*l = make(texts, 1)
		return json.Unmarshal(data, &(*l)[0])
	}
	return json.Unmarshal(data, (*[]string)(l))
}

// A pair is a parameter or a tag.
type pair struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// UnmarshalJSON takes numbers and booleans too, as some clients send values.
func (p *pair) UnmarshalJSON(data []byte) error {
	var in struct {
		Key   string `json:"key"`
		Value any    `json:"value"`
	}
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.UseNumber()
	if err := d.Decode(&in); err != nil {
		return err
	}
	p.Key = in.Key
	switch v := in.Value.(type) {
	case nil:
		p.Value = ""
	case string:
		p.Value = v
	default:
		p.Value = fmt.Sprint(v)
	}
	return nil
}

// A metric is one value of a metric, as the protocol and the log have it.
type metric struct {
	Key       string  `json:"key"`
	Value     *double `json:"value"`
	Timestamp integer `json:"timestamp"` // ms
	Step      integer `json:"step"`
}

// ids reads the names of a run alone.
func (q *runQuery) ids(data []byte) error {
	var in struct {
		ID   string `json:"run_id"`
		UUID string `json:"run_uuid"`
	}
	err := json.Unmarshal(data, &in)
	q.ID, q.UUID = in.ID, in.UUID
	return err
}
