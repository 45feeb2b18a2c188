package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// images resolves each image once, however many jobs use it.
type images struct {
	imager Imager // nil: jobs run without images
	mu     sync.Mutex
	known  map[string]*imageAnswer
}

type imageAnswer struct {
	ready chan struct{} // closed when what follows is there
	image Image
	err   error
	stale bool // it was cancelled with the job that asked
}

func newImages(e Executor) *images {
	m, _ := e.(Imager)
	return &images{imager: m, known: map[string]*imageAnswer{}}
}

// platform is what jobs without an image depend on.
func platform() string { return runtime.GOOS + "/" + runtime.GOARCH }

// resolve returns the image of a request, asking the executor at the first
// call. When the job that asked is cancelled, another that waits asks again.
func (i *images) resolve(ctx context.Context, r ImageRequest) (Image, error) {
	key := requestKey(r)
	for {
		a, first := i.answer(key)
		if first {
			a.image, a.err = i.imager.Resolve(ctx, r)
			i.settle(key, a, a.err != nil && ctx.Err() != nil)
		}
		select {
		case <-a.ready:
		case <-ctx.Done():
			return Image{}, context.Cause(ctx)
		}
		if !a.stale || first {
			return a.image, a.err
		}
	}
}

// answer returns the answer to a request; first tells the caller to give it.
func (i *images) answer(key string) (a *imageAnswer, first bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if a, ok := i.known[key]; ok {
		return a, false
	}
	a = &imageAnswer{ready: make(chan struct{})}
	i.known[key] = a
	return a, true
}

// settle makes an answer known to all who wait for it. A stale one is forgotten.
func (i *images) settle(key string, a *imageAnswer, stale bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if a.stale = stale; stale {
		delete(i.known, key)
	}
	close(a.ready)
}

func requestKey(r ImageRequest) string {
	key := strings.Join([]string{r.Name, r.Platform, r.Pull, r.Pin.Digest, r.Pin.ID, strconv.FormatBool(r.Look)}, "\x00")
	if b := r.Build; b != nil {
		key += "\x00" + b.Digest
	}
	return key
}

// image finds the image of a node. forecast looks only at what the engine has:
// ok is false if the image must be pulled or built first.
func (x *execution) image(ctx context.Context, n *plan.Node, forecast bool) (img Image, ok bool, err error) {
	if x.images.imager == nil {
		return Image{Platform: platform()}, true, nil
	}
	r := ImageRequest{Name: n.Image, Platform: n.Platform, Pull: n.Pull}
	r.Pin = x.pinOf(n)
	if n.Build != nil {
		if r.Build, err = x.build(ctx, n); err != nil {
			return img, false, err
		}
	}
	if forecast {
		if strings.HasPrefix(r.Pull, "always") && r.Pin == (Pin{}) {
			return img, false, nil
		}
		r.Look = true
		if img, err = x.images.resolve(ctx, r); err != nil && missingImage(err) {
			return img, false, nil
		}
		return img, err == nil, err
	}
	r.Progress = func(text string) { x.watch.send(Event{Kind: ImageNews, Job: n.ID, Text: text}) }
	img, err = x.images.resolve(ctx, r)
	return img, err == nil, err
}

// pinOf is what the image of a node is pinned to, if it is.
func (x *execution) pinOf(n *plan.Node) Pin {
	if n.Build != nil {
		return Pin{}
	}
	return x.Pins[PinKey(n.Image, n.Platform)]
}

// pinNote says so to people.
func (x *execution) pinNote(n *plan.Node) string {
	p := x.pinOf(n)
	if p == (Pin{}) || x.images.imager == nil {
		return ""
	}
	return n.Image + " → " + cmp.Or(p.Digest, p.ID)
}

// NewBuild describes the image that a `build:` makes, without a digest and with
// nothing pinned. root is the folder that its paths are relative to.
func NewBuild(root string, of *plan.Build) *Build {
	b := &Build{Context: filepath.Join(root, filepath.FromSlash(of.Context)), File: of.File, Target: of.Target, Args: map[string]string{}}
	for _, a := range of.Args {
		b.Args[a.Name] = a.Value
	}
	return b
}

// build describes the image that a node's `build:` makes; the digest names it
// by the content it is made of.
func (x *execution) build(ctx context.Context, n *plan.Node) (*Build, error) {
	b := NewBuild(x.Root, n.Build)
	b.Pins = x.Pins
	es, err := x.Tree.Entries(ctx, []string{n.Build.Context}, nil)
	if err != nil {
		return nil, explainInputs(err)
	}
	x.used.add(es)
	lines := []string{"file " + b.File, "target " + b.Target}
	for _, k := range slices.Sorted(maps.Keys(b.Args)) {
		lines = append(lines, "arg "+k+"="+b.Args[k])
	}
	for _, e := range es {
		lines = append(lines, fmt.Sprintf("%s %o %s %s", e.Path, e.Mode, e.Digest, e.Link))
	}
	b.Digest = store.Sum([]byte(strings.Join(lines, "\n"))).String()
	return b, nil
}

// imageLines is what the fingerprint says of the place where a job runs. The
// name is not in it: a tag that moves to an equal image changes nothing.
func imageLines(img Image) []plan.Line {
	if img.ID == "" {
		return []plan.Line{{Kind: "image", Name: "host", Value: img.Platform}}
	}
	return []plan.Line{{Kind: "image", Name: "id", Value: img.ID}, {Kind: "image", Name: "platform", Value: img.Platform}}
}

func recordImage(img Image) record.Image {
	return record.Image{Name: img.Name, ID: img.ID, Digests: img.Digests, Platform: img.Platform}
}

// missingImage reports whether an executor says that an image is not there yet.
func missingImage(err error) bool {
	var e *ExecError
	return errors.As(err, &e) && e.Reason == agent.ReasonImagePull
}
