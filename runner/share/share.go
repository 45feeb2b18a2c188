// Package share carries what a store holds to a place that several machines reach,
// a [remote.Store], and back: results, records of runs, versions of datasets, and
// models. It decides nothing about jobs and moves no alias.
//
// # Layout of the remote
//
//	cas/sha256/ab/<64 hex>                 a blob, as in the store
//	actions/ab/<64 hex>                    a result, as in the store
//	runs/YYYY/MM/<id>.tar                  a sealed record, see [record.Entry.Pack]
//	datasets/<name>/versions/<64 hex>.json a version of a dataset, as in the store
//	models/<model>/journal.jsonl           the journal; the only object that changes
//	runs/…/<id>/attest/<name>.<64 hex>.json, models/<model>/attest/<line>.summary.<64 hex>.json
//	                                       attestations, as in the store, by their digests
//	locks/                                 who is writing or removing, see below
//
// A model's version is the blob that its line of the journal names; its tree is made
// anew from that. Why a run is one object: its twenty small files would be twenty
// requests, and it appears as a whole.
//
// # Order, and what a break leaves
//
// Blobs go first, then what refers to them, the journals last. So whatever can be
// found is complete, and a break leaves blobs that nothing refers to, which the next
// push of the same finds there, or [GC] removes after a day.
//
// # Who is trusted
//
// Every blob is held against its digest while it comes, records against
// SHA256SUMS, versions against the journal, and the journal against itself and ours.
// Attestations are weighed by the policy: of several at one place that counts which a
// trusted key has signed, the newest summary first; one whose signature is not that
// of the key it names is told and not taken. That finds damage. Who may write to the remote can nevertheless make up results: give
// keys that write to those whom you would let run jobs, and the others read-only ones.
package share

import (
	"context"
	"fmt"
	"log/slog"
	"path"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mlops-runner/mlops/runner/provenance"
	"github.com/mlops-runner/mlops/runner/remote"
	"github.com/mlops-runner/mlops/runner/store"
)

// A Share is a store and the remote that it is shared by. Methods may be called one
// after the other; [Cache] has its own rules.
type Share struct {
	Local    *store.Dir
	Remote   remote.Store
	Now      func() time.Time        // nil means time.Now
	Progress func(done, total int64) // called now and then with the bytes that have gone; nil for nobody
	Log      *slog.Logger            // nil discards
	DryRun   bool                    // say what would be done and do nothing
	Trust    *provenance.Trust       // by which attestations are weighed; nil trusts no key and refuses only what is none

	meter meter
}

func (s *Share) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

// A Choice is what to carry. The zero value is nothing.
type Choice struct {
	Runs    []string // ids or beginnings of them
	Newest  int      // so many of the newest runs
	AllRuns bool
	Data    bool // versions of datasets, with their bytes
	Cache   bool // results, with the bytes of their outputs
	Models  bool // journals and versions, with their bytes
	// Named are models to carry where Models does not say all of them.
	Named []string
	// Names alone of datasets and models are brought, not the bytes; of a pull.
	Lazy bool
	// Whole looks for the bytes also of what the remote has already, and sends those that
	// are gone there; of a push.
	Whole bool
	// Theirs takes the remote's journal where it and ours have diverged; of a pull.
	Theirs bool
}

// model reports whether a model is to be carried.
func (c *Choice) model(name string) bool { return c.Models || slices.Contains(c.Named, name) }

// modelsPrefix is what the names begin with of all objects of the models to be carried.
func (c *Choice) modelsPrefix() string {
	if !c.Models && len(c.Named) == 1 {
		return path.Dir(journalName(c.Named[0])) + "/"
	}
	return "models/"
}

// A Report is what was carried.
type Report struct {
	DryRun   bool `json:"dryRun"`
	Runs     int  `json:"runs"`
	Results  int  `json:"results"`
	Datasets int  `json:"datasets"` // versions
	Models   int  `json:"models"`   // whose journals have got longer
	Blobs    int  `json:"blobs"`
	// Attestations are signed statements about runs and models.
	Attestations int      `json:"attestations"`
	Bytes        int64    `json:"bytes"`          // of the blobs
	Said         []string `json:"said,omitempty"` // what else a person should know
}

func (r *Report) say(format string, args ...any) {
	r.Said = append(r.Said, fmt.Sprintf(format, args...))
}

// Nothing reports whether all was there already.
func (r *Report) Nothing() bool {
	return r.Runs+r.Results+r.Datasets+r.Models+r.Blobs+r.Attestations == 0
}

// A meter adds up bytes and tells of them at most ten times a second.
type meter struct {
	done, total atomic.Int64

	mu   sync.Mutex // guards last, and calls of progress
	last time.Time
}

func (s *Share) moved(n int64) {
	done := s.meter.done.Add(n)
	if s.Progress == nil || !s.meter.mu.TryLock() {
		return
	}
	defer s.meter.mu.Unlock()
	if now := time.Now(); now.Sub(s.meter.last) > 100*time.Millisecond {
		s.meter.last = now
		s.Progress(done, s.meter.total.Load())
	}
}

// A blob is one to be carried.
type blob struct {
	digest store.Digest
	size   int64 // bytes; -1 if nobody knows
}

func blobName(d store.Digest) string { return sharded("cas/sha256", d) }

// tops are what the names of all objects begin with, but for locks, which are short.
var tops = []string{"cas/", "actions/", "runs/", "datasets/", "models/"}

func sharded(kind string, d store.Digest) string {
	h := d.Hex()
	return kind + "/" + h[:2] + "/" + h
}

// inParallel calls work for n things, several at a time, until one fails.
func inParallel(ctx context.Context, n int, work func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, atOnce) {
		wg.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := work(ctx, i); err != nil {
					cancel(err)
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// atOnce is how many objects go at a time: enough to hide how long an answer takes.
const atOnce = 8
