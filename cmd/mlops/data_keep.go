package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/dataset"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// keepData notes which versions of datasets a run has read, and keeps the bytes
// of new ones. What goes wrong is told and changes nothing of the run. A run of
// a stranger does not come here.
func (a *app) keepData(ctx context.Context, s *session, f *runner.Finished) (trouble []string) {
	for _, d := range f.Data {
		if err := a.keepRead(ctx, s, f.Record, d); err != nil {
			trouble = append(trouble, fmt.Sprintf("the version of the dataset %s is not kept: %v", d.Name, err))
		}
	}
	if err := describeData(s, f); err != nil {
		trouble = append(trouble, fmt.Sprintf("what the data checks found of datasets is not kept with their versions: %v", err))
	}
	return trouble
}

func (a *app) keepRead(ctx context.Context, s *session, run *record.Run, d runner.DataRead) error {
	v := dataset.New(d.Name, d.Path, d.Entries)
	if d.Source != "" {
		v.Digest, v.Origin = d.Pin, &dataset.Origin{Address: d.Source}
		for i := range v.Files {
			v.Files[i].Tag = d.Tags[tagKey(d.Path, v.Files[i].Path)]
		}
	}
	versions := dataset.In(s.Store)
	known := versions.Has(d.Name, v.Digest)
	if d.Entries != nil {
		v.First = dataset.Sight{
			Time: run.Started, Run: run.ID, Pipeline: run.Pipeline, Commit: run.Source.Commit, Dirty: run.Source.Dirty, Branch: run.Source.Branch,
		}
		if err := a.keepVersion(ctx, s, v, known); err != nil {
			return err
		}
	}
	if run.Status == record.Cancelled {
		return nil // it may have read a part alone
	}
	r := dataset.Reading{Pipeline: run.Pipeline, Version: v.Digest, Run: run.ID, Time: run.Started, Files: len(v.Files), Size: v.Size}
	if d.Entries == nil && known { // of a cached job, nothing had to be fetched
		if old, err := versions.Load(d.Name, v.Digest); err == nil {
			r.Files, r.Size = len(old.Files), old.Size
		}
	}
	return versions.Read(d.Name, r)
}

// tagKey is how a file of a dataset from an address is called there: by its
// path in a folder, "" if it is the only one.
func tagKey(path, file string) string {
	if path == file {
		return ""
	}
	return file[min(len(path), len(file)):]
}

// keepVersion keeps the bytes of a version, unless the file says not to, and
// then its manifest. Of a known version it keeps bytes that the store has lost.
func (a *app) keepVersion(ctx context.Context, s *session, v dataset.Version, known bool) error {
	versions := dataset.In(s.Store)
	for _, d := range s.Plan.Data {
		v.Kept = v.Kept || d.Name == v.Dataset && d.Keep
	}
	if known {
		old, err := versions.Load(v.Dataset, v.Digest)
		if err == nil {
			v.First = old.First
			missing, err := versions.Missing(ctx, &v, false)
			if !v.Kept || err != nil || missing == 0 && old.Kept {
				return err
			}
		}
	}
	if !v.Kept {
		return versions.Add(v)
	}
	pin, err := s.Store.Pin(ctx)
	if err != nil {
		return err
	}
	defer pin.Release()
	err = pin.Keep(ctx, v.Blobs()...)
	if err == nil && v.Origin == nil {
		err = a.keepBytes(ctx, s, v)
	}
	if err == nil {
		return versions.Add(v)
	}
	v.Kept = false // what it was is known even so
	return errors.Join(err, versions.Add(v))
}

// muchData is from how many bytes on a person is told that they are copied.
const muchData = 1 << 30

// keepBytes copies the files of a version into the store. One that has changed
// since the run looked is a *store.MismatchError.
func (a *app) keepBytes(ctx context.Context, s *session, v dataset.Version) error {
	free, err := freeSpace(s.Store.Root())
	if err == nil && free < v.Size+runner.DefaultDiskFloor {
		return fmt.Errorf("it has %s, and %s are free; keep: false in data: leaves the bytes out", view.Bytes(v.Size), view.Bytes(free))
	}
	if v.Size >= muchData {
		a.say("keeping the %s of %s@%s in the store, so that it can be restored; keep: false in data: leaves them out", view.Bytes(v.Size), v.Dataset, v.Digest.Short())
	}
	b, err := s.Store.Begin(ctx)
	if err != nil {
		return err
	}
	defer b.Close()
	if _, err := b.IngestAll(ctx, s.Root, v.Entries(), store.IngestOptions{}); err != nil {
		return err
	}
	return b.Commit(ctx)
}
