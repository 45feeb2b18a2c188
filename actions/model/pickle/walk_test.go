package pickle

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"slices"
	"testing"
)

// sample is a file of a committed script in ../testdata.
type sample struct {
	Data  []byte   `json:"-"`
	Text  string   `json:"data"`
	Names []string `json:"names"` // that Python imports
}

func samples(t testing.TB, file string) map[string]sample {
	t.Helper()
	text, err := os.ReadFile("../testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]sample{}
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	for name, s := range out {
		if s.Data, err = base64.StdEncoding.DecodeString(s.Text); err != nil {
			t.Fatal(err)
		}
		out[name] = s
	}
	return out
}

// TestSeesEveryName holds the walk to Python: every name that its unpicklers ask
// for, and every one that pickletools shows, was seen.
func TestSeesEveryName(t *testing.T) {
	for _, file := range []string{"attacks.json", "real.json"} {
		for label, s := range samples(t, file) {
			if !Magic(s.Data) && len(s.Names) == 0 {
				continue
			}
			r, err := Walk(bytes.NewReader(s.Data), Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range s.Names {
				if r.Broken || unknownName(r) {
					break // refused where it can no longer be followed
				}
				if !slices.ContainsFunc(r.Globals, func(g Global) bool {
					return python3(&global{module: g.Module, name: g.Name}) == name || g.String() == name
				}) {
					t.Errorf("%s: %s was not seen; seen: %v", label, name, r.Globals)
				}
			}
		}
	}
}

func unknownName(r *Result) bool {
	return slices.ContainsFunc(r.Refusals, func(r Refusal) bool { return r.Opcode == "STACK_GLOBAL" && r.Global == "" })
}

// TestTakesRealPickles walks what Debian's libraries write.
func TestTakesRealPickles(t *testing.T) {
	seen := 0
	for label, s := range samples(t, "real.json") {
		if !bytes.HasPrefix([]byte(label), []byte("pickle ")) {
			continue
		}
		seen++
		r, err := Walk(bytes.NewReader(s.Data), Options{})
		if err != nil || len(r.Refusals) > 0 || r.Pickles != 1 {
			t.Errorf("%s: %+v %v", label, r.Refusals, err)
		}
	}
	if seen < 50 {
		t.Errorf("only %d pickles", seen)
	}
}
