package dataset

import (
	"context"
	"time"

	"github.com/mlops-runner/mlops/runner/store"
)

// Missing returns how many files of a version the store cannot give. With deep
// it reads those that it has, which finds what a stat does not.
func (s *Versions) Missing(ctx context.Context, v *Version, deep bool) (missing int, err error) {
	bad := map[store.Digest]bool{}
	for _, d := range v.Blobs() {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if deep {
			bad[d] = s.d.Reread(ctx, d) != nil
		} else {
			bad[d] = !s.d.Has(d)
		}
	}
	for _, f := range v.Files {
		if f.Link == "" && bad[f.Digest] {
			missing++
		}
	}
	return missing, ctx.Err()
}

// Roots returns what keeps the bytes of all versions from the store's garbage
// collection. A version counts as used when it was last read, or seen first.
func (s *Versions) Roots() ([]store.Root, error) {
	names, err := s.Names()
	if err != nil {
		return nil, err
	}
	var out []store.Root
	for _, name := range names {
		all, err := s.All(name)
		if err != nil {
			return nil, err // to go on would remove what a damaged file names
		}
		used := map[store.Digest]time.Time{}
		for _, r := range s.Readings(name) {
			if used[r.Version].Before(r.Time) {
				used[r.Version] = r.Time
			}
		}
		for _, v := range all {
			if !v.Kept {
				continue
			}
			when := v.First.Time
			if used[v.Digest].After(when) {
				when = used[v.Digest]
			}
			blobs := v.Blobs()
			if v.Origin != nil {
				blobs = append(blobs, v.Digest) // the manifest of a folder
			}
			out = append(out, store.Root{Name: name + "@" + v.Digest.Short(), Used: when, Blobs: blobs})
		}
	}
	return out, nil
}
