package expression

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A suiteCase is a case of GitHub's conformance data; see testdata/conformance/README.md.
type suiteCase struct {
	Expr     string          `json:"expr"`
	Contexts json.RawMessage `json:"contexts"`
	Result   *struct {
		Kind  Kind            `json:"kind"`
		Value json.RawMessage `json:"value"`
	} `json:"result"`
	Err *struct {
		Kind  ErrorKind `json:"kind"`
		Value string    `json:"value"`
	} `json:"err"`
	Options struct {
		Skip []string `json:"skip"`
	} `json:"options"`
}

// TestConformance runs every case of GitHub's suite that is in testdata. What the
// suite itself skips is run too, but for the limit of memory: it is 1 MB there
// and 10 MiB here.
func TestConformance(t *testing.T) {
	files, err := filepath.Glob("testdata/conformance/expressions/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conformance data: %v", err)
	}
	total := 0
	for _, file := range files {
		for group, cases := range readSuite(t, file) {
			t.Run(filepath.Base(file)+"/"+group, func(t *testing.T) {
				for _, c := range cases {
					if group == "memory-errors" && slices.Contains(c.Options.Skip, "typescript") {
						continue
					}
					total++
					if err := c.run(); err != nil {
						t.Errorf("%s: %v", c.Expr, err)
					}
				}
			})
		}
	}
	t.Logf("%d cases", total)
}

func readSuite(t testing.TB, file string) map[string][]suiteCase {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var groups map[string][]suiteCase
	if err := json.Unmarshal(data, &groups); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return groups
}

func (c *suiteCase) run() error {
	env, scope := &Env{Names: map[string]Type{}}, &Scope{Names: map[string]any{}}
	if c.Contexts != nil {
		contexts, err := FromJSON(string(c.Contexts))
		if err != nil {
			return err
		}
		for i, name := range contexts.(*Object).Keys() {
			env.Names[name], scope.Names[name] = AnyType(), contexts.(*Object).Values()[i]
		}
	}
	x, err := ParseIn(c.Expr, env)
	if err != nil {
		return c.wantErr(err)
	}
	got, err := x.Eval(scope)
	if err != nil {
		return c.wantErr(err)
	}
	if err := c.wantValue(got); err != nil {
		return err
	}
	return sameTrace(x, scope, got)
}

func (c *suiteCase) wantErr(err error) error {
	var got *Error
	if !errors.As(err, &got) {
		return fmt.Errorf("error is no *Error: %v", err)
	}
	if got.Pos < 0 || got.Pos > got.End || got.End > len(c.Expr) {
		return fmt.Errorf("error stands at %d to %d", got.Pos, got.End)
	}
	if c.Err == nil {
		return fmt.Errorf("unwanted error: %v", err)
	}
	if got.Kind != c.Err.Kind || !strings.Contains(err.Error(), c.Err.Value) {
		return fmt.Errorf("error is %s: %q, want %s: %q", got.Kind, err, c.Err.Kind, c.Err.Value)
	}
	return nil
}

func (c *suiteCase) wantValue(got any) error {
	if c.Err != nil {
		return fmt.Errorf("value is %s, want error %q", ToJSON(got), c.Err.Value)
	}
	want, err := FromJSON(string(c.Result.Value))
	if err != nil {
		return fmt.Errorf("bad case: %w", err)
	}
	if KindOf(got) != c.Result.Kind || ToJSON(got) != ToJSON(want) {
		return fmt.Errorf("value is %s %s, want %s %s", KindOf(got), ToJSON(got), c.Result.Kind, ToJSON(want))
	}
	return nil
}

// sameTrace checks that a trace, which is lowered differently, finds the same.
func sameTrace(x *Expr, s *Scope, want any) error {
	n, err := x.Trace(s)
	if err != nil {
		return fmt.Errorf("trace: %w", err)
	}
	if ToJSON(n.Value) != ToJSON(want) {
		return fmt.Errorf("trace is %s, want %s", ToJSON(n.Value), ToJSON(want))
	}
	return nil
}
