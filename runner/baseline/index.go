package baseline

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/mlops-runner/mlops/runner/record"
)

// A Line is what an [Index] knows of one sealed run.
type Line struct {
	ID         string
	Pipeline   string
	Repository string
	Commit     string
	Branch     string
	Event      string
	Status     record.Status
	Reason     string
	Dirty      bool
	Departs    bool
	Gated      bool // it had gates that were judged
	Started    time.Time
}

// stands reports whether a run stands for its commit: the whole pipeline, as
// the commit has it.
func (l *Line) stands() bool { return l.Commit != "" && !l.Dirty && !l.Departs }

// Done reports whether all jobs of the run did what they should, also if a gate
// then stopped it.
func (l *Line) Done() bool { return l.rank() > 0 }

// rank orders runs by their worth as a baseline: 2 for success, 1 for a run
// whose jobs all succeeded and that a gate stopped, 0 for those that lack metrics.
func (l *Line) rank() int {
	switch {
	case l.Status == record.Success:
		return 2
	case l.Status == record.Failure && l.Reason == "gate":
		return 1
	}
	return 0
}

// An Index lists the sealed runs of a store, newest first. It is read once and
// not changed by runs that end later. It is safe for concurrent use.
type Index struct {
	root  string
	lines []Line
}

// OpenIndex reads the index of the store in root: the list of its runs, and of
// those that no earlier call has seen their covers. What it learns it gives to
// keep, which puts it into a file of the store; nil keeps nothing. That this file
// is missing or torn only costs time, and what no longer has a record is in no
// list. Records that cannot be read are left out.
func OpenIndex(root string, keep func(rel string, data []byte) error) (*Index, error) {
	known := readCache(root)
	x := &Index{root: root}
	var fresh []record.Entry
	for e, err := range record.List(root) {
		if err != nil {
			return nil, fmt.Errorf("list runs: %w", err)
		}
		if l, ok := known[e.ID]; ok {
			x.lines = append(x.lines, l)
			continue
		}
		fresh = append(fresh, e)
	}
	added := readCovers(fresh)
	if len(added) == 0 && len(known) == len(x.lines) {
		return x, nil
	}
	x.lines = append(x.lines, added...)
	slices.SortFunc(x.lines, func(a, b Line) int { return strings.Compare(b.ID, a.ID) })
	if keep != nil {
		_ = keep(cacheFile, encodeCache(x.lines)) // without it the next call does the work again
	}
	return x, nil
}

// Lines returns all runs, newest first. The slice is the index's own.
func (x *Index) Lines() []Line { return x.lines }

// readCovers reads what records say of themselves, some at a time.
func readCovers(entries []record.Entry) []Line {
	var mu sync.Mutex // guards out
	var out []Line
	var g errgroup.Group
	g.SetLimit(8)
	for _, e := range entries {
		g.Go(func() error {
			run, err := e.Cover()
			if err != nil {
				return nil // it goes on, was interrupted, or is damaged
			}
			l := lineOf(run)
			mu.Lock()
			defer mu.Unlock()
			out = append(out, l)
			return nil
		})
	}
	_ = g.Wait() // never fails
	return out
}

func lineOf(r *record.Run) Line {
	return Line{
		ID: r.ID, Pipeline: r.Pipeline, Repository: r.Source.Repository, Commit: r.Source.Commit, Branch: r.Source.Branch, Event: r.Trigger.Event,
		Status: r.Status, Reason: r.Reason, Dirty: r.Source.Dirty, Departs: len(r.Departs) > 0, Gated: len(r.Gates) > 0, Started: r.Started,
	}
}

// Has reports whether a commit has a run of a pipeline that others can be compared with.
func (x *Index) Has(pipeline, commit string) bool {
	return len(x.of(Query{Pipeline: pipeline})[commit]) > 0
}

// of are the runs of a pipeline that stand for their commits, by commit, the best
// first: by rank, then the newest. q's own run is none of them.
func (x *Index) of(q Query) map[string][]*Line {
	out := map[string][]*Line{}
	for i := range x.lines {
		if l := &x.lines[i]; l.Pipeline == q.Pipeline && l.ID != q.Run && l.stands() && l.rank() > 0 {
			out[l.Commit] = append(out[l.Commit], l)
		}
	}
	for _, lines := range out {
		slices.SortStableFunc(lines, func(a, b *Line) int { return b.rank() - a.rank() })
	}
	return out
}

// failed are the runs that would stand for their commits, had they succeeded.
func (x *Index) failed(q Query) map[string][]*Line {
	out := map[string][]*Line{}
	for i := range x.lines {
		if l := &x.lines[i]; l.Pipeline == q.Pipeline && l.ID != q.Run && l.stands() && l.rank() == 0 {
			out[l.Commit] = append(out[l.Commit], l)
		}
	}
	return out
}

// Event is what a run that was started to be a baseline has for its trigger.
const Event = "baseline"

// earlier are the successful runs of a pipeline, newest first: of a branch, or
// of all if that is "". A store may be shared by repositories whose pipelines
// bear the same name.
func (x *Index) earlier(q Query, branch string) []*Line {
	var out []*Line
	for i := range x.lines {
		l := &x.lines[i]
		if l.Pipeline == q.Pipeline && l.ID != q.Run && l.stands() && l.Status == record.Success && l.Event != Event &&
			(branch == "" || l.Branch == branch) && sameRepository(l.Repository, q.Repository) {
			out = append(out, l)
		}
	}
	return out
}

// sameRepository compares addresses by owner and name: one clone has https, another ssh.
func sameRepository(a, b string) bool {
	return a == "" || b == "" || ownerAndName(a) == ownerAndName(b)
}

func ownerAndName(address string) string {
	address = strings.ReplaceAll(strings.TrimSuffix(strings.TrimSuffix(address, "/"), ".git"), ":", "/")
	parts := strings.Split(address, "/")
	return strings.ToLower(strings.Join(parts[max(0, len(parts)-2):], "/"))
}
