package plan

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mlops-runner/mlops/spec"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// parse checks a file that has no mistakes the parser knows of.
func parse(t testing.TB, src string) *spec.File {
	t.Helper()
	f, ds := spec.Parse(spec.FileName, []byte(src), spec.Options{})
	if err := ds.Err(); err != nil {
		t.Fatalf("the parser refuses the test's file: %v\n%s", err, src)
	}
	return f
}

// planOf makes the plan of a file that can be planned.
func planOf(t testing.TB, src string) *Plan {
	t.Helper()
	return planWith(t, src, Options{})
}

func planWith(t testing.TB, src string, o Options) *Plan {
	t.Helper()
	p, err := New(parse(t, src), o)
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	return p
}

// problems returns what is wrong with a file that cannot be planned, a line each.
func problems(t testing.TB, src string, o Options) []string {
	t.Helper()
	p, err := New(parse(t, src), o)
	var ds spec.Diagnostics
	if !errors.As(err, &ds) || p != nil {
		t.Fatalf("New = %v, %v, want diagnostics\n%s", p, err, src)
	}
	return strings.Split(ds.Error(), "\n")
}

// text is the graph as WriteText draws it.
func text(t testing.TB, p *Plan) string {
	t.Helper()
	var b strings.Builder
	if err := p.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func ids(p *Plan) []string {
	var out []string
	for _, n := range p.Nodes {
		out = append(out, n.ID)
	}
	return out
}

// same fails unless two values are equal, nil and empty told apart.
func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Plan{}), cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// golden compares an output with a file, or rewrites the file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	same(t, path+" differs; rewrite it with -update", string(want), got)
}

// yamlList is a YAML list of quoted texts.
func yamlList(texts []string) string {
	quoted := make([]string, len(texts))
	for i, s := range texts {
		quoted[i] = fmt.Sprintf("%q", s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
