package plan

import (
	"errors"
	"strings"
	"testing"
)

const diamond = `
jobs:
  prepare: {inputs: [], outputs: [clean], run: x}
  train: {inputs: [clean], outputs: [m], strategy: {matrix: {k: [1, 2]}}, select: first, run: x}
  lint: {inputs: [], run: x}
  test: {inputs: [], needs: lint, strategy: {matrix: {os: [a, b]}}, run: x}
  report: {inputs: [m], run: x}
`

func TestSelect(t *testing.T) {
	t.Parallel()
	p := planOf(t, diamond)
	for _, c := range []struct {
		names      string
		downstream bool
		want       string
	}{
		{"", false, "prepare train@k=1 train@k=2 train lint test@os=a test@os=b report"},
		{"prepare", false, "prepare"},
		{"prepare", true, "prepare train@k=1 train@k=2 train report"},
		{"train", false, "prepare train@k=1 train@k=2 train"},
		{"train@k=2", false, "prepare train@k=2"},
		{"train@k=2", true, "prepare train@k=1 train@k=2 train report"},
		{"test", false, "lint test@os=a test@os=b"},
		{"test@os=b", true, "lint test@os=b"},
		{"report lint", false, "prepare train@k=1 train@k=2 train lint report"},
		{"lint lint", true, "lint test@os=a test@os=b"},
	} {
		on, err := p.Select(strings.Fields(c.names), c.downstream)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i, n := range p.Nodes {
			if on[i] {
				got = append(got, n.ID)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q, downstream %v: %v, want %s", c.names, c.downstream, got, c.want)
		}
	}
}

func TestSelectUnknown(t *testing.T) {
	t.Parallel()
	p := planOf(t, diamond)
	for _, c := range []struct{ name, want string }{
		{"trian", `no job "trian"; did you mean "train"?`},
		{"tst", `no job "tst"; did you mean "test"?`}, // a job of legs alone
		{"test@os=c", `no job "test@os=c"; did you mean "test@os=a"?`},
		{"something-else", `no job "something-else"; there are prepare, train, lint, test, report`},
		{"", `no job ""; there are prepare, train, lint, test, report`},
	} {
		on, err := p.Select([]string{"train", c.name}, false)
		var unknown *SelectionError
		if !errors.As(err, &unknown) || unknown.Name != c.name || err.Error() != c.want || on != nil {
			t.Errorf("%q: %v, %v; want %s", c.name, on, err, c.want)
		}
	}
}

func TestSelectUnknownOfMany(t *testing.T) {
	t.Parallel()
	_, err := planOf(t, string(largeFile(30))).Select([]string{"?"}, false)
	if got := strings.Count(err.Error(), "train"); got != 20 {
		t.Errorf("%d jobs are listed, want 20: %v", got, err)
	}
}
