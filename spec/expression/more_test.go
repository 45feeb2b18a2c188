package expression

import (
	"encoding/json"
	"os"
	"testing"
)

// TestMore runs cases of our own, in the form of GitHub's suite, about what that
// leaves open: coercion at the edges, what a literal is, filters of filters,
// where errors stand. All read the same contexts. An evaluator in JavaScript,
// written from the rules alone, came to the same results.
func TestMore(t *testing.T) {
	data, err := os.ReadFile("testdata/more.json")
	if err != nil {
		t.Fatal(err)
	}
	var suite struct {
		Contexts json.RawMessage
		Cases    map[string][]suiteCase
	}
	if err := json.Unmarshal(data, &suite); err != nil {
		t.Fatal(err)
	}
	for group, cases := range suite.Cases {
		t.Run(group, func(t *testing.T) {
			if len(cases) == 0 {
				t.Error("no cases")
			}
			for _, c := range cases {
				c.Contexts = suite.Contexts
				if err := c.run(); err != nil {
					t.Errorf("%s: %v", c.Expr, err)
				}
			}
		})
	}
}
