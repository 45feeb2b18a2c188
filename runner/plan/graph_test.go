package plan

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
)

// hostile has names that would end quotes, start markup, move the cursor or
// draw nodes of their own if they were written as they are.
func hostile() *Plan {
	names := []string{
		"plain", `"]; n9["x`, "<script>alert(1)</script>", "a\nb -> c", "`code` **bold**", `back\slash\N\G`,
		"#quot;#35;", "&lt;&amp;", "\x1b[31mred\x1b[0m\x00", "right\u202eleft", "%% comment", "{{x}}", "end", "ünï→", "bad\xff",
	}
	p := &Plan{Pipeline: "pipe\"line\n}"}
	for i, name := range names {
		n := &Node{ID: name, Job: name}
		if i > 0 {
			n.Needs = []Need{{Node: i - 1, Paths: []string{name + "/", "x"}}}
		}
		p.Nodes = append(p.Nodes, n)
	}
	p.Nodes = append(p.Nodes, &Node{ID: "choice", Kind: Select, Select: Selection{Metric: `auc"`, Highest: true}, Needs: []Need{{Node: 0, Order: true}, {Node: 3, Order: true}}})
	return p
}

func TestGraphs(t *testing.T) {
	t.Parallel()
	p := hostile()
	for name, write := range map[string]func(io.Writer) error{"hostile.txt": p.WriteText, "hostile.mmd": p.WriteMermaid, "hostile.dot": p.WriteDOT} {
		var b strings.Builder
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.String())
		if strings.ContainsAny(b.String(), "\x00\x1b\r\u202e") {
			t.Errorf("%s holds control characters", name)
		}
	}
}

// An edge or node is one line each, whatever it is called.
func TestGraphLines(t *testing.T) {
	t.Parallel()
	p := hostile()
	edges := 0
	for _, n := range p.Nodes {
		edges += len(n.Needs)
	}
	for name, want := range map[string]int{"hostile.txt": len(p.Nodes), "hostile.mmd": 1 + len(p.Nodes) + edges, "hostile.dot": 4 + len(p.Nodes) + edges} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(string(data), "\n"); got != want {
			t.Errorf("%s has %d lines, want %d", name, got, want)
		}
	}
}

type fullDisk struct{}

var errFull = errors.New("disk full")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestGraphErrors(t *testing.T) {
	t.Parallel()
	p := hostile()
	for _, write := range []func(io.Writer) error{p.WriteText, p.WriteMermaid, p.WriteDOT} {
		if err := write(fullDisk{}); !errors.Is(err, errFull) {
			t.Errorf("got %v", err)
		}
	}
}
