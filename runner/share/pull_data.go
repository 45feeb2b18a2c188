package share

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/dataset"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

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
