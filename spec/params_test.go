package spec

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func paramOptions(files map[string]string, overrides ...string) Options {
	o := Options{ReadFile: func(path string) ([]byte, error) {
		if src, ok := files[path]; ok {
			return []byte(src), nil
		}
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}}
	for _, s := range overrides {
		name, value, _ := strings.Cut(s, "=")
		if o.Params == nil {
			o.Params = map[string]string{}
		}
		o.Params[name] = value
	}
	return o
}

const (
	yamlParams = "train:\n  lr: 0.10 # a comment\n  layers: [64, 32]\nname: churn\nfast: true\nnothing: ~\n"
	jsonParams = "{\"train\": {\"lr\": 0.10, \"layers\": [64, 32]},\n \"name\": \"churn\", \"fast\": true, \"nothing\": null}"
)

func TestParamsFile(t *testing.T) {
	t.Parallel()
	files := map[string]string{"p.yaml": yamlParams, "conf/p.json": jsonParams}
	want := map[string]any{"train": map[string]any{"lr": 0.1, "layers": []any{64.0, 32.0}}, "name": "churn", "fast": true, "nothing": nil}
	for path, pos := range map[string]Pos{"p.yaml": {2, 7}, "conf/p.json": {1, 18}} {
		f := wantClean(t, path, []byte("params: "+path+"\n"+oneJob), paramOptions(files))
		if diff := cmp.Diff(want, f.Params.Tree); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
		var names []string
		for _, p := range f.Params.Leaves {
			names = append(names, p.Name)
		}
		if diff := cmp.Diff([]string{"fast", "name", "nothing", "train.layers.0", "train.layers.1", "train.lr"}, names); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
		if got := f.Params.Leaves[5]; got != (Param{Name: "train.lr", Value: 0.1, Raw: "0.10", Pos: pos}) || f.Params.Path != path {
			t.Errorf("%s: %+v in %q", path, got, f.Params.Path)
		}
	}
}

// Problems of a params file bear its own name and lines.
func TestParamsFileProblems(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file string
		want string // File:Line [code]
	}{
		"a duplicate":   {"a: 1\na: 2\n", "p.yaml:2 duplicate-key"},
		"two documents": {"a: 1\n---\nb: 1\n", "p.yaml:2 documents"},
		"not YAML":      {"a: [1\nb: 2\n", "p.yaml:1 syntax"},
		"a list":        {"- 1\n", "p.yaml:1 wrong-type"},
		"empty":         {"", "p.yaml:1 empty"},
		"latin 1":       {"\na: \xe9\n", "p.yaml:2 encoding"},
		"a bomb":        {strings.TrimSuffix(strings.TrimPrefix(aliasBomb(), "params:\n"), oneJob), "p.yaml:6 alias"},
		"not a number":  {"a: .nan\n", "p.yaml:1 param-type"},
		"infinite":      {"a: [1, -.inf]\n", "p.yaml:1 param-type"},
		"nothing there": {"\x00missing", "mlops.yaml:1 params-file"},
	} {
		files := map[string]string{"p.yaml": c.file}
		if c.file == "\x00missing" {
			files = nil
		}
		f, ds := Parse(FileName, []byte("params: p.yaml\n"+oneJob), paramOptions(files))
		if len(ds) != 1 || f != nil {
			t.Errorf("%s: %v", name, ds)
			continue
		}
		if got := ds[0].File + ":" + formatNumber(float64(ds[0].Pos.Line)) + " " + string(ds[0].Code); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestParamsFileErrorIsShown(t *testing.T) {
	t.Parallel()
	o := Options{ReadFile: func(string) ([]byte, error) { return nil, errors.New("disk on fire") }}
	_, ds := Parse(FileName, []byte("params: p.yaml\n"+oneJob), o)
	if len(ds) != 1 || !strings.Contains(ds[0].Message, "disk on fire") {
		t.Error(ds)
	}
	if _, ds = Parse(FileName, []byte("params: p.yaml\n"+oneJob), Options{}); len(ds) != 1 || ds[0].Code != CodeParamsFile {
		t.Error(ds)
	}
}

// An override keeps the declared type, so --param name=1 stays a text.
func TestOverrides(t *testing.T) {
	t.Parallel()
	files := map[string]string{"p.yaml": yamlParams}
	src := []byte("params: p.yaml\n" + oneJob)
	f := wantClean(t, "overrides", src, paramOptions(files, "train.lr=1e-3", "name=1", "fast=false", "train.layers.1=8", "nothing=2"))
	want := map[string]any{"train": map[string]any{"lr": 0.001, "layers": []any{64.0, 8.0}}, "name": "1", "fast": false, "nothing": 2.0}
	if diff := cmp.Diff(want, f.Params.Tree); diff != "" {
		t.Errorf("tree (-want +got):\n%s", diff)
	}
	for _, p := range f.Params.Leaves {
		if overridden := p.Name != "train.layers.0"; p.Override != overridden {
			t.Errorf("%s: overridden is %v", p.Name, p.Override)
		}
	}
	for override, want := range map[string]Code{
		"train.lr=fast": CodeParamType, "train.lr=": CodeParamType, "train.lr=.inf": CodeParamType, "train.lr=nan": CodeParamType, "fast=yes": CodeParamType,
		"train=1": CodeParamType, "train.layers=1": CodeParamType, "train.rl=1": CodeUnknownParam, "train.lr.x=1": CodeUnknownParam, "=1": CodeUnknownParam,
	} {
		if _, ds := Parse(FileName, src, paramOptions(files, override)); len(ds) != 1 || ds[0].Code != want {
			t.Errorf("--param %s: %v, want %s", override, ds, want)
		}
	}
	if _, ds := Parse(FileName, []byte(oneJob), paramOptions(nil, "a=1")); len(ds) != 1 || ds[0].Code != CodeUnknownParam || ds[0].Pos.Line != 1 {
		t.Errorf("without params: %v", ds)
	}
}
