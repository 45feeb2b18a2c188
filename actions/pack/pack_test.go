package pack

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
	for name, text := range map[string]string{"m.json": "{}", "evil.pkl": "cos\nsystem\n(S'x'\ntR."} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name   string
		inputs map[string]any
		want   string // of the error, or of the log of a step that fails; "" for neither
	}{
		{"all inputs", map[string]any{"model": "churn", "from": "m.json", "to": []any{"host.example/a/b:x", "host.example/a/c"}, "format": "any", "dry-run": true}, ""},
		{"one repository", map[string]any{"model": "churn", "from": "m.json", "to": "host.example/a/b"}, ""},
		{"a path as model", map[string]any{"model": "../x", "from": "m.json"}, "is no name for a model"},
		{"no repository", map[string]any{"model": "churn", "from": "m.json", "to": "Team"}, "is no reference"},
		{"no such file", map[string]any{"model": "churn", "from": "none"}, "no such file"},
		{"another format", map[string]any{"model": "churn", "from": "m.json", "format": "onnx"}, "holds no such file: format onnx"},
		{"a pickle that runs a command", map[string]any{"model": "churn", "from": "evil.pkl", "format": "pickle"}, "(pickle) is refused: at byte 0 (GLOBAL): imports os.system"},
	} {
		var log bytes.Buffer
		o, err := Builtin().Run(context.Background(), action.Call{Inputs: c.inputs, Root: root, Log: &log})
		if c.want != "" {
			said := log.String()
			if err != nil {
				said = err.Error()
			} else if !o.Failed || len(o.Files) > 0 {
				t.Errorf("%s: %+v", c.name, o)
			}
			if !strings.Contains(said, c.want) {
				t.Errorf("%s: %s, want %s", c.name, said, c.want)
			}
			continue
		}
		if err != nil || o.Failed || len(o.Files) != 1 {
			t.Fatalf("%s: %v, %v, %s", c.name, o, err, &log)
		}
		for name, data := range o.Files {
			in := action.Inputs{Values: c.inputs}
			want := Request{Model: "churn", From: "m.json", To: in.List("to"), Format: in.Text("format"), DryRun: in.Text("dry-run") == "true"}
			if got, err := Parse(data); err != nil || !reflect.DeepEqual(got, want) || !IsRequest(name) {
				t.Errorf("%s: %s holds %+v, %v, want %+v", c.name, name, got, err, want)
			}
		}
	}
}

// What a container wrote is checked again.
func TestParse(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{``, `[]`, `{}`, `{"model":"../../x"}`, `{"model":"churn","to":["http://x"]}`, `{"model":"churn","to":[""]}`} {
		if r, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%s is read as %+v", bad, r)
		}
	}
}
