package mask

// An automaton finds all forms of all values in one pass. It does not change
// once it is made, and may be used by several goroutines at once.
//
// States are numbered by depth, the root first, so that those of few bytes come
// first. A state is the longest suffix of the text that begins a form.
type automaton struct {
	states  []node
	rows    []int32     // by row and class: the next state
	class   [256]uint16 // 0: bytes of no form
	classes int
	shallow int32 // states from here on stand for more than shallowDepth bytes
	skip    skipTable
}

// A node is one state.
type node struct {
	only   int32 // the one state that a further byte leads to, if row is none
	fail   int32 // the state of the longest suffix that begins a form too
	row    int32 // in rows; none if there is at most one way on
	depth  int32 // bytes
	hit    int32 // length of the longest form that ends here; 0 if none
	length int32 // of the shortest form that goes on from here, or ends here
	byte   uint8 // that leads to only
}

const (
	root         = 0
	none         = -1
	shallowDepth = 3
)

// A hit is a part of a text that is secret: bytes from, up to and without to.
type hit struct{ from, to int }

// newAutomaton makes the automaton of forms, each of at least MinLength bytes.
func newAutomaton(forms []string) *automaton {
	t := newTrie(forms)
	a := &automaton{classes: t.classes, class: t.class}
	t.number(a)
	t.link(a)
	a.skip = newSkipTable(forms)
	return a
}

// next is the state after one more byte.
func (a *automaton) next(s int32, c byte) int32 {
	for {
		n := &a.states[s]
		if n.row >= 0 {
			return a.rows[int(n.row)*a.classes+int(a.class[c])]
		}
		if n.only > 0 && n.byte == c {
			return n.only
		}
		s = n.fail
	}
}

// scan reads text from an offset on, where the automaton is in state s, and
// adds what it finds to hits: ordered, neither overlapping nor touching. It
// returns the state at the end.
func (a *automaton) scan(text []byte, at int, s int32, hits []hit) (int32, []hit) {
	for at < len(text) {
		if s == root {
			if at = a.skip.next(text, at); at == len(text) {
				break
			}
		}
		began := at
		for at < len(text) {
			s = a.next(s, text[at])
			at++
			n := &a.states[s]
			if n.hit > 0 {
				hits = merge(hits, hit{at - int(n.hit), at})
			}
			// Where little is known it is quicker to go back and skip. A byte of
			// progress at least pays for the few that are read again.
			if s < a.shallow && at-int(n.depth) > began && len(text)-at > 2*shallowDepth {
				at, s = at-int(n.depth), root
				break
			}
		}
	}
	return a.live(s), hits
}

// depth is how many bytes a state stands for.
func (a *automaton) depth(s int32) int { return int(a.states[s].depth) }

// half is how many bytes at the end of the text are half of a form or more.
func (a *automaton) half(s int32) int {
	for ; s != root; s = a.states[s].fail {
		if n := &a.states[s]; 2*n.depth >= n.length {
			return int(n.depth)
		}
	}
	return 0
}

// live is the state itself, or where nothing goes on from there, which it is
// for a form that is complete, the one that it falls back to.
func (a *automaton) live(s int32) int32 {
	for s != root && a.states[s].row < 0 && a.states[s].only <= 0 {
		s = a.states[s].fail
	}
	return s
}

// merge adds a hit that ends behind all others.
func merge(hits []hit, h hit) []hit {
	for len(hits) > 0 && hits[len(hits)-1].to >= h.from {
		h.from = min(h.from, hits[len(hits)-1].from)
		hits = hits[:len(hits)-1]
	}
	return append(hits, h)
}
