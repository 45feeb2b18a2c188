package trigger

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/store"
)

const dispatch = `{workflow_dispatch: {inputs: {
  depth: {type: number, default: 6}, rate: {type: number}, fast: {type: boolean}, size: {type: choice, options: [small, large]},
  note: {}, who: {required: true}}}}`

func TestInputs(t *testing.T) {
	d := fileWith(t, dispatch).On.Dispatch
	for _, c := range []struct {
		name  string
		given map[string]string
		want  map[string]any
	}{
		{"defaults and what is absent", map[string]string{"who": "ada"},
			map[string]any{"depth": 6.0, "rate": nil, "fast": false, "size": "small", "note": "", "who": "ada"}},
		{"typed values", map[string]string{"depth": "4", "rate": "1e-3", "fast": "true", "size": "large", "note": "x=y", "who": "7"},
			map[string]any{"depth": 4.0, "rate": 0.001, "fast": true, "size": "large", "note": "x=y", "who": "7"}},
		{"an empty field is not filled in", map[string]string{"depth": "", "who": "ada"},
			map[string]any{"depth": 6.0, "rate": nil, "fast": false, "size": "small", "note": "", "who": "ada"}},
	} {
		got, err := Inputs(d, c.given)
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", c.name, err, diff)
		}
	}
	want := map[string]any{"depth": 6.0, "rate": nil, "fast": false, "size": "small", "note": "", "who": ""}
	if diff := cmp.Diff(want, Defaults(d)); diff != "" {
		t.Errorf("defaults: %s", diff)
	}
	if got, err := Inputs(nil, nil); len(got) != 0 || err != nil {
		t.Errorf("no inputs: %v, %v", got, err)
	}
}

// All that is wrong is said at once, in the order of the file.
func TestInputErrors(t *testing.T) {
	_, err := Inputs(fileWith(t, dispatch).On.Dispatch, map[string]string{
		"depth": "six", "rate": "NaN", "fast": "yes", "size": "lage", "who": "", "dept": "4", "zzz": "1"})
	want := []string{
		`input depth: "six" is no number`, `input rate: "NaN" is no number`, `input fast: "yes" is neither true nor false`,
		`input size: "lage" is none of its options`, "input who: it is required",
		"input dept: on.workflow_dispatch has no input of this name", "input zzz: on.workflow_dispatch has no input of this name",
	}
	if err == nil || err.Error() != strings.Join(want, "\n") {
		t.Fatalf("%v", err)
	}
	fixes := map[string]string{}
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		var in *InputError
		if !errors.As(e, &in) {
			t.Fatalf("%T", e)
		}
		fixes[in.Name] = in.Fix
	}
	wantFixes := map[string]string{"depth": "", "rate": "", "fast": "", "size": "did you mean large?", "who": "give it: --input who=VALUE",
		"dept": "did you mean depth?", "zzz": "use one of [depth, rate, fast, size, note, … 1 more]"}
	if d := cmp.Diff(wantFixes, fixes); d != "" {
		t.Error(d)
	}
	_, err = Inputs(nil, map[string]string{"a": "1"})
	var in *InputError
	if !errors.As(err, &in) || in.Fix != "declare it: on: {workflow_dispatch: {inputs: {a: {}}}}" {
		t.Errorf("%v", err)
	}
}

func TestNewData(t *testing.T) {
	one, two := store.Sum([]byte("1")), store.Sum([]byte("2"))
	last := map[string]store.Digest{"same": one, "moved": one}
	now := map[string]store.Digest{"same": one, "moved": two, "new": one, "gone": {}}
	var got []string
	for _, e := range NewData([]string{"same", "new", "gone", "moved"}, now, last) {
		got = append(got, e.Name+" "+e.Dataset)
	}
	if d := cmp.Diff([]string{"data new", "data moved"}, got); d != "" {
		t.Error(d)
	}
}
