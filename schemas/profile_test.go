package schemas

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
)

// TestProfileIsGenerated holds the schema against the types and their comments;
// with -update it writes it.
func TestProfileIsGenerated(t *testing.T) {
	t.Parallel()
	want, err := profile.Schema(comments(t, "../actions/profile"))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("profile.schema.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if Profile() != string(want) {
		t.Error(`profile.schema.json is older than the types of profiles; run "make generate"`)
	}
}

// TestProfilesAreValid holds profiles of columns of all kinds against the
// schema, and one that is none.
func TestProfilesAreValid(t *testing.T) {
	t.Parallel()
	const rows = 3000
	v := map[table.Kind]table.Vector{}
	for i := range int64(rows) {
		f, s := v[table.Float], v[table.Text]
		f.Floats, s.Texts = append(f.Floats, float64(i)/7), append(s.Texts, []byte(strings.Repeat("é", int(i%9))))
		v[table.Float], v[table.Text] = f, s
		for _, k := range []table.Kind{table.Bool, table.Int, table.Date, table.Time} {
			c := v[k]
			c.Ints = append(c.Ints, i*i)
			if k == table.Bool {
				c.Ints[i] %= 2
			}
			v[k] = c
		}
	}
	batch := &table.Batch{File: "a.csv", Rows: rows}
	var columns []table.Column
	for k := table.Bool; k <= table.Text; k++ {
		c := v[k]
		c.Kind = k
		columns, batch.Columns = append(columns, table.Column{Name: k.String(), Kind: k}), append(batch.Columns, c)
	}
	b := profile.NewBuilder(columns)
	b.Add(batch)
	text, err := b.Profile().Encode()
	if err != nil {
		t.Fatal(err)
	}
	s := compiled(t, Profile())
	if err := validate(t, s, text); err != nil {
		t.Error(err)
	}
	if err := validate(t, s, []byte(strings.Replace(string(text), `"kind"`, `"kin"`, 1))); err == nil {
		t.Error("a column without a kind is valid")
	}
}

func compiled(t *testing.T, schema string) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("profile.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("profile.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}
