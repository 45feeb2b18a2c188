package share

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/dataset"
	"github.com/mlops-runner/mlops/runner/provenance"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/remote"
	"github.com/mlops-runner/mlops/runner/store"
)

// Pull brings what was chosen, unless it is here. Models whose journals have diverged
// are told in an error when all else is here; it is a *[registry.DivergedError].
func (s *Share) Pull(ctx context.Context, c Choice) (rep Report, err error) {
	rep.DryRun = s.DryRun
	if err := s.pullRuns(ctx, c, &rep); err != nil {
		return rep, err
	}
	if err := s.pullVersions(ctx, c, &rep); err != nil {
		return rep, err
	}
	diverged := s.pullModels(ctx, c, &rep)
	if diverged != nil && asDiverged(diverged) == nil {
		return rep, diverged
	}
	return rep, errors.Join(s.pullResults(ctx, c, &rep), diverged)
}

// pullRuns brings records, the newest first.
func (s *Share) pullRuns(ctx context.Context, c Choice, rep *Report) error {
	if len(c.Runs) == 0 && c.Newest == 0 && !c.AllRuns {
		return nil
	}
	have, err := s.there(ctx, "runs/")
	if err != nil {
		return err
	}
	var names []string
	for name := range have {
		if strings.HasSuffix(name, ".tar") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	slices.Reverse(names) // an id begins with its time
	chosen, err := chooseRuns(names, c)
	if err != nil {
		return err
	}
	ids := map[string]bool{}
	for _, name := range chosen {
		ids[idOf(name)] = true
	}
	had := map[string]bool{}
	for e, err := range record.List(s.Local.Root()) {
		if err != nil {
			return err
		}
		had[e.ID] = true
	}
	chosen = slices.DeleteFunc(chosen, func(name string) bool { return had[idOf(name)] })
	rep.Runs = len(chosen)
	if !s.DryRun {
		if err := inParallel(ctx, len(chosen), func(ctx context.Context, i int) error { return s.pullRun(ctx, idOf(chosen[i])) }); err != nil {
			return err
		}
	}
	return s.take(ctx, offered(have, func(run, _ string) bool { return ids[run] }), nil, rep)
}

func idOf(name string) string { return strings.TrimSuffix(path.Base(name), ".tar") }

// chooseRuns are the names that a choice means.
func chooseRuns(names []string, c Choice) (out []string, err error) {
	if c.AllRuns {
		return names, nil
	}
	out = slices.Clone(names[:min(c.Newest, len(names))])
	for _, ref := range c.Runs {
		found := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !strings.HasPrefix(idOf(n), strings.ToLower(ref)) })
		switch len(found) {
		case 0:
			return nil, fmt.Errorf("run %q: %w in the shared store", ref, record.ErrNotFound)
		case 1:
		default:
			return nil, fmt.Errorf("%d runs in the shared store begin with %q", len(found), ref)
		}
		if !slices.Contains(out, found[0]) {
			out = append(out, found[0])
		}
	}
	return out, nil
}

// pullRun brings one record.
func (s *Share) pullRun(ctx context.Context, id string) error {
	name, err := runName(id)
	if err != nil || s.hasRun(id) {
		return err
	}
	r, err := s.Remote.Get(ctx, name, 0, -1)
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err = record.Unpack(s.Local.Disk(), s.Local.Root(), id, r); err != nil {
		return fmt.Errorf("%s: %w", s.Remote.Address(), err)
	}
	return nil
}

// hasRun reports whether there is a record of a run here.
func (s *Share) hasRun(id string) bool {
	folder, err := record.Folder(id)
	if err != nil {
		return false
	}
	return s.has(folder)
}

// has reports whether the store has a file or folder.
func (s *Share) has(rel string) bool {
	_, err := os.Lstat(filepath.Join(s.Local.Root(), filepath.FromSlash(rel)))
	return err == nil
}

// pullVersions brings what versions of datasets there are, and their bytes.
func (s *Share) pullVersions(ctx context.Context, c Choice, rep *Report) error {
	if !c.Data {
		return nil
	}
	var names []string
	for i, err := range s.Remote.List(ctx, "datasets/") {
		if err != nil {
			return err
		}
		names = append(names, i.Name)
	}
	slices.Sort(names)
	versions := dataset.In(s.Local)
	for _, name := range names {
		set, digest, ok := versionOf(name)
		if !ok {
			continue
		}
		v, err := versions.Load(set, digest)
		if err != nil || !v.Kept {
			if v, err = s.version(ctx, name, set, digest); err != nil {
				return err
			}
			if !versions.Has(set, digest) {
				rep.Datasets++
			}
		}
		if err := s.pullVersion(ctx, c, versions, v, rep); err != nil {
			return err
		}
	}
	return nil
}

func (s *Share) pullVersion(ctx context.Context, c Choice, versions *dataset.Versions, v *dataset.Version, rep *Report) error {
	if !c.Lazy {
		var bs []blob
		for _, f := range v.Files {
			if f.Link == "" {
				bs = append(bs, blob{f.Digest, f.Size})
			}
		}
		if v.Origin != nil && !slices.Contains(v.Blobs(), v.Digest) {
			bs = append(bs, blob{v.Digest, -1}) // the manifest of a folder
		}
		if err := s.count(ctx, bs, rep); err != nil {
			return err
		}
	}
	if s.DryRun || c.Lazy && versions.Has(v.Dataset, v.Digest) {
		return nil
	}
	return versions.Add(*v)
}

// count brings blobs and counts them.
func (s *Share) count(ctx context.Context, bs []blob, rep *Report) error {
	n, size, err := s.bring(ctx, bs)
	rep.Blobs, rep.Bytes = rep.Blobs+n, rep.Bytes+size
	return err
}

func versionOf(name string) (set string, d store.Digest, ok bool) {
	parts := strings.Split(name, "/")
	if len(parts) != 4 || parts[2] != "versions" {
		return "", d, false
	}
	set, ok = record.JobID(parts[1])
	d, err := store.Parse("sha256:" + strings.TrimSuffix(parts[3], ".json"))
	return set, d, ok && err == nil
}

// version reads a version of a dataset, and makes sure that it is the one of its name.
func (s *Share) version(ctx context.Context, name, set string, d store.Digest) (*dataset.Version, error) {
	data, err := s.read(ctx, name)
	if err != nil {
		return nil, err
	}
	var v dataset.Version
	err = json.Unmarshal(data, &v)
	if err == nil && (v.Dataset != set || v.Digest != d) {
		err = errors.New("it is of another version")
	}
	if err == nil {
		err = store.CheckEntries(v.Entries())
	}
	if err != nil {
		return nil, &DamagedError{s.Remote.Address(), name, err.Error()}
	}
	return &v, nil
}

// pullModels takes over the journals that go on where ours end.
func (s *Share) pullModels(ctx context.Context, c Choice, rep *Report) error {
	if !c.Models && len(c.Named) == 0 {
		return nil
	}
	have, err := s.there(ctx, c.modelsPrefix())
	if err != nil {
		return err
	}
	var diverged []error
	r := registry.Open(s.Local, s.Now)
	for name := range have {
		model, ok := modelOf(name)
		if !ok || !c.model(model) {
			continue
		}
		err := s.pullModel(ctx, c, r, model, rep)
		if err != nil && asDiverged(err) == nil {
			return err
		}
		diverged = append(diverged, err)
		if err == nil {
			if err := s.vouches(ctx, c, r, model, have, rep); err != nil {
				return err
			}
		}
	}
	return errors.Join(diverged...)
}

// vouches brings the summaries of a model whose journal is ours now.
func (s *Share) vouches(ctx context.Context, c Choice, r *registry.Registry, model string, have map[string]bool, rep *Report) error {
	m, err := r.Model(model)
	if errors.Is(err, registry.ErrNotFound) {
		return nil // of a dry run
	}
	if err == nil && !c.AllRuns && !c.Lazy {
		err = s.proof(ctx, s.executors(r, m), rep)
	}
	if err == nil && c.Theirs && !s.DryRun {
		err = s.dropForeign(ctx, m)
	}
	if err != nil {
		return err
	}
	return s.take(ctx, offered(have, func(_, of string) bool { return of == model }), m, rep)
}

func (s *Share) pullModel(ctx context.Context, c Choice, r *registry.Registry, model string, rep *Report) error {
	theirs, err := s.read(ctx, journalName(model))
	if err != nil {
		return err
	}
	entries, err := registry.Entries(model, theirs)
	if err != nil {
		return fmt.Errorf("%s: %w", s.Remote.Address(), err)
	}
	if !c.Lazy {
		if err := s.modelFiles(ctx, entries, rep); err != nil {
			return err
		}
	}
	ours, err := r.Text(model)
	if err != nil && !errors.Is(err, registry.ErrNotFound) {
		return err
	}
	ahead, err := registry.Ahead(model, ours, theirs)
	if err != nil && !c.Theirs {
		return err
	}
	same := err == nil && ahead >= 0
	if !c.AllRuns && !(same && c.Lazy) {
		if err := s.proof(ctx, runsOf(entries), rep); err != nil {
			return err
		}
	}
	if !same {
		rep.Models++
	}
	if same || s.DryRun {
		return nil
	}
	version := func(d store.Digest) ([]byte, error) { return s.readBlob(ctx, d) }
	moved, err := r.Adopt(ctx, model, theirs, version, c.Theirs)
	for _, m := range moved {
		by := ""
		if m.By != "" {
			by = ", moved by " + m.By
		}
		from := "nothing"
		if m.From > 0 {
			from = fmt.Sprintf("%s@%d", m.Model, m.From)
		}
		rep.say("%s@%s is %s@%d now, which was %s%s", m.Model, m.Alias, m.Model, m.To, from, by)
	}
	return err
}

// proof brings the records of runs that prove where versions came from, and what was
// signed of them.
func (s *Share) proof(ctx context.Context, ids []string, rep *Report) error {
	var mu sync.Mutex // guards rep
	return inParallel(ctx, len(ids), func(ctx context.Context, i int) error {
		if !s.DryRun {
			if err := s.pullRun(ctx, ids[i]); err != nil && !errors.Is(err, remote.ErrNotFound) {
				return err
			}
		}
		folder, err := provenance.RunFolder(ids[i])
		if err != nil || s.has(folder) {
			return err
		}
		have, err := s.there(ctx, folder+"/")
		if err != nil {
			return err
		}
		var one Report
		err = s.take(ctx, offered(have, func(run, _ string) bool { return run == ids[i] }), nil, &one)
		mu.Lock()
		defer mu.Unlock()
		rep.Attestations, rep.Said = rep.Attestations+one.Attestations, append(rep.Said, one.Said...)
		return err
	})
}

// modelFiles brings the bytes of all versions.
func (s *Share) modelFiles(ctx context.Context, entries []registry.Entry, rep *Report) error {
	var bs []blob
	for _, e := range entries {
		if e.Action != registry.Registered {
			continue
		}
		data, err := s.readBlob(ctx, e.File)
		if err != nil {
			return err
		}
		v, err := registry.ParseVersion(e, data)
		if err != nil {
			return &DamagedError{s.Remote.Address(), blobName(e.File), err.Error()}
		}
		for _, f := range v.Files {
			if f.Link == "" {
				bs = append(bs, blob{f.Digest, f.Size})
			}
		}
	}
	return s.count(ctx, bs, rep)
}

// pullResults brings all results with their outputs.
func (s *Share) pullResults(ctx context.Context, c Choice, rep *Report) error {
	if !c.Cache || c.Lazy {
		return nil
	}
	have, err := s.there(ctx, "actions/")
	if err != nil {
		return err
	}
	for name := range have {
		print, err := store.Parse("sha256:" + path.Base(name))
		if err != nil {
			continue
		}
		if _, err := s.Local.Action(print); err == nil {
			continue
		}
		r, data, err := s.result(ctx, print)
		if errors.Is(err, remote.ErrNotFound) || errors.Is(err, errOther) {
			continue
		}
		if err != nil {
			return err
		}
		if err := s.count(ctx, blobsOfResult(r), rep); err != nil {
			return err
		}
		rep.Results++
		if s.DryRun {
			continue
		}
		if err := s.Local.PutAction(ctx, print, data); err != nil {
			return err
		}
	}
	return nil
}

func blobsOfResult(r *runner.Result) (bs []blob) {
	for _, e := range r.Blobs() {
		bs = append(bs, blob{e.Digest, e.Size})
	}
	return bs
}

// errOther is a result that another version of mlops wrote, or none.
var errOther = errors.New("it is no result that this version of mlops can read")

// result reads a result from the remote.
func (s *Share) result(ctx context.Context, print store.Digest) (*runner.Result, []byte, error) {
	record, err := s.read(ctx, sharded("actions", print))
	if err != nil {
		return nil, nil, err
	}
	data, ok := store.OpenAction(record)
	if !ok {
		return nil, nil, &DamagedError{s.Remote.Address(), sharded("actions", print), "it is not whole"}
	}
	r, err := runner.ParseResult(data)
	if err != nil {
		return nil, nil, errOther
	}
	return r, data, nil
}
