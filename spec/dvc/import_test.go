package dvc_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"gopkg.in/yaml.v3"

	"github.com/mlops-runner/mlops/spec"
	"github.com/mlops-runner/mlops/spec/dvc"
)

func project(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

// runs are the commands of the jobs that a dvc.yaml becomes, by their ids.
func runs(t *testing.T, files map[string]string) map[string]string {
	t.Helper()
	p, err := dvc.Import(project(files), dvc.Options{Name: "p", Image: "i"})
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Jobs map[string]struct{ Run string }
	}
	if err := yaml.Unmarshal(p.YAML, &file); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for id, j := range file.Jobs {
		all[id] = j.Run
	}
	return all
}

func TestTemplates(t *testing.T) {
	params := "lr: 0.1\nnet: {depth: 3, drop: true, tune: false, sizes: [8, 4]}\nodd key: 7\nflags: -a 1 -b\nglob: \"*.csv\"\nnone: \"\"\n"
	for _, c := range []struct{ name, cmd, want string }{
		{"a parameter stays one", "t ${lr}", "t ${{ params.lr }}"},
		{"a nested one too", "t ${ net.depth }", "t ${{ params.net.depth }}"},
		{"an item of a list is written out", "t ${net.sizes[1]}", "t 4"},
		{"a name that no expression takes is written out", "t ${odd key}", "t 7"},
		{"a mapping becomes flags", "t ${net}", "t --depth ${{ params.net.depth }} --drop  --sizes 8 4"},
		{"words that the shell splits are written out", `t ${flags} ${glob} [${none}]`, "t -a 1 -b *.csv []"},
		{"within quotes they are one word", `t "${flags}"`, `t "${{ params.flags }}"`},
		{"an escaped template is the shell's", `t \${HOME} $HOME`, "t ${HOME} $HOME"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := runs(t, map[string]string{"params.yaml": params, "dvc.yaml": "stages: {a: {cmd: '" + c.cmd + "'}}"})["a"]
			if strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(c.want), " ") {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestLegs(t *testing.T) {
	got := runs(t, map[string]string{"dvc.yaml": `
stages:
  list: {foreach: [a, b], do: {cmd: "t ${item}"}}
  trees: {foreach: [{n: 1}, {n: 2}], do: {cmd: "t ${item.n} ${key}"}}
  named: {foreach: {x: 1, "y z": 2}, do: {cmd: "t ${item} ${key}"}}
  words: {foreach: ["-a 1", "-b"], do: {cmd: "t ${item}"}}
  cross: {matrix: {m: [{n: 1}, {n: 2}], k: [p]}, cmd: "t ${item.m.n} ${item.k} ${key}"}
`})
	want := map[string]string{
		"list": "t ${{ matrix.item }}", "words--a-1": "t -a 1", "words--b": "t -b", "trees-0": "t 1 0", "trees-1": "t 2 1", "named-x": "t 1 x", "named-y-z": "t 2 y z",
		"cross-m0-p": "t 1 p m0-p", "cross-m1-p": "t 2 p m1-p",
	}
	if len(got) != len(want) {
		t.Errorf("got %v", got)
	}
	for id, run := range want {
		if got[id] != run {
			t.Errorf("%s: got %q, want %q", id, got[id], run)
		}
	}
}

// TestLock shows that dvc.lock tells folders from files, also below a stage's wdir.
func TestLock(t *testing.T) {
	p, err := dvc.Import(project(map[string]string{
		"dvc.yaml": "stages: {a: {wdir: sub, cmd: t, outs: [made, flat]}, b: {cmd: t, deps: [sub/made, sub/flat]}}",
		"dvc.lock": "stages: {a: {cmd: t, outs: [{path: made, md5: 0a.dir}, {path: flat, md5: 0b}]}}",
	}), dvc.Options{Name: "p", Image: "i"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"outputs: [sub/made/, sub/flat]", "inputs: [sub/flat, sub/made/]", "working-directory: sub"} {
		if !strings.Contains(string(p.YAML), want) {
			t.Errorf("no %q in\n%s", want, p.YAML)
		}
	}
}

// TestOutside leaves a stage out that works elsewhere: the file would be no good.
func TestOutside(t *testing.T) {
	p, err := dvc.Import(project(map[string]string{"dvc.yaml": "stages: {a: {cmd: t}, up: {wdir: .., cmd: t}, abs: {wdir: /tmp, cmd: t}}"}), dvc.Options{Name: "p", Image: "i"})
	if err != nil || p.Jobs != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	if _, err := spec.Parse("mlops.yaml", p.YAML, spec.Options{}); err != nil {
		t.Error(err)
	}
	told := 0
	for _, n := range p.Notes {
		if strings.Contains(n.Text, "outside the project's folder") && n.Line == 1 {
			told++
		}
	}
	if told != 2 {
		t.Errorf("%+v", p.Notes)
	}
}

// FuzzImport holds any dvc.yaml to an error of its own kind, or to a file that
// parses as YAML with as many jobs as it says.
func FuzzImport(f *testing.F) {
	f.Add("stages: {a: {cmd: t, deps: [x], outs: [y: {cache: false}]}}", "lr: 1")
	f.Add("vars: [{a: 1}]\nstages: {a: {foreach: [1, 2], do: {cmd: 't ${item} ${a}'}}}", "")
	f.Add("stages: {a: {matrix: {x: [1, {b: 2}]}, cmd: ['t ${item.x}', u], wdir: ../..}}", "a: [1, [2]]")
	f.Add("a: &a {b: *a}\nstages: *a", "x: &x [*x]")
	f.Fuzz(func(t *testing.T, pipeline, params string) {
		p, err := dvc.Import(project(map[string]string{"dvc.yaml": pipeline, "params.yaml": params}), dvc.Options{Name: "p", Image: "i"})
		var mistake *dvc.Error
		if err != nil {
			if !errors.As(err, &mistake) || mistake.Text == "" {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		var file struct{ Jobs map[string]any }
		if err := yaml.Unmarshal(p.YAML, &file); err != nil || len(file.Jobs) != p.Jobs {
			t.Fatalf("%v: %d jobs of %d in\n%s", err, len(file.Jobs), p.Jobs, p.YAML)
		}
		spec.Parse("mlops.yaml", p.YAML, spec.Options{}) // must not panic
	})
}
