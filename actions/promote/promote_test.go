package promote

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/actions/action"
)

func TestRun(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "m.bin"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		inputs map[string]any
		want   string // of the error; "" for none
	}{
		{"all inputs", map[string]any{"model": "churn", "from": "m.bin", "alias": "production", "dry-run": true}, ""},
		{"no alias", map[string]any{"model": "churn", "from": "m.bin"}, ""},
		{"a number as alias", map[string]any{"model": "churn", "from": "m.bin", "alias": 7.0}, "a number names a version"},
		{"a path as model", map[string]any{"model": "../x", "from": "m.bin"}, "is no name for a model"},
		{"no such file", map[string]any{"model": "churn", "from": "none"}, "no such file"},
	} {
		var log bytes.Buffer
		o, err := Builtin().Run(context.Background(), action.Call{Inputs: c.inputs, Root: root, Log: &log})
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want %s", c.name, err, c.want)
			}
			continue
		}
		if err != nil || len(o.Files) != 1 {
			t.Fatalf("%s: %v, %v", c.name, o, err)
		}
		for name, data := range o.Files {
			got, err := Parse(data)
			alias, _ := c.inputs["alias"].(string)
			want := Request{Model: "churn", From: "m.bin", Alias: alias, DryRun: alias != ""}
			if err != nil || !reflect.DeepEqual(got, want) || !IsRequest(name) {
				t.Errorf("%s: %s holds %+v, %v, want %+v", c.name, name, got, err, want)
			}
		}
	}
}

// What a container wrote is checked again.
func TestParse(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{``, `[]`, `{}`, `{"model":"../../x"}`, `{"model":"churn","alias":"3"}`, `{"model":"churn","alias":"a\nb"}`} {
		if r, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%s is read as %+v", bad, r)
		}
	}
}
