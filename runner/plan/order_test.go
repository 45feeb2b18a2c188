package plan

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// randomJobs are n jobs in some order, of which each may need, or read from,
// those that are earlier in another order. It returns the file and the ids in
// the order of the file.
func randomJobs(r *rand.Rand, n int) (src string, ids []string) {
	var s strings.Builder
	s.WriteString("jobs:\n")
	rank := r.Perm(n)
	density := r.Float64()
	for i := range n {
		var needs, inputs []string
		for k := range n {
			if rank[k] < rank[i] && r.Float64() < density/2 {
				if r.IntN(2) == 0 {
					needs = append(needs, fmt.Sprintf("j%d", k))
				} else {
					inputs = append(inputs, fmt.Sprintf("out/j%d/*", k))
				}
			}
		}
		ids = append(ids, fmt.Sprintf("j%d", i))
		fmt.Fprintf(&s, "  j%d: {needs: %s, inputs: %s, outputs: [out/j%d/], run: x}\n", i, yamlList(needs), yamlList(inputs), i)
	}
	return s.String(), ids
}

// Needed nodes come first, and where a node stands later than the file has it,
// it had to wait for the node before it or for one that stands later still.
func TestOrder(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		src, inFile := randomJobs(r, 1+r.IntN(12))
		p := planOf(t, src)
		got := ids(p)
		if want := firstOrder(p, inFile); !slices.Equal(got, want) {
			t.Fatalf("seed %d: order %v, want %v\n%s", seed, got, want, src)
		}
		for i, n := range p.Nodes {
			if p.Index(n.ID) != i || p.Node(n.ID) != n {
				t.Fatalf("seed %d: %s is found at %d, not at %d", seed, n.ID, p.Index(n.ID), i)
			}
			for _, need := range n.Needs {
				if need.Node >= i {
					t.Fatalf("seed %d: %s stands before %s, which it needs\n%s", seed, n.ID, p.Nodes[need.Node].ID, src)
				}
			}
		}
	}
}

// firstOrder takes, again and again, the first node of the file that is ready.
func firstOrder(p *Plan, inFile []string) []string {
	var out []string
	for len(out) < len(inFile) {
		for _, id := range inFile {
			ready := !slices.Contains(out, id) && !slices.ContainsFunc(p.Node(id).Needs, func(n Need) bool {
				return !slices.Contains(out, p.Nodes[n.Node].ID)
			})
			if ready {
				out = append(out, id)
				break
			}
		}
	}
	return out
}

// A random graph with an edge back in it has a circle, each step of which is an
// edge; without that edge it has none.
func TestRandomCycles(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 2))
		n := 2 + r.IntN(8)
		needs := make([]map[int]bool, n)
		for i := range needs {
			needs[i] = map[int]bool{}
			for k := range n {
				if k != i && r.IntN(4) == 0 {
					needs[i][k] = true
				}
			}
		}
		p, err := New(parse(t, needsFile(needs)), Options{})
		if (p != nil) != acyclic(needs) {
			t.Fatalf("seed %d: %v, but acyclic is %v\n%s", seed, err, acyclic(needs), needsFile(needs))
		}
		if p != nil {
			continue
		}
		for line := range strings.SplitSeq(err.Error(), "\n") {
			checkCircle(t, line, needs)
		}
		for _, m := range needs {
			maps.DeleteFunc(m, func(_ int, on bool) bool { return !on })
		}
		if !acyclic(needs) {
			t.Fatalf("seed %d: a circle was not reported:\n%v", seed, err)
		}
	}
}

func needsFile(needs []map[int]bool) string {
	var s strings.Builder
	s.WriteString("jobs:\n")
	for i, m := range needs {
		var list []string
		for k := range needs {
			if m[k] {
				list = append(list, fmt.Sprintf("j%d", k))
			}
		}
		fmt.Fprintf(&s, "  j%d: {needs: %s, run: x}\n", i, yamlList(list))
	}
	return s.String()
}

// acyclic takes away nodes that need nothing until none is left.
func acyclic(needs []map[int]bool) bool {
	gone := map[int]bool{}
	for range needs {
		for i, m := range needs {
			free := true
			for k := range m {
				free = free && gone[k]
			}
			gone[i] = gone[i] || free
		}
	}
	for i := range needs {
		if !gone[i] {
			return false
		}
	}
	return true
}

// checkCircle checks that a reported circle is one, and sets its edges to false.
func checkCircle(t *testing.T, line string, needs []map[int]bool) {
	t.Helper()
	_, list, ok := strings.Cut(strings.TrimSuffix(line, " [cycle]"), "wait for each other: ")
	if !ok {
		t.Fatalf("no circle: %s", line)
	}
	last, first := -1, -1
	for step := range strings.SplitSeq(list, ", ") {
		var from, to int
		if _, err := fmt.Sscanf(step, "j%d needs j%d", &from, &to); err != nil || last >= 0 && from != last {
			t.Fatalf("%q does not go on in %s", step, line)
		}
		if _, edge := needs[from][to]; !edge {
			t.Fatalf("%q is no edge in %s", step, line)
		}
		if first < 0 {
			first = from
		}
		needs[from][to], last = false, to
	}
	if last != first {
		t.Fatalf("not closed: %s", line)
	}
}
