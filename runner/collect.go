package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/agent"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/runner/worktree"
)

// conclude makes the outcome of a node from its last attempt: it keeps logs,
// metrics and outputs, and publishes them.
func (x *execution) conclude(ctx context.Context, n *plan.Node, d decision, job *record.Job, done []*attempt) *outcome {
	a := done[len(done)-1]
	x.measure(n, job, a)
	if err := errors.Join(x.keepLogs(n, job, done), x.keepFiles(n, job, a.result)); err != nil {
		return x.end(n, failure(n, err), job)
	}
	if a.status() != agent.Success {
		o := &outcome{status: a.status(), reason: a.reason(), exit: a.exit(), err: a.describeFailure(), place: a.err != nil}
		if a.err != nil {
			o.fix = a.err.Fix
		} else {
			o.fix = cure(n, a.result)
		}
		return x.end(n, o, job)
	}
	// What is done is kept also when the run was cancelled meanwhile.
	ctx = context.WithoutCancel(ctx)
	r, err := x.harvest(ctx, n, d, job, a)
	if err != nil {
		return x.end(n, failure(n, err), job)
	}
	x.fill(job, r)
	if n.Publish {
		if err := x.publish(ctx, n, entries(r.Outputs)); err != nil {
			return x.end(n, failure(n, err), job)
		}
	}
	return x.end(n, &outcome{status: agent.Success, product: r.product()}, job)
}

// measure copies what the agent measured of the last attempt into the record.
func (x *execution) measure(n *plan.Node, job *record.Job, a *attempt) {
	r := a.result
	job.Wall = x.now().Sub(job.Started)
	job.CPU, job.PeakMemory, job.GPUSeconds, job.Summary, job.Values = r.CPU, r.PeakMemory, r.GPUSeconds, r.Summary, r.Outputs
	job.Steps = recordSteps(n, r)
	job.Attempts[len(job.Attempts)-1].Steps = nil // they are the job's now
}

// recordSteps are the steps of a result in the record's form.
func recordSteps(n *plan.Node, r agent.Result) (out []record.Step) {
	for i, s := range r.Steps {
		uses := ""
		if i < len(n.Steps) {
			uses = n.Steps[i].Uses
		}
		out = append(out, record.Step{
			ID: s.ID, Name: s.Name, Uses: uses, Outcome: record.Status(s.Outcome), Conclusion: record.Status(s.Conclusion),
			Reason: string(s.Reason), Exit: s.Exit, Signal: s.Signal, Started: s.Started, Wall: s.Wall, CPU: s.CPU,
			PeakMemory: s.PeakMemory, OOMKills: s.OOMKills, Outputs: s.Outputs, LogFrom: s.LogFrom, LogTo: s.LogTo, Error: s.Error,
		})
	}
	return out
}

// keepLogs moves what the attempts printed, and their services, into the record.
func (x *execution) keepLogs(n *plan.Node, job *record.Job, done []*attempt) error {
	return errors.Join(x.keepLog(job, done), x.keepServiceLogs(n, job, done))
}

// keepLog moves the log into the record; the logs of several attempts follow
// one another.
func (x *execution) keepLog(job *record.Job, done []*attempt) error {
	var files []record.LogFiles
	for _, a := range done {
		files = append(files, record.LogFiles{Log: filepath.Join(a.control, agent.LogFile), Index: filepath.Join(a.control, agent.IndexFile)})
	}
	ends, err := x.writer.TakeLog(job.ID, files...)
	if err != nil || len(ends) < 2 {
		return err
	}
	from := int64(0)
	for i, end := range ends {
		job.Attempts[i].LogFrom, job.Attempts[i].LogTo = from, end
		for k := range job.StepsOf(i) {
			s := &job.StepsOf(i)[k]
			s.LogFrom, s.LogTo = s.LogFrom+from, s.LogTo+from
		}
		from = end
	}
	return nil
}

// harvest takes the outputs into the store, under the job's fingerprint if
// nothing speaks against it.
func (x *execution) harvest(ctx context.Context, n *plan.Node, d decision, job *record.Job, a *attempt) (*Result, error) {
	metrics, odd, err := x.metrics(n, a)
	if err != nil {
		return nil, err
	}
	b, err := x.Store.Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	want, err := proven(a.result.Artifacts)
	if err != nil {
		return nil, err
	}
	if err := unlock(a.workspace, want); err != nil {
		return nil, err
	}
	es, err := b.IngestAll(ctx, a.workspace, want, store.IngestOptions{Move: true})
	if err != nil {
		return nil, err
	}
	for _, f := range a.result.Kept {
		if _, err := b.PutBytes(ctx, f.Data); err != nil {
			return nil, err
		}
	}
	r := &Result{
		Job: n.ID, Run: x.writer.ID(), Lines: d.lines, Outputs: artifacts(es), Values: a.result.Outputs, Metrics: metrics, NotNumbers: odd,
		Summary: a.result.Summary, Report: job.Report, Kept: job.Kept, Until: job.Until, Image: recordImage(d.image), Wall: a.result.Wall, CPU: a.result.CPU, Peak: a.result.PeakMemory,
		GPU: a.result.GPUSeconds, Finished: x.now().UTC(),
	}
	job.Uncached = x.uncached(ctx, n, d)
	if job.Uncached == "" {
		data, err := r.encode()
		if err != nil {
			return nil, err
		}
		b.Action(d.print, data)
		b.Last(x.lastKey(n), d.print)
	}
	keep := []store.Digest{d.print}
	if job.Uncached != "" {
		keep = append(keep, digestsOf(r.Blobs())...) // no action leads to them
	}
	if err := x.pin.Keep(ctx, keep...); err != nil {
		return nil, err
	}
	return r, b.Commit(ctx)
}

// uncached says why a result may not be used again, or "".
func (x *execution) uncached(ctx context.Context, n *plan.Node, d decision) string {
	if n.NoCache {
		return n.Uncached()
	}
	moved := x.moved(ctx, n, d.inputs)
	if moved == "" {
		return ""
	}
	why := moved + " changed while the job ran"
	x.watch.send(Event{Kind: Notice, Level: "warning", Job: n.ID, Text: why + "; its result is shown, but not kept for later runs"})
	return why
}

// unlock gives the owner back the right to move outputs out of folders that
// the job made read-only.
func unlock(workspace string, es []store.Entry) error {
	root, err := os.OpenRoot(workspace)
	if err != nil {
		return err
	}
	defer root.Close()
	done := map[string]bool{}
	for _, e := range es {
		for dir := path.Dir(e.Path); dir != "." && !done[dir]; dir = path.Dir(dir) {
			done[dir] = true
			st, err := root.Lstat(filepath.FromSlash(dir))
			if err != nil || !st.IsDir() || st.Mode().Perm()&0o700 == 0o700 {
				continue
			}
			if err := root.Chmod(filepath.FromSlash(dir), st.Mode().Perm()|0o700); err != nil {
				return err
			}
		}
	}
	return nil
}

// proven returns the agent's artifacts as entries, with the digests that the
// files must have.
func proven(as []agent.Artifact) ([]store.Entry, error) {
	out := make([]store.Entry, len(as))
	for i, a := range as {
		out[i] = store.Entry{Path: a.Path, Mode: store.Normal(os.FileMode(a.Mode)), Size: a.Size, Link: a.Link}
		if a.Link != "" {
			out[i].Mode, out[i].Size = os.ModeSymlink, 0
		}
		d, err := store.Parse(a.Digest)
		if err != nil {
			return nil, fmt.Errorf("the agent's digest of %s: %w", a.Path, err)
		}
		out[i].Digest = d
	}
	return out, store.CheckEntries(out)
}

// metrics reads what the job reported, in files among its outputs and in lines; and
// the names and kinds of values that are no metrics.
func (x *execution) metrics(n *plan.Node, a *attempt) (ms []record.Metric, odd map[string]string, err error) {
	notice := func(text string) {
		x.watch.send(Event{Kind: Notice, Level: "warning", Job: n.ID, Text: text})
	}
	odd = map[string]string{}
	reader := record.MetricReader{Notice: notice, NotNumber: func(name, kind string) {
		if len(odd) < record.MaxNotNumbers && !x.secret.Holds(name) {
			odd[name] = kind
		}
	}}
	var lists [][]record.Metric
	for _, f := range a.result.Artifacts {
		declared := worktree.Match(n.Metrics, f.Path)
		if f.Link != "" || !declared && (len(n.Metrics) > 0 || !record.MetricFile(f.Path)) {
			continue
		}
		ms, err := readMetrics(reader, a.workspace, f.Path)
		if err != nil {
			if declared {
				return nil, nil, &jobError{`write numbers by name, such as {"auc": 0.91}`, err}
			}
			notice(err.Error())
			continue
		}
		lists = append(lists, ms)
	}
	ms, err = reader.Lines(a.result.MetricText)
	if err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") { // each line has its own error
			notice(line)
		}
	}
	all, err := record.MergeMetrics(append(lists, ms)...)
	if err != nil {
		return nil, nil, &jobError{"", err}
	}
	return x.describeMetrics(x.withoutSecrets(all, notice)), odd, nil
}

// withoutSecrets drops metrics whose words hold a secret: records, reports and
// the terminal show them. The agent has dropped the lines that do.
func (x *execution) withoutSecrets(ms []record.Metric, notice func(string)) []record.Metric {
	if x.secret.Empty() {
		return ms
	}
	return slices.DeleteFunc(ms, func(m record.Metric) bool {
		words := []string{m.Name, m.Unit}
		for column, value := range m.Slice {
			words = append(words, column, value)
		}
		if !slices.ContainsFunc(words, x.secret.Holds) {
			return false
		}
		notice(fmt.Sprintf("metric %s is dropped: it holds a value that was masked", m.Name))
		return true
	})
}

func readMetrics(reader record.MetricReader, workspace, path string) ([]record.Metric, error) {
	root, err := os.OpenRoot(workspace)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := openFile(root, filepath.FromSlash(path))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return reader.Read(path, f)
}

// describeMetrics adds direction and unit, as the file declares them.
func (x *execution) describeMetrics(ms []record.Metric) []record.Metric {
	for i := range ms {
		at := slices.IndexFunc(x.Plan.Metrics, func(m plan.Metric) bool { return m.Name == ms[i].Name })
		if at >= 0 {
			ms[i].Better, ms[i].Unit = x.Plan.Metrics[at].Better, x.Plan.Metrics[at].Unit
		}
	}
	return ms
}
