package share

import (
	"context"

	"github.com/mlops-runner/mlops/runner/dataset"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// newVersions are the versions of datasets that the remote lacks. Without their bytes,
// of which some may be gone, nobody could use them.
func (s *Share) newVersions(ctx context.Context, c Choice, rep *Report) (units []unit, err error) {
	if !c.Data {
		return nil, nil
	}
	have, err := s.there(ctx, "datasets/")
	if err != nil {
		return nil, err
	}
	versions := dataset.In(s.Local)
	names, err := versions.Names()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		all, err := versions.All(name)
		if err != nil {
			return nil, err
		}
		for _, v := range all {
			file := versionName(name, v.Digest)
			blobs := blobsOf(v)
			if have[file] && !c.Whole || !v.Kept || !s.hasAll(blobs) {
				continue
			}
			if have[file] {
				units = append(units, unit{blobs: blobs})
				continue
			}
			rep.Datasets++
			units = append(units, unit{name: file, blobs: blobs, data: func() ([]byte, error) { return record.Canonical(v) }})
		}
	}
	return units, nil
}

func versionName(name string, d store.Digest) string {
	return "datasets/" + record.JobFolder(name) + "/versions/" + d.Hex() + ".json"
}

// blobsOf are all of a version, with the manifest of a folder.
func blobsOf(v *dataset.Version) []store.Digest {
	blobs := v.Blobs()
	if v.Origin != nil {
		blobs = append(blobs, v.Digest)
	}
	return blobs
}
