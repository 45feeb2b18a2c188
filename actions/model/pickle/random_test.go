package pickle

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"testing"
)

// TestRandomPrograms holds the machine to Python's on programs that mix the
// stack, marks, the memo and imports: every name that Python asks for was seen
// or the walk said that it lost track. MLOPS_PROGRAMS sets how many.
func TestRandomPrograms(t *testing.T) {
	const debian = "/usr/bin/python3"
	if _, err := os.Stat(debian); err != nil {
		t.Skipf("no %s", debian)
	}
	out, err := exec.Command(debian, "../testdata/random_programs.py", "1", cmp.Or(os.Getenv("MLOPS_PROGRAMS"), "1000")).Output()
	if err != nil {
		t.Fatal(err)
	}
	var programs [][2]json.RawMessage
	if err := json.Unmarshal(out, &programs); err != nil {
		t.Fatal(err)
	}
	lost := 0
	for _, p := range programs {
		var text string
		var names []string
		if err := cmp.Or(json.Unmarshal(p[0], &text), json.Unmarshal(p[1], &names)); err != nil {
			t.Fatal(err)
		}
		program, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Walk(bytes.NewReader(program), Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if slices.ContainsFunc(r.Globals, func(g Global) bool { return g.String() == name }) {
				continue
			}
			if !slices.ContainsFunc(r.Refusals, func(f Refusal) bool { return f.Runs && f.Global == "" }) {
				t.Errorf("%q: Python asks for %s; seen: %v %+v", program, name, r.Globals, r.Refusals)
			}
			lost++
		}
	}
	t.Logf("%d programs, %d names of which the walk lost track", len(programs), lost)
}
