package spec

import "testing"

func TestExclusive(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"github.ref == 'refs/heads/main'", "github.ref == 'refs/heads/next'", true},
		{"github.ref == 'refs/heads/main'", "github.ref == 'refs/heads/MAIN'", false},
		{"github.ref == 'refs/heads/main'", "github.ref != 'refs/heads/main'", true},
		{"${{ github.ref  ==  'a' }}", "github.ref == 'b' && github.actor == 'ada'", true},
		{"github.ref == 'a' && github.actor == 'ada'", "github.event_name == 'push' && github.actor != 'Ada'", true},
		{"github.ref == 'a'", "github.actor == 'b'", false},
		{"github.ref != 'a'", "github.ref != 'b'", false},
		{"github.ref == 'a' || always()", "github.ref == 'b'", false},
		{"inputs.fast", "!inputs.fast", true},
		{"inputs.fast", "inputs.slow", false},
		{"github.ref == github.x", "github.ref == github.y", false},
		{"(github.ref == 'a')", "(github.ref == 'b')", false}, // not looked into
		{"", "github.ref == 'b'", false},
		{"!(github.ref == 'a' && inputs.x)", "!(github.ref == 'b' && inputs.y)", false},
		{"!(inputs.x && inputs.y)", "(inputs.x && inputs.z)", false},
		{"!(inputs.x && inputs.y && inputs.z)", "!inputs.y", false},
	} {
		if exclusive(terms(c.a), terms(c.b)) != c.want || exclusive(terms(c.b), terms(c.a)) != c.want {
			t.Errorf("%q and %q: want %v", c.a, c.b, c.want)
		}
	}
}
