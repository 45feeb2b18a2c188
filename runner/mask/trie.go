package mask

import (
	"math"
	"slices"
)

// A trie holds the forms while an automaton is made of them.
type trie struct {
	nodes   []branch // the root first
	states  []int32  // the node of each state
	class   [256]uint16
	classes int
}

// A branch is a node of a trie. Its ways on are a list, by their bytes.
type branch struct {
	first, last int32 // ways on
	sibling     int32 // next in the list of the node above
	state       int32
	length      int32 // of the shortest form below
	byte        uint8 // that leads here
	ends        bool  // a form ends here
}

func newTrie(forms []string) *trie {
	t := &trie{classes: 1, nodes: make([]branch, 0, 16*len(forms))} // class 0: bytes of no form
	t.grow(0)
	slices.Sort(forms)
	for _, f := range forms {
		t.insert(f)
	}
	return t
}

func (t *trie) grow(c byte) int32 {
	t.nodes = append(t.nodes, branch{first: none, last: none, sibling: none, length: math.MaxInt32, byte: c})
	return int32(len(t.nodes) - 1)
}

// insert adds a form that comes behind all others in order: where it leaves
// them is at the last way on.
func (t *trie) insert(form string) {
	at := int32(root)
	for i := range len(form) {
		c := form[i]
		if t.class[c] == 0 {
			t.class[c] = uint16(t.classes)
			t.classes++
		}
		t.nodes[at].length = min(t.nodes[at].length, int32(len(form)))
		at = t.child(at, c)
	}
	t.nodes[at].length, t.nodes[at].ends = min(t.nodes[at].length, int32(len(form))), true
}

// child returns the node that c leads to, and makes it if need be.
func (t *trie) child(at int32, c byte) int32 {
	last := t.nodes[at].last
	if last != none && t.nodes[last].byte == c {
		return last
	}
	next := t.grow(c)
	if last == none {
		t.nodes[at].first = next
	} else {
		t.nodes[last].sibling = next
	}
	t.nodes[at].last = next
	return next
}

// number makes the states, by depth.
func (t *trie) number(a *automaton) {
	t.states = make([]int32, 1, len(t.nodes))
	a.states = make([]node, len(t.nodes))
	a.shallow = int32(len(t.nodes))
	for s := 0; s < len(t.states); s++ {
		depth := a.states[s].depth
		if depth > shallowDepth {
			a.shallow = min(a.shallow, int32(s))
		}
		for way := t.nodes[t.states[s]].first; way != none; way = t.nodes[way].sibling {
			next := int32(len(t.states))
			t.nodes[way].state = next
			a.states[next].depth = depth + 1
			t.states = append(t.states, way)
		}
	}
}

// link sets the ways on, the failure links, which lead to states of smaller
// number, and the hits, of which a state has those of its suffixes too.
func (t *trie) link(a *automaton) {
	for s := range a.states {
		n, b := &a.states[s], &t.nodes[t.states[s]]
		n.row, n.only, n.length = none, none, b.length
		n.hit = a.states[n.fail].hit // 0 at the root
		if b.ends {
			n.hit = n.depth
		}
		for way := b.first; way != none; way = t.nodes[way].sibling {
			c, next := t.nodes[way].byte, t.nodes[way].state
			n.only, n.byte = next, c
			if s != root {
				a.states[next].fail = a.next(n.fail, c)
			}
		}
		if s == root || b.first != b.last {
			t.row(a, n, b)
		}
	}
}

// row writes out where every byte leads from a state that branches. The state
// it falls back to has been dealt with.
func (t *trie) row(a *automaton, n *node, b *branch) {
	row := make([]int32, a.classes)
	if n != &a.states[root] {
		for c := range 256 {
			if class := t.class[c]; class != 0 {
				row[class] = a.next(n.fail, byte(c))
			}
		}
	}
	for way := b.first; way != none; way = t.nodes[way].sibling {
		row[t.class[t.nodes[way].byte]] = t.nodes[way].state
	}
	n.row, n.only = int32(len(a.rows)/a.classes), none
	a.rows = append(a.rows, row...)
}
