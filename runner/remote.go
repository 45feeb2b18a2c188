package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/dataset"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// A Source brings data from addresses.
type Source interface {
	// Fetch puts the bytes at an address into a store, with its manifest if it is a
	// folder ([dataset.Manifest], paths relative to it). Nothing of it is in the
	// store before all of it has the digest that pins it. progress, if not nil, is
	// told every second or so the bytes so far and in all, 0 if nobody knows, also
	// while nothing comes; one call at a time. Several may call Fetch at once. An error may have a Fix() string.
	Fetch(ctx context.Context, into *store.Dir, r dataset.Remote, progress func(done, total int64)) (dataset.Fetched, error)
}

// remoteInput is an input that comes from an address.
type remoteInput struct {
	plan.Input
	pin store.Digest
}

func (r remoteInput) remote() dataset.Remote {
	return dataset.Remote{Name: r.Data, Address: r.Source, Pin: r.pin, Folder: r.folder()}
}

func (r remoteInput) folder() bool { return strings.HasSuffix(r.Pattern, "/") }

// remoteInputs are the inputs of a node that come from an address.
func (x *execution) remoteInputs(n *plan.Node) (out []remoteInput, err error) {
	for _, in := range n.Inputs {
		if in.Source == "" {
			continue
		}
		pin, err := store.Parse(in.Digest)
		if err != nil {
			return nil, fmt.Errorf("digest of the dataset %s: %w", in.Data, err)
		}
		out = append(out, remoteInput{in, pin})
	}
	return out, nil
}

// remotes are the datasets that the run brings, each once.
type remotes struct {
	mu sync.Mutex // guards all
	of map[string]*bringing
}

type bringing struct {
	mu   sync.Mutex // held while it is brought
	done bool
	tags map[string]string
}

func (r *remotes) get(in remoteInput) *bringing {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil {
		r.of = map[string]*bringing{}
	}
	key := in.Data
	if r.of[key] == nil {
		r.of[key] = &bringing{}
	}
	return r.of[key]
}

// fetch makes sure that the store has what a node reads from addresses, until
// the run ends.
func (x *execution) fetch(ctx context.Context, n *plan.Node, ins []remoteInput) error {
	for _, in := range ins {
		b := x.remotes.get(in)
		if err := b.bring(ctx, x, n, in); err != nil {
			return err
		}
		x.noteRemote(in)
	}
	return nil
}

// bring fetches a dataset unless another job of the run, or another run, has
// just done so.
func (b *bringing) bring(ctx context.Context, x *execution, n *plan.Node, in remoteInput) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.done {
		return nil
	}
	if err := x.pin.Keep(ctx, in.pin); err != nil {
		return err
	}
	waiting := func() {
		x.watch.send(Event{Kind: Waiting, Job: n.ID, Text: "for another run, which fetches " + in.Data})
	}
	release, err := x.Store.Claim(ctx, in.pin, waiting)
	if err != nil {
		return err
	}
	defer release()
	es, err := x.remoteEntries(in)
	if err != nil {
		x.adoptData(ctx, in)
		es, err = x.remoteEntries(in)
	}
	if err != nil {
		if b.tags, err = x.download(ctx, n, in); err != nil {
			return err
		}
		es, err = x.remoteEntries(in)
	}
	if err != nil {
		return err
	}
	b.done = true
	keep := make([]store.Digest, len(es))
	for i, e := range es {
		keep[i] = e.Digest
	}
	return x.pin.Keep(ctx, keep...)
}

// download asks the source.
func (x *execution) download(ctx context.Context, n *plan.Node, in remoteInput) (map[string]string, error) {
	if x.Source == nil {
		return nil, &ExecError{Reason: agent.ReasonConfig, Err: fmt.Errorf("the dataset %s is not in the store, and this run may not fetch it", in.Data),
			Fix: "allow the run the network, or let a trusted run fetch it first"}
	}
	p := &fetchProgress{x: x, job: n.ID, name: in.Data, began: x.now()}
	got, err := x.Source.Fetch(ctx, x.Store, in.remote(), p.tell)
	if err != nil {
		var exec *ExecError
		if errors.As(err, &exec) || ctx.Err() != nil || errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
			return nil, err
		}
		return nil, &ExecError{Reason: agent.ReasonConfig, Err: err, Fix: cureOf(err)}
	}
	return got.Tags, nil
}

// cureOf is what an error says may help, or "".
func cureOf(err error) string {
	var f interface{ Fix() string }
	if errors.As(err, &f) {
		return f.Fix()
	}
	return ""
}

// remoteEntries are the files of a dataset from an address, as the workspace
// has them. It fails unless the store has all of them.
func (x *execution) remoteEntries(in remoteInput) ([]store.Entry, error) {
	return RemoteEntries(x.Store, in.remote(), in.Pattern)
}

// RemoteEntries returns the files of a dataset from an address that a store has,
// at the path where the workspace sees it. It fails unless it has all of them.
func RemoteEntries(s *store.Dir, r dataset.Remote, path string) ([]store.Entry, error) {
	if !r.Folder {
		size, err := s.Size(r.Pin)
		return []store.Entry{{Path: path, Mode: 0o644, Size: size, Digest: r.Pin}}, err
	}
	text, err := s.ReadBlob(r.Pin)
	if err != nil {
		return nil, err
	}
	files, err := dataset.ParseManifest(text)
	if err != nil {
		return nil, fmt.Errorf("manifest %s of %s: %w", r.Pin.Short(), r.Name, err)
	}
	es := make([]store.Entry, len(files))
	for i, f := range files {
		size, err := s.Size(f.Digest)
		if err != nil {
			return nil, err
		}
		es[i] = store.Entry{Path: path + f.Path, Mode: 0o644, Size: size, Digest: f.Digest}
	}
	return es, nil
}

// adoptData copies what a store below has of a dataset.
func (x *execution) adoptData(ctx context.Context, in remoteInput) {
	if x.Overlay == nil || x.Overlay.Lower == nil {
		return
	}
	es, err := RemoteEntries(x.Overlay.Lower, in.remote(), in.Pattern)
	if err != nil {
		return // it is not there, or not all of it
	}
	b, err := x.Store.Begin(ctx)
	if err != nil {
		return
	}
	defer b.Close()
	if in.folder() {
		es = append(es, store.Entry{Digest: in.pin})
	}
	for _, e := range es {
		if err := copyBlob(ctx, b, x.Overlay.Lower, e.Digest); err != nil {
			x.log().Warn("take data from the shared store", "dataset", in.Data, "error", err)
			return
		}
	}
	if err := b.Commit(ctx); err != nil {
		x.log().Warn("take data from the shared store", "dataset", in.Data, "error", err)
	}
}

// mountRemote mounts large data from the store, and returns the entries of the
// rest for the workspace.
func (x *execution) mountRemote(ctx context.Context, n *plan.Node, ins []remoteInput) (mounts []Mount, rest []store.Entry, err error) {
	for _, in := range ins {
		es, err := x.remoteEntries(in)
		if err != nil {
			return nil, nil, err
		}
		name := strings.TrimSuffix(in.Pattern, "/")
		switch mountable := x.images.imager != nil && large(es) && !x.writesInto(n, name); {
		case !mountable:
			rest = append(rest, es...)
		case in.folder():
			m, err := x.mountTree(ctx, es, name)
			if err != nil {
				return nil, nil, err
			}
			mounts = append(mounts, m)
		default:
			mounts = append(mounts, Mount{Source: x.Store.Path(in.pin), Target: name})
		}
	}
	return mounts, rest, nil
}

// remoteArtifacts are a job's inputs from addresses, as its record has them.
func (x *execution) remoteArtifacts(ins []remoteInput) (out []record.Artifact) {
	for _, in := range ins {
		a := record.Artifact{Name: in.Data, Path: in.Pattern, Digest: in.pin, Source: dataset.Shown(in.Source)}
		es, err := x.remoteEntries(in)
		if err == nil && in.folder() {
			a.Files = int64(len(es))
		}
		for _, e := range es {
			a.Size += e.Size
		}
		if !in.folder() {
			a.Mode = 0o644
		}
		out = append(out, a)
	}
	return out
}
