package runner

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// kept is the stored result of a node's fingerprint, if it may be used. Without
// one it says why one that was there may not, or nothing if there never was one.
func (x *execution) kept(ctx context.Context, n *plan.Node, print store.Digest) (*Result, []string) {
	hit, why := x.lookUp(print)
	if hit == nil {
		return nil, why
	}
	return x.checked(ctx, n, print, hit)
}

// checked is a result whose bytes are here, if it may be used.
func (x *execution) checked(ctx context.Context, n *plan.Node, print store.Digest, hit *Result) (*Result, []string) {
	if !n.Verify || !x.Options.Verify {
		return hit, nil
	}
	made, err := x.verify(ctx, print, hit)
	if err != nil {
		return nil, []string{fmt.Sprintf("its kept result does not hold: %v", err)}
	}
	hit.verified = made
	return hit, nil
}

// verify makes sure that a result which another machine made is what that
// machine recorded: the record is as it was sealed, it has this job with this
// fingerprint, made anew from its lines, and the same outputs, values and metrics;
// and every output has the content of its digest. It returns who made it, "" if
// this machine did. It proves nothing against someone who can write the store
// and the records: what they say was made may have been made up as a whole.
func (x *execution) verify(ctx context.Context, print store.Digest, r *Result) (made string, err error) {
	run, err := x.records.load(x.Store.Root(), r.Run)
	switch {
	case errors.Is(err, record.ErrNotFound):
		return "", fmt.Errorf("the record of the run that made it, %s, is gone", r.Run)
	case err != nil:
		return "", err
	case !run.Sealed:
		return "", fmt.Errorf("the run that made it, %s, did not end", r.Run)
	}
	host := run.Environment.Host.Name
	if host == x.Options.Header.Environment.Host.Name {
		return "", nil
	}
	made = fmt.Sprintf("made on %s by %s in run %s", cmp.Or(host, "an unknown machine"), cmp.Or(run.Trigger.Actor, run.Source.Author, "nobody that is known"), r.Run)
	if err := agree(run.Job(r.Job), r, print); err != nil {
		return "", fmt.Errorf("%s, %w", made, err)
	}
	for _, o := range r.Outputs {
		if o.Link != "" {
			continue
		}
		if err := x.Store.Reread(ctx, o.Digest); err != nil {
			return "", fmt.Errorf("%s, its output %s: %w", made, o.Path, err)
		}
	}
	return made, nil
}

// agree reports how a result differs from what its record says of the job.
func agree(job *record.Job, r *Result, print store.Digest) error {
	switch {
	case job == nil:
		return fmt.Errorf("which has no job %s", r.Job)
	case job.Cached || job.Status != record.Success:
		return fmt.Errorf("which did not make %s", r.Job)
	case job.Fingerprint != print || plan.Fingerprint(job.FingerprintLines) != print || plan.Fingerprint(r.Lines) != print:
		return errors.New("but not with this fingerprint")
	}
	for _, part := range []struct {
		name     string
		was, now any
	}{{"outputs", job.Outputs, r.Outputs}, {"values", job.Values, r.Values}, {"metrics", withoutJobs(job.Metrics), withoutJobs(r.Metrics)}} {
		was, wasErr := record.CanonicalLine(part.was)
		now, nowErr := record.CanonicalLine(part.now)
		if err := errors.Join(wasErr, nowErr); err != nil {
			return err
		}
		if !bytes.Equal(was, now) {
			return fmt.Errorf("whose record has other %s", part.name)
		}
	}
	return nil
}

// withoutJobs are metrics without the job that a record adds.
func withoutJobs(ms []record.Metric) []record.Metric {
	out := make([]record.Metric, len(ms))
	for i, m := range ms {
		m.Job = ""
		out[i] = m
	}
	return out
}

// records are those of other runs, each read once. Their zero value is ready.
type records struct {
	mu   sync.Mutex // guards the map
	runs map[string]func() (*record.Run, error)
}

func (r *records) load(root, id string) (*record.Run, error) {
	r.mu.Lock()
	if r.runs == nil {
		r.runs = map[string]func() (*record.Run, error){}
	}
	read, ok := r.runs[id]
	if !ok {
		read = sync.OnceValues(func() (*record.Run, error) { return record.Load(root, id) })
		r.runs[id] = read
	}
	r.mu.Unlock()
	return read()
}
