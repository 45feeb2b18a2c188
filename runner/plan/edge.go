package plan

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/mlops-runner/mlops/spec"
)

// edges finds what each node waits for: `needs`, the legs of a select, and the
// nodes whose outputs it reads.
func (b *builder) edges() {
	w := b.writers()
	for i, n := range b.plan.Nodes {
		e := &edgeSet{at: map[int]int{}}
		j := b.jobOf[i]
		if n.Kind == Select {
			for _, leg := range b.legs[n.Job] {
				e.add(leg, "", true)
			}
			n.Needs = e.needs
			continue
		}
		for _, need := range j.Needs {
			for _, target := range b.targets(need.Value) {
				e.add(target, "", true)
			}
		}
		for _, in := range n.Inputs {
			if !strings.HasPrefix(in.Pattern, "!") {
				b.dataEdges(e, w, i, in.Pattern)
			}
		}
		n.Needs = e.needs
	}
	w.conflicts(b)
}

// targets are the nodes that stand for a job: its Select, or all of its legs.
func (b *builder) targets(job string) []int {
	if s, ok := b.selects[job]; ok {
		return []int{s}
	}
	return b.legs[job]
}

func (b *builder) dataEdges(e *edgeSet, w *writers, reader int, pattern string) {
	for _, out := range w.read(pattern) {
		if out.node == reader {
			b.report(b.inputPos(reader, pattern), "own-input", fmt.Sprintf("job %q reads %s, which it writes itself", b.plan.Nodes[reader].Job, out.path),
				"read from one path and write to another")
			continue
		}
		if b.plan.Nodes[out.node].Job == b.plan.Nodes[reader].Job {
			continue // another leg of the same matrix: each leg has its own outputs
		}
		e.add(out.node, out.path, false)
	}
}

func (b *builder) inputPos(node int, pattern string) spec.Pos {
	for _, s := range b.jobOf[node].Inputs {
		if clean(s.Value) == pattern {
			return s.Pos
		}
	}
	return b.jobOf[node].Pos
}

type edgeSet struct {
	needs []Need
	at    map[int]int
}

func (e *edgeSet) add(node int, path string, order bool) {
	i, ok := e.at[node]
	if !ok {
		i = len(e.needs)
		e.at[node] = i
		e.needs = append(e.needs, Need{Node: node})
	}
	e.needs[i].Order = e.needs[i].Order || order
	if path != "" && !slices.Contains(e.needs[i].Paths, path) {
		e.needs[i].Paths = append(e.needs[i].Paths, path)
	}
}

// written is an output path of a node that publishes.
type written struct {
	path string
	key  string // sorts a folder directly before what lies below it
	node int
}

// writers looks up who writes a path, in logarithmic time for plain paths.
type writers struct {
	sorted []written // by path without its trailing slash
	globs  []written // outputs that are patterns themselves
}

func (b *builder) writers() *writers {
	w := &writers{}
	for i, n := range b.plan.Nodes {
		if !n.Publish {
			continue
		}
		for _, o := range slices.Concat(n.Outputs, n.Metrics) {
			if Glob(o) {
				w.globs = append(w.globs, written{o, "", i})
			} else {
				w.sorted = append(w.sorted, written{o, key(o), i})
			}
		}
	}
	slices.SortStableFunc(w.sorted, func(x, y written) int { return strings.Compare(x.key, y.key) })
	return w
}

// key is a path in a form whose byte order keeps a folder together with what
// lies below it.
func key(p string) string {
	return strings.ReplaceAll(strings.TrimSuffix(p, "/"), "/", "\x00") + "\x00"
}

// read lists the outputs that an input pattern reads.
func (w *writers) read(pattern string) []written {
	var out []written
	for _, g := range w.globs {
		if Reads(pattern, g.path) {
			out = append(out, g)
		}
	}
	base := strings.TrimSuffix(pattern, "/")
	if Glob(pattern) || pattern == "." {
		base = ""
		if Glob(pattern) {
			base = Fixed(pattern)
		}
	}
	for dir, ok := parent(base); ok; dir, ok = parent(dir) { // folders above the pattern
		out = w.appendAt(out, dir, pattern)
	}
	return w.appendBelow(out, base, pattern)
}

func parent(p string) (string, bool) {
	i := strings.LastIndexByte(p, '/')
	if i < 0 {
		return "", false
	}
	return p[:i], true
}

func (w *writers) appendAt(out []written, dir, pattern string) []written {
	k := key(dir)
	for i := w.search(k); i < len(w.sorted) && w.sorted[i].key == k; i++ {
		if Reads(pattern, w.sorted[i].path) {
			out = append(out, w.sorted[i])
		}
	}
	return out
}

func (w *writers) appendBelow(out []written, dir, pattern string) []written {
	from, prefix := 0, ""
	if dir != "" {
		prefix = key(dir)
		from = w.search(prefix)
	}
	for i := from; i < len(w.sorted) && strings.HasPrefix(w.sorted[i].key, prefix); i++ {
		if Reads(pattern, w.sorted[i].path) {
			out = append(out, w.sorted[i])
		}
	}
	return out
}

func (w *writers) search(key string) int {
	return sort.Search(len(w.sorted), func(i int) bool { return w.sorted[i].key >= key })
}

// conflicts reports paths that two nodes write.
func (w *writers) conflicts(b *builder) {
	var open []written // folders above the current path
	for _, cur := range w.sorted {
		for len(open) > 0 && !strings.HasPrefix(cur.key, open[len(open)-1].key) {
			open = open[:len(open)-1]
		}
		if len(open) > 0 {
			b.conflict(open[len(open)-1], cur)
		}
		open = append(open, cur)
	}
	for i, g := range w.globs {
		for _, o := range slices.Concat(w.globs[i+1:], w.sorted) {
			if Reads(g.path, o.path) {
				b.conflict(g, o)
			}
		}
	}
}

func (b *builder) conflict(a, c written) {
	x, y := b.plan.Nodes[a.node], b.plan.Nodes[c.node]
	switch {
	case a.node == c.node:
		return // a metrics file inside the same job's output folder
	case x.Job == y.Job:
		b.report(b.outputPos(c), "matrix-output", fmt.Sprintf("every leg of job %q writes %s", y.Job, c.path),
			fmt.Sprintf("choose one leg with `select: best(METRIC)`, or put a matrix value into the path, such as %s", withValue(c.path, y)))
	default:
		b.report(b.outputPos(c), "output-twice", fmt.Sprintf("jobs %q and %q both write %s", x.Job, y.Job, c.path),
			"let each path have one job that writes it")
	}
}

// withValue suggests a path that differs between legs.
func withValue(p string, n *Node) string {
	if len(n.Leg) == 0 {
		return p
	}
	value := "${{ matrix." + n.Leg[0].Name + " }}"
	dir, file, ok := strings.Cut(p, "/")
	if !ok {
		return value + "/" + p
	}
	return dir + "-" + value + "/" + file
}

func (b *builder) outputPos(w written) spec.Pos {
	j := b.jobOf[w.node]
	for _, list := range [][]spec.Str{j.Outputs, j.Metrics} {
		for _, s := range list {
			if clean(s.Value) == w.path || strings.Contains(s.Value, "${{") {
				return s.Pos
			}
		}
	}
	return j.Pos
}
