package share

import (
	"context"
	"errors"
	"path"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/remote"
	"github.com/mlops-runner/mlops/runner/store"
)

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
