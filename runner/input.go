package runner

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/runner/worktree"
)

// inputs are the files that a job sees: those of the repository, and those that
// other jobs wrote, which lie in the store.
type inputs struct {
	repo   []store.Entry
	blobs  []store.Entry
	past   []store.Entry // of the run that this one is compared with; they lie in the store too
	remote []remoteInput
}

// all returns all sorts, sorted by path.
func (in inputs) all() []store.Entry { return sorted(in.repo, in.blobs, in.past) }

// files are those that are the run's own data and code, sorted by path.
func (in inputs) files() []store.Entry { return sorted(in.repo, in.blobs) }

func sorted(lists ...[]store.Entry) []store.Entry {
	all := slices.Concat(lists...)
	slices.SortFunc(all, func(a, b store.Entry) int { return strings.Compare(a.Path, b.Path) })
	return all
}

// digest tells inputs of the repository apart.
func (in inputs) digest() store.Digest {
	h := sha256.New()
	var b []byte
	for _, e := range in.repo {
		b = append(append(b[:0], e.Path...), 0)
		b = append(append(b, e.Link...), 0)
		b = binary.LittleEndian.AppendUint32(b, uint32(e.Mode))
		b = binary.LittleEndian.AppendUint64(b, uint64(e.Size))
		h.Write(append(b, e.Digest[:]...))
	}
	return store.Digest(h.Sum(nil))
}

// inputs finds and digests what a node reads. Every needed node has ended.
func (x *execution) inputs(ctx context.Context, n *plan.Node) (inputs, error) {
	patterns, exclude := splitPatterns(n)
	in := inputs{blobs: x.upstream(n, patterns, exclude)}
	var err error
	if in.remote, err = x.remoteInputs(n); err != nil {
		return in, err
	}
	if n.Tracked {
		if in.repo, err = x.trackedEntries(ctx); err == nil {
			err = readable(in.repo)
		}
		if err != nil || len(patterns) == 0 {
			return in, err
		}
	}
	more, err := x.fromTree(ctx, n, patterns, exclude, in.blobs)
	in.repo = unite(in.repo, more)
	if err == nil {
		err = errors.Join(readable(more), dangling(more, in), asPinned(patterns, more))
	}
	return in, err
}

// readable finds a name that is not UTF-8, which no record could hold.
func readable(es []store.Entry) error {
	for _, e := range es {
		if !utf8.ValidString(e.Path) {
			return &inputError{strconv.Quote(e.Path), "its name is not UTF-8", "rename the file, or leave it out by a pattern with !"}
		}
	}
	return nil
}

// dangling finds a link among the declared inputs whose target is no input: in
// the workspace it would lead nowhere.
func dangling(declared []store.Entry, in inputs) error {
	for _, e := range declared {
		if e.Link == "" {
			continue
		}
		target := path.Join(path.Dir(e.Path), e.Link)
		if !slices.ContainsFunc(slices.Concat(in.repo, in.blobs), func(t store.Entry) bool {
			return t.Path == target || strings.HasPrefix(t.Path, target+"/")
		}) {
			return &inputError{e.Path, "it is a link to " + target + ", which is no input", "add " + target + " to the inputs"}
		}
	}
	return nil
}

// past puts what a node reads of earlier runs into the store.
func (x *execution) past(ctx context.Context, n *plan.Node) (out []store.Entry, err error) {
	if x.Past == nil {
		return nil, nil
	}
	for _, name := range n.Past {
		versions, err := x.Past(ctx, n.ID, name)
		if err != nil {
			return nil, err
		}
		for age, data := range versions {
			dig, err := x.Store.PutBytes(ctx, data)
			if err != nil {
				return nil, err
			}
			out = append(out, store.Entry{Path: agent.PastFile(name, age), Mode: 0o644, Size: int64(len(data)), Digest: dig})
		}
	}
	return out, nil
}

// splitPatterns returns what `inputs` names of the repository and of other jobs'
// outputs, and what it leaves out (!pattern).
func splitPatterns(n *plan.Node) (patterns []plan.Input, exclude []string) {
	for _, in := range n.Inputs {
		if rest, ok := strings.CutPrefix(in.Pattern, "!"); ok {
			exclude = append(exclude, rest)
		} else if in.Source == "" {
			patterns = append(patterns, in)
		}
	}
	return patterns, exclude
}

// upstream returns the outputs of needed nodes that the node reads. A node
// without `inputs` sees all outputs of the jobs it needs.
func (x *execution) upstream(n *plan.Node, patterns []plan.Input, exclude []string) []store.Entry {
	names := make([]string, len(patterns))
	for i, p := range patterns {
		names[i] = p.Pattern
	}
	var out []store.Entry
	for _, need := range n.Needs {
		o := x.outcomes[need.Node]
		if o.product == nil || !n.Tracked && len(need.Paths) == 0 {
			continue
		}
		for _, e := range o.product.outputs {
			if (n.Tracked || worktree.Match(names, e.Path)) && !worktree.Match(exclude, e.Path) {
				out = append(out, e)
			}
		}
	}
	return unite(nil, out)
}

// unite joins two lists of entries, the first having precedence, by path.
func unite(a, b []store.Entry) []store.Entry {
	if len(b) == 0 {
		return a
	}
	all := slices.Concat(a, b)
	slices.SortStableFunc(all, func(a, b store.Entry) int { return strings.Compare(a.Path, b.Path) })
	return slices.CompactFunc(all, func(a, b store.Entry) bool { return a.Path == b.Path })
}

// fromTree returns the repository's files that patterns name. A pattern must
// match something, unless another job's outputs did.
func (x *execution) fromTree(ctx context.Context, n *plan.Node, patterns []plan.Input, exclude []string, blobs []store.Entry) ([]store.Entry, error) {
	var plain, perhaps []string
	for _, p := range patterns {
		switch {
		case x.written.covers(p.Pattern):
			if !matches(p.Pattern, blobs) {
				return nil, &inputError{p.Pattern, "the job that writes it did not produce it", "add it to that job's outputs, or write it there"}
			}
		case matches(p.Pattern, blobs):
			perhaps = append(perhaps, p.Pattern)
		default:
			plain = append(plain, p.Pattern)
		}
	}
	skip := func(path string) bool { return x.written.has(path) || worktree.Match(exclude, path) }
	out, err := x.Tree.Entries(ctx, plain, skip)
	if err != nil {
		return nil, explainInputs(err)
	}
	for _, p := range perhaps {
		more, err := x.Tree.Entries(ctx, []string{p}, skip)
		var missing *worktree.MissingError
		if err != nil && !errors.As(err, &missing) {
			return nil, explainInputs(err)
		}
		out = unite(out, more)
	}
	return out, nil
}

func matches(pattern string, es []store.Entry) bool {
	return slices.ContainsFunc(es, func(e store.Entry) bool { return worktree.Match([]string{pattern}, e.Path) })
}

// An inputError says what is wrong with an input, and what to do about it.
type inputError struct{ input, what, fix string }

func (e *inputError) Error() string { return fmt.Sprintf("input %s: %s", e.input, e.what) }

// explainInputs turns what the tree says into an inputError.
func explainInputs(err error) error {
	var missing *worktree.MissingError
	var outside *worktree.OutsideError
	switch {
	case errors.As(err, &missing):
		fix := "write the file, or correct the path"
		if len(missing.Near) > 0 {
			fix = fmt.Sprintf("did you mean %q?", missing.Near[0])
		}
		return &inputError{missing.Pattern, "no such file or folder", fix}
	case errors.As(err, &outside):
		return &inputError{cmp.Or(outside.Path, outside.Pattern), "the link leads out of the repository, to " + outside.Target,
			"copy the file into the repository, or let the link stay inside"}
	}
	return err
}

// moved names the first input of the repository that is not what it was when
// the job began, or "".
func (x *execution) moved(ctx context.Context, n *plan.Node, before inputs) string {
	now, err := x.repository(ctx, n, before.blobs)
	if err != nil {
		return err.Error()
	}
	return difference(before.repo, now)
}

// repository looks again at what a node sees of the repository.
func (x *execution) repository(ctx context.Context, n *plan.Node, blobs []store.Entry) (now []store.Entry, err error) {
	if n.Tracked {
		now, err = x.Tree.TrackedEntries(ctx, x.written.has)
	}
	patterns, exclude := splitPatterns(n)
	if err != nil || len(patterns) == 0 {
		return now, err
	}
	more, err := x.fromTree(ctx, n, patterns, exclude, blobs)
	return unite(now, more), err
}

// difference names the first path at which two sorted lists differ, or "".
func difference(a, b []store.Entry) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return min(a[i].Path, b[i].Path)
		}
	}
	switch {
	case len(a) > len(b):
		return a[len(b)].Path
	case len(b) > len(a):
		return b[len(a)].Path
	}
	return ""
}

// named gives inputs the names of the datasets that they belong to.
func named(as []record.Artifact, n *plan.Node) []record.Artifact {
	for _, in := range n.Inputs {
		if in.Data == "" || in.Source != "" {
			continue
		}
		for i := range as {
			if worktree.Match([]string{in.Pattern}, as[i].Path) {
				as[i].Name = in.Data
			}
		}
	}
	return as
}
