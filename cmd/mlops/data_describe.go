package main

import (
	"path"
	"strings"

	"github.com/mlops-runner/mlops/actions/datacheck"
	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/dataset"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/spec"
)

// describeData keeps the profiles that the data checks of a run made with the
// versions of the datasets that they are of.
func describeData(s *session, f *runner.Finished) error {
	versions := dataset.In(s.Store)
	var without []dataset.Version
	for _, d := range f.Data {
		v := dataset.New(d.Name, d.Path, d.Entries)
		if d.Source != "" {
			v.Digest = d.Pin
		}
		if _, known := versions.Rows(d.Name, v.Digest); !known && d.Entries != nil {
			without = append(without, v)
		}
	}
	if len(without) == 0 {
		return nil
	}
	run, err := record.Load(s.Store.Root(), f.Record.ID)
	if err != nil {
		return err
	}
	for _, j := range run.Jobs {
		for turn := range j.Kept {
			text, err := keptFile(run, s.Store, j.ID, spec.KeptName(datacheck.ProfileFile, turn+1))
			if err == nil && text != nil {
				err = describeAs(versions, without, text)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// describeAs keeps a profile with the versions that it is of.
func describeAs(versions *dataset.Versions, without []dataset.Version, text []byte) error {
	p, err := profile.Decode(text)
	if err != nil {
		return nil // any job may keep a file of that name
	}
	for _, v := range without {
		if !describes(p, &v) {
			continue
		}
		if err := versions.Describe(v.Dataset, v.Digest, text); err != nil {
			return err
		}
	}
	return nil
}

// describes reports whether a profile is of all files of a version that hold a
// table, by their names and sizes: the job that made it had these as its inputs.
func describes(p *profile.Profile, v *dataset.Version) bool {
	sizes := map[string]int64{}
	for _, f := range v.Files {
		if base := path.Base(f.Path); f.Link == "" && !strings.HasPrefix(base, ".") && !strings.HasPrefix(base, "_") {
			sizes[f.Path] = f.Size
		}
	}
	for _, f := range p.Files {
		if size, ok := sizes[f.Path]; !ok || size != f.Bytes {
			return false
		}
	}
	return len(p.Files) == len(sizes) && len(sizes) > 0
}
