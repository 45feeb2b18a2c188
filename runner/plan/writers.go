package plan

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/mlops-runner/mlops/spec"
)

// written is an output path of a node that publishes.
type written struct {
	path string
	key  string // of the path, or of the part of a pattern before its first wildcard
	node int
	pos  spec.Pos
}

// writers looks up who writes a path, in logarithmic time for plain paths.
type writers struct {
	sorted []written // by key: a folder directly before what lies below it
	known  map[string][]written
}

func (b *builder) writers() *writers {
	w := &writers{known: map[string][]written{}}
	for i, n := range b.plan.Nodes {
		switch {
		case n.Kind == Select:
			for _, leg := range b.members[i] {
				w.add(i, b.plan.Nodes[leg], b.sources[leg])
			}
		case n.Publish:
			w.add(i, n, b.sources[i])
		}
	}
	slices.SortStableFunc(w.sorted, func(x, y written) int { return strings.Compare(x.key, y.key) })
	return w
}

// add notes that a node writes the outputs of n, which is the node itself or a
// leg that it may choose.
func (w *writers) add(node int, n *Node, s source) {
	for k, o := range n.Outputs {
		w.sorted = append(w.sorted, written{o, key(prefix(o)), node, s.outputs[k]})
	}
	for k, o := range n.Metrics {
		w.sorted = append(w.sorted, written{o, key(prefix(o)), node, s.metrics[k]})
	}
}

// key is a path in a form whose byte order keeps a folder together with what
// lies below it; that of the top is empty.
func key(p string) string {
	if p == "" {
		return ""
	}
	return strings.ReplaceAll(p, "/", "\x00") + "\x00"
}

// read lists the outputs that an input reads. The slice is shared.
func (w *writers) read(pattern string) []written {
	out, ok := w.known[pattern]
	if !ok {
		out = w.near(prefix(pattern), func(o written) bool { return Reads(pattern, o.path) })
		w.known[pattern] = out
	}
	return out
}

// near lists the outputs above, at and below a path that are as wanted.
func (w *writers) near(path string, wanted func(written) bool) []written {
	var out []written
	for dir := path; dir != ""; { // folders above it
		dir = dir[:max(0, strings.LastIndexByte(dir, '/'))]
		k := key(dir)
		for i := w.search(k); i < len(w.sorted) && w.sorted[i].key == k; i++ {
			if wanted(w.sorted[i]) {
				out = append(out, w.sorted[i])
			}
		}
	}
	k := key(path)
	for i := w.search(k); i < len(w.sorted) && strings.HasPrefix(w.sorted[i].key, k); i++ {
		if wanted(w.sorted[i]) {
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
	var above []written // plain paths above the current one
	for _, cur := range w.sorted {
		if Glob(cur.path) {
			w.globConflicts(b, cur)
			continue
		}
		for len(above) > 0 && !strings.HasPrefix(cur.key, above[len(above)-1].key) {
			above = above[:len(above)-1]
		}
		if len(above) > 0 {
			b.conflict(above[len(above)-1], cur)
		}
		above = append(above, cur)
	}
}

// globConflicts reports what a pattern shares with the outputs of other nodes.
// Two patterns meet each other twice; the first time counts.
func (w *writers) globConflicts(b *builder, g written) {
	clashes := func(o written) bool {
		return o.node != g.node && (o.node > g.node || !Glob(o.path)) && clash(g.path, o.path)
	}
	for _, o := range w.near(prefix(g.path), clashes) {
		if o.node > g.node {
			b.conflict(g, o)
		} else {
			b.conflict(o, g)
		}
	}
}

// conflict reports that two nodes write one path, at the later of the two.
func (b *builder) conflict(a, c written) {
	if c.pos.Line < a.pos.Line || c.pos.Line == a.pos.Line && c.pos.Col < a.pos.Col {
		a, c = c, a
	}
	x, y := b.plan.Nodes[a.node], b.plan.Nodes[c.node]
	switch {
	case a.node == c.node:
		return // a metrics file inside the same job's output folder
	case x.Job == y.Job:
		b.report(c.pos, spec.CodeMatrixOutput, fmt.Sprintf("every leg of job %q writes %s", y.Job, c.path),
			fmt.Sprintf("choose one leg with `select: best(METRIC)`, or put a matrix value into the path, such as %s", withValue(c.path, y)))
	default:
		b.report(c.pos, spec.CodeOutputTwice, fmt.Sprintf("jobs %q and %q both write %s", x.Job, y.Job, both(a.path, c.path)),
			"let each path have one job that writes it")
	}
}

// both is the path that two outputs have in common, as far as it can be said.
func both(a, c string) string {
	if Glob(a) == Glob(c) && len(prefix(a)) > len(prefix(c)) || Glob(c) && !Glob(a) {
		a, c = c, a // the narrower one
	}
	if a == c || !Glob(a) {
		return c
	}
	return c + " (" + a + ")"
}

// withValue suggests a path that differs between legs.
func withValue(p string, n *Node) string {
	if len(n.Leg) == 0 {
		return p
	}
	value := "${{ matrix." + n.Leg[0].Name + " }}"
	dir, file, ok := strings.Cut(p, "/")
	if !ok || Glob(dir) {
		return value + "/" + p
	}
	return dir + "-" + value + "/" + file
}
