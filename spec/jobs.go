package spec

import (
	"maps"
	"runtime"
	"sync"

	"gopkg.in/yaml.v3"
)

// manyJobs is from how many jobs on they are read on all cores: their nodes lie
// far apart in memory, and waiting for it is most of the work.
const manyJobs = 256

// jobs reads `jobs:`.
func (w *walker) jobs(f *File, n *yaml.Node) {
	f.Jobs = make([]*Job, 0, len(n.Content)/2)
	room := make([]Job, len(n.Content)/2) // one allocation for all jobs
	nodes := make([][2]*yaml.Node, 0, len(room))
	w.entries(n, place{kind: "jobs"}, func(k, v *yaml.Node) {
		if v.Kind != yaml.MappingNode {
			w.at(k, CodeWrongType, `write "run:" or "steps:" below it`, "the job %q must be a mapping, not %s", k.Value, describeNode(v))
			return
		}
		j := &room[len(f.Jobs)]
		j.ID, j.Pos = w.name(k, "a job"), nodePos(k)
		f.Jobs = append(f.Jobs, j)
		nodes = append(nodes, [2]*yaml.Node{k, v})
	})
	if len(nodes) < manyJobs {
		w.readJobs(f.Jobs, nodes)
		return
	}
	w.inParts(len(nodes), func(part *walker, from, to int) { part.readJobs(f.Jobs[from:to], nodes[from:to]) })
}

// readJobs reads jobs from their keys and values.
func (w *walker) readJobs(jobs []*Job, nodes [][2]*yaml.Node) {
	for i, j := range jobs {
		k, v := nodes[i][0], nodes[i][1]
		w.job = j
		w.jobShape(j, walk(w, v, &jobTable, j, place{kind: "job", name: k.Value, node: k}), k, v)
	}
	w.job = nil
}

// inParts lets a walker for each core read its part of n things, and takes over
// what they found, in order: the outcome is that of reading one after the other.
func (w *walker) inParts(n int, read func(part *walker, from, to int)) {
	parts := make([]*walker, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i := range parts {
		parts[i] = &walker{src: w.src, what: w.what, opts: w.opts, file: w.file, step: noStep}
		from, to := n*i/len(parts), n*(i+1)/len(parts)
		parts[i].checks = make([]check, 0, 2*(to-from))
		wg.Go(func() { read(parts[i], from, to) })
	}
	wg.Wait()
	for _, p := range parts {
		w.join(p)
	}
}

// join takes over what another walker of the same file has found.
func (w *walker) join(p *walker) {
	for _, d := range p.found {
		w.add(d)
	}
	w.hidden += p.hidden
	w.checks = append(w.checks, p.checks...)
	w.withs = merged(w.withs, p.withs)
	w.types.steps = merged(w.types.steps, p.types.steps)
}

// merged adds the entries of b to a, which may be nil.
func merged[K comparable, V any](a, b map[K]V) map[K]V {
	if a == nil {
		return b
	}
	maps.Copy(a, b)
	return a
}
