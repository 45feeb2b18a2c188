package table

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/actions/table/tabletest"
)

func TestJSON(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"keys in any order, missing keys are null", "{\"a\":1,\"b\":\"x\"}\n{\"b\":\"y\"}\n{\"b\":null,\"a\":2.5}\n", "a float, b string\n1|x\n-|y\n2.5|-\n"},
		{"objects within are flattened", `{"a":{"b":1,"c":{"d":true}},"e":"é"}`, "a.b int, a.c.d bool, e string\n1|1|é\n"},
		{"a null above an object is no column", "{\"a\":null}\n{\"a\":{\"b\":1}}\n", "a.b int\n-\n1\n"},
		{"an array of objects", "[ {\"a\":1},\n{\"a\":2} ]\n", "a int\n1\n2\n"},
		{"an empty array", "[]", "\n"},
		{"arrays are text", `{"a":[1, {"b":"]"}],"b":1}`, "a string, b int\n[1, {\"b\":\"]\"}]|1\n"},
		{"strings are not numbers", "{\"a\":\"1\",\"b\":\"2024-02-29\"}\n", "a string, b date\n1|2024-02-29\n"},
		{"words for null are text", "{\"a\":\"NA\"}\n{\"a\":\"\"}\n", "a string\nNA\n\n"},
		{"escapes", `{"a\u0062":"\"\\\/\b\n\u00e9\ud83d\ude00\ud83d"}`, "ab string\n\"\\/\b\né😀\ufffd\n"},
		{"the last of a key that comes twice", `{"a":1,"a":2}`, "a int\n2\n"},
		{"a new key late", strings.Repeat("{\"a\":1}\n", 9) + `{"b":2}`, "a int, b int\n" + strings.Repeat("1|-\n", 9) + "-|2\n"},
		{"numbers beyond 64 bits", `{"a":123456789012345678901,"b":NaN,"c":-Infinity}`, "a float, b float, c float\n1.2345678901234568e+20|NaN|-Inf\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, shown(written(t, "t.jsonl", c.text), Options{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Customers written as JSON Lines are those written as CSV.
func TestCustomersJSON(t *testing.T) {
	made := tabletest.Customers{Rows: 20_000, Seed: 3}
	var text strings.Builder
	if err := made.JSONL(&text); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(shown(written(t, "c.jsonl", text.String()), Options{}), "\n")
	for i, want := range made.All() {
		if line := customer(want); lines[i+1] != line {
			t.Fatalf("row %d is\n%s, want\n%s", i+1, lines[i+1], line)
		}
	}
}
