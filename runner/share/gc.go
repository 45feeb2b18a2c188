package share

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"sort"
	"time"

	"github.com/mlops-runner/mlops/runner/dataset"
	"github.com/mlops-runner/mlops/runner/provenance"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/remote"
	"github.com/mlops-runner/mlops/runner/store"
)

// young is how old a blob must be that nothing refers to before it goes: somebody may be about to
// push what refers to it.
const young = 24 * time.Hour

// GCOptions say what may go beside blobs that nothing refers to. The zero value lets
// nothing else go.
type GCOptions struct {
	// Before is when results and records must have been pushed to go; zero lets none go.
	// Never go records that a journal, a version of a dataset or a remaining result
	// names, nor anything that models and datasets need.
	Before time.Time
}

// A GCReport says what went, or would go.
type GCReport struct {
	DryRun  bool  `json:"dryRun"`
	Blobs   int   `json:"blobs"`
	Results int   `json:"results"`
	Runs    int   `json:"runs"`
	Freed   int64 `json:"freed"` // bytes
	Left    int64 `json:"left"`  // bytes of blobs that remain
	Young   int   `json:"young"` // blobs that nothing refers to and that are not a day old
	// Halves are uploads that were broken off and are a day old; YoungHalves stay, as
	// who pushes the same again goes on with them, or is at it.
	Halves      int `json:"halves,omitempty"`
	YoungHalves int `json:"youngHalves,omitempty"`
	// Stay are the records that are old enough to go, and what names them.
	Stay []Staying `json:"stay,omitempty"`
}

// Staying is what stays, and why.
type Staying struct {
	Run string `json:"run"`
	Why string `json:"why"`
}

// GC removes from the remote what nothing refers to. It never removes a blob that a
// registered version of a model, a version of a dataset or a result needs, nor one
// younger than a day. It goes on where something is missing, and stops where
// something that may name blobs cannot be read. Nobody can push meanwhile; a kill leaves blobs that
// the next one removes.
func (s *Share) GC(ctx context.Context, o GCOptions) (rep GCReport, err error) {
	rep.DryRun = s.DryRun
	release, err := s.lease(ctx, removing)
	if err != nil {
		return rep, err
	}
	defer func() { err = errors.Join(err, release()) }()
	if f, ok := s.Remote.(remote.Sweeper); ok {
		swept, err := f.Sweep(ctx, tops, s.now(), s.DryRun)
		if err != nil {
			return rep, err
		}
		rep.Halves, rep.YoungHalves = swept.Removed, swept.Young
	}
	g := &sweeping{s: s, o: o, used: map[string]bool{}, runs: map[string]string{}}
	for _, find := range []func(context.Context) error{g.models, g.datasets, g.results, g.records} {
		if err := find(ctx); err != nil {
			return rep, err
		}
	}
	if err := g.blobs(ctx, &rep); err != nil {
		return rep, err
	}
	rep.Results, rep.Runs, rep.Stay = len(g.oldResults), len(g.oldRuns), g.stay
	if s.DryRun {
		return rep, nil
	}
	// What refers to blobs goes before them.
	for _, names := range [][]string{g.oldResults, g.oldRuns, g.oldAttests, g.unused} {
		err := inParallel(ctx, len(names), func(ctx context.Context, i int) error { return s.Remote.Delete(ctx, names[i]) })
		if err != nil {
			return rep, err
		}
	}
	return rep, nil
}

// sweeping is one GC at work.
type sweeping struct {
	s    *Share
	o    GCOptions
	used map[string]bool   // names of blobs
	runs map[string]string // by id, what names it
	stay []Staying

	makers []maker // of versions

	oldResults, oldRuns, oldAttests, unused []string
}

// name notes what names a run, unless that is known.
func (g *sweeping) name(run, why string) {
	if g.runs[run] == "" {
		g.runs[run] = why
	}
}

func (g *sweeping) use(ds ...store.Digest) {
	for _, d := range ds {
		g.used[blobName(d)] = true
	}
}

// each reads the objects below a prefix, several at a time, and hands them on one by one.
func (g *sweeping) each(ctx context.Context, prefix string, visit func(i remote.Info, data []byte) error) error {
	var all []remote.Info
	for i, err := range g.s.Remote.List(ctx, prefix) {
		if err != nil {
			return err
		}
		if _, _, attest := attestOf(i.Name); !attest { // they name nothing that is a blob
			all = append(all, i)
		}
	}
	data := make([][]byte, len(all))
	err := inParallel(ctx, len(all), func(ctx context.Context, i int) (err error) {
		data[i], err = g.s.read(ctx, all[i].Name)
		if errors.Is(err, remote.ErrNotFound) {
			return nil // it went meanwhile
		}
		return err
	})
	for i := 0; err == nil && i < len(all); i++ {
		if data[i] != nil {
			err = visit(all[i], data[i])
		}
	}
	return err
}

// models keeps all that journals name: also of versions that were retired.
func (g *sweeping) models(ctx context.Context) error {
	return g.each(ctx, "models/", func(i remote.Info, data []byte) error {
		model, ok := modelOf(i.Name)
		if !ok {
			return nil
		}
		entries, err := registry.Entries(model, data)
		if err != nil {
			return err // to go on would remove what a damaged line names
		}
		for _, e := range entries {
			g.name(e.Run, fmt.Sprintf("line %d of the journal of %s", e.Seq, model))
			if e.Action != registry.Registered {
				continue
			}
			file, err := g.s.readBlob(ctx, e.File)
			if errors.Is(err, remote.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			v, err := registry.ParseVersion(e, file)
			if err != nil {
				return &DamagedError{g.s.Remote.Address(), blobName(e.File), err.Error()}
			}
			g.use(e.File)
			made := fmt.Sprintf("%s@%d", model, v.Version)
			g.runs[v.Run] = made + ", which it made"
			g.makers = append(g.makers, maker{v.Run, v.Job, made})
			for _, f := range v.Files {
				g.use(f.Digest)
			}
		}
		return nil
	})
}

func (g *sweeping) datasets(ctx context.Context) error {
	return g.each(ctx, "datasets/", func(i remote.Info, data []byte) error {
		var v dataset.Version
		if err := json.Unmarshal(data, &v); err != nil {
			return &DamagedError{g.s.Remote.Address(), i.Name, err.Error()}
		}
		g.name(v.First.Run, "a version of dataset "+v.Dataset)
		g.use(blobsOf(&v)...)
		return nil
	})
}

// results keeps what they name, whatever version of mlops wrote them.
func (g *sweeping) results(ctx context.Context) error {
	ids := idPattern()
	return g.each(ctx, "actions/", func(i remote.Info, data []byte) error {
		if !g.o.Before.IsZero() && i.Modified.Before(g.o.Before) {
			g.oldResults = append(g.oldResults, i.Name)
			return nil
		}
		g.use(store.References(data)...)
		for _, id := range ids.FindAllString(string(data), -1) {
			g.name(id, "the result "+path.Base(i.Name)[:12])
		}
		return nil
	})
}

func (g *sweeping) records(ctx context.Context) error {
	if g.o.Before.IsZero() {
		return nil
	}
	if err := g.executed(ctx); err != nil {
		return err
	}
	var all, attests []remote.Info
	for i, err := range g.s.Remote.List(ctx, "runs/") {
		if err != nil {
			return err
		}
		if _, _, attest := attestOf(i.Name); attest {
			attests = append(attests, i)
			continue
		}
		all = append(all, i)
	}
	sort.Slice(all, func(i, j int) bool { return path.Base(all[i].Name) > path.Base(all[j].Name) })
	stays := map[string]bool{}
	for n, i := range all {
		id, old := idOf(i.Name), n > 0 && i.Modified.Before(g.o.Before) // the newest stays
		why := g.runs[id]
		if old && why == "" {
			g.oldRuns = append(g.oldRuns, i.Name)
			continue
		}
		stays[id] = true
		if old {
			g.stay = append(g.stay, Staying{id, why})
		}
	}
	for _, i := range attests { // they go with their record
		file, _, _ := attestOf(i.Name)
		if run, _, _ := provenance.About(file); !stays[run] && i.Modified.Before(g.o.Before) && g.runs[run] == "" {
			g.oldAttests = append(g.oldAttests, i.Name)
		}
	}
	return nil
}

func (g *sweeping) blobs(ctx context.Context, rep *GCReport) error {
	old := g.s.now().Add(-young)
	for i, err := range g.s.Remote.List(ctx, "cas/") {
		if err != nil {
			return err
		}
		young := i.Modified.After(old)
		if g.used[i.Name] || young {
			rep.Left += i.Size
			if !g.used[i.Name] {
				rep.Young++
			}
			continue
		}
		g.unused = append(g.unused, i.Name)
		rep.Blobs++
		rep.Freed += i.Size
	}
	return nil
}

// idPattern finds ids of runs in text.
func idPattern() *regexp.Regexp {
	return regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`)
}
