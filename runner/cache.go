package runner

import (
	"context"
	"errors"
	"slices"

	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/store"
)

// A Cache has results that other machines made. It is read alone, and may be called by
// several at once. Where it cannot be asked it has nothing.
type Cache interface {
	// Result returns what is kept under a fingerprint, without the bytes of its
	// outputs. It fails with store.ErrNotFound.
	Result(ctx context.Context, print store.Digest) ([]byte, error)
	// Bring puts the bytes of files into the run's store, each held against its digest.
	// Where some are not to be had it fails with store.ErrNotFound.
	Bring(ctx context.Context, files []store.Entry) error
	// Record brings the record of a run, if there is one.
	Record(ctx context.Context, run string) error
}

// afar looks for a result that another machine made. Its bytes stay where they are until
// somebody needs them.
func (x *execution) afar(ctx context.Context, n *plan.Node, print store.Digest) *Result {
	if x.Cache == nil {
		return nil
	}
	data, err := x.Cache.Result(ctx, print)
	if err != nil {
		if !errors.Is(err, store.ErrNotFound) {
			x.log().Warn("ask the shared store", "job", n.ID, "error", err)
		}
		return nil
	}
	r, err := ParseResult(data)
	if err != nil || !r.Until.IsZero() && !x.now().Before(r.Until) {
		return nil
	}
	r.afar = data
	return r
}

// take brings what using a result needs: the bytes of outputs that are published or
// checked, what it kept for reports, and the record with its log. Outputs of which only
// other jobs may make use come when one of them runs.
func (x *execution) take(ctx context.Context, n *plan.Node, print store.Digest, r *Result) error {
	need := slices.DeleteFunc(entries(r.Kept), func(e store.Entry) bool { return e.Link != "" })
	if n.Publish || x.Options.Verify && n.Verify {
		need = r.Blobs()
	}
	if err := x.pin.Keep(ctx, digestsOf(r.Blobs())...); err != nil {
		return err
	}
	if err := x.Cache.Bring(ctx, need); err != nil {
		return err
	}
	if err := x.Cache.Record(ctx, r.Run); err != nil {
		x.log().Warn("bring a record from the shared store", "run", r.Run, "error", err)
	}
	return x.Store.PutAction(ctx, print, r.afar)
}

func digestsOf(es []store.Entry) []store.Digest {
	out := make([]store.Digest, len(es))
	for i, e := range es {
		out[i] = e.Digest
	}
	return out
}

// bring brings files that another machine has and that somebody needs now.
func (x *execution) bring(ctx context.Context, es []store.Entry) error {
	if x.Cache == nil {
		return nil
	}
	var missing []store.Entry
	for _, e := range es {
		if e.Link == "" && !e.Mode.IsDir() && !x.Store.Has(e.Digest) {
			missing = append(missing, e)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return x.Cache.Bring(ctx, missing)
}
