package share

import (
	"context"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/store"
)

// newResults are those that the remote lacks and of which all outputs are here.
func (s *Share) newResults(ctx context.Context, c Choice, rep *Report) (units []unit, err error) {
	if !c.Cache {
		return nil, nil
	}
	have, err := s.there(ctx, "actions/")
	if err != nil {
		return nil, err
	}
	for a, err := range s.Local.Actions(ctx) {
		if err != nil {
			return nil, err
		}
		name := sharded("actions", a.Fingerprint)
		blobs, whole := s.outputs(a.Data)
		if have[name] && !c.Whole || !whole {
			continue
		}
		if have[name] {
			units = append(units, unit{blobs: blobs})
			continue
		}
		rep.Results++
		units = append(units, unit{name: name, blobs: blobs, data: func() ([]byte, error) { return store.SealAction(a.Data), nil }})
	}
	return units, nil
}

// outputs are the blobs of a result, and whether all are here.
func (s *Share) outputs(data []byte) (out []store.Digest, whole bool) {
	r, err := runner.ParseResult(data)
	if err != nil {
		return nil, false // of another version
	}
	for _, e := range r.Blobs() {
		if !s.Local.Has(e.Digest) {
			return nil, false
		}
		out = append(out, e.Digest)
	}
	return out, true
}
