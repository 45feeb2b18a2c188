package record

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/mlops-runner/mlops/runner/disk"
	"github.com/mlops-runner/mlops/runner/store"
)

// Seal writes the finished run and closes the record for good: its files are
// complete, on the disk, and named with their digests in SHA256SUMS, which
// appears last. It returns the run's digest, that of SHA256SUMS.
//
// The jobs are those that ended, in the order of run.Summary, of which only the
// ids count, and those that it lacks as they ended. run.Jobs are ended first:
// jobs that JobEnded was not told of. The run's status must be final. After an
// error the record is not sealed; Seal may be tried again.
func (w *Writer) Seal(run Run) (store.Digest, error) {
	digest, err := w.seal(run)
	if err != nil {
		return store.Digest{}, fmt.Errorf("seal record %s: %w", w.run.ID, err)
	}
	return digest, w.Close()
}

func (w *Writer) seal(run Run) (store.Digest, error) {
	run.Version, run.Process, run.Dir = Version, nil, w.dir
	if run.ID == "" {
		run.ID = w.run.ID
	}
	ids, err := namedJobs(&run)
	if err == nil {
		err = w.checkFinal(&run)
	}
	for _, j := range run.Jobs {
		if err == nil {
			err = w.JobEnded(j)
		}
	}
	if err != nil {
		return store.Digest{}, err
	}
	jobs, err := w.inOrder(ids)
	if err != nil {
		return store.Digest{}, err
	}
	run.Summary = make([]JobSummary, len(jobs))
	for i, s := range jobs {
		run.Summary[i] = s.JobSummary
	}
	err = w.writeSums(jobs)
	if err == nil {
		err = w.writeHead(&run)
	}
	if err == nil { // the notes are kept until all that they said is elsewhere
		err = w.endStarted()
	}
	if err != nil {
		return store.Digest{}, err
	}
	return w.publish()
}

func (w *Writer) checkFinal(run *Run) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.sealed:
		return ErrSealed
	case run.ID != w.run.ID:
		return fmt.Errorf("run %s is another run", run.ID)
	case !run.Status.Final() || run.Status == Skipped:
		return fmt.Errorf("status of the run is %q: want success, failure or cancelled", run.Status)
	}
	return nil
}

// namedJobs lists the ids of the jobs that a run names, in its order.
func namedJobs(run *Run) ([]string, error) {
	var ids []string
	named := map[string]bool{}
	for _, s := range run.Summary {
		if named[s.ID] {
			return nil, fmt.Errorf("job %q stands twice", s.ID)
		}
		named[s.ID] = true
		ids = append(ids, s.ID)
	}
	given := map[string]bool{}
	for _, j := range run.Jobs {
		if given[j.ID] {
			return nil, fmt.Errorf("job %q stands twice", j.ID)
		}
		if given[j.ID] = true; !named[j.ID] {
			ids = append(ids, j.ID)
		}
	}
	return ids, nil
}

// inOrder returns all jobs that ended, those that are named first.
func (w *Writer) inOrder(ids []string) ([]*jobState, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	jobs := make([]*jobState, 0, len(w.order))
	named := make(map[*jobState]bool, len(ids))
	for _, id := range ids {
		s := w.state(id)
		if s.Status == "" {
			return nil, fmt.Errorf("job %q has not ended", id)
		}
		jobs, named[s] = append(jobs, s), true
	}
	for _, s := range w.order {
		if !named[s] {
			jobs = append(jobs, s)
		}
	}
	return jobs, nil
}

// writeSums writes the files that sum up the jobs.
func (w *Writer) writeSums(jobs []*jobState) error {
	t, err := w.total(jobs)
	if err != nil {
		return err
	}
	return errors.Join(
		w.rewrite(&w.started, idleName, jobs, func(s *jobState) *span { return &s.note }),
		w.rewrite(&w.metrics, metricsName, jobs, func(s *jobState) *span { return &s.metrics }),
		w.putJSON(inputsName, t.inputs.list()), w.putJSON(outputsName, t.outputs))
}

// total is what the jobs read and wrote, all together.
type total struct {
	inputs  inputList
	outputs map[string][]Artifact
}

// total reads back what the jobs read and wrote.
func (w *Writer) total(jobs []*jobState) (*total, error) {
	notes, err := openJournal(w.path(w.started.name))
	if err != nil {
		return nil, err
	}
	defer notes.close()
	w.mu.Lock()
	sums, err := w.sums.all()
	w.mu.Unlock()
	if err != nil {
		return nil, err
	}
	t := &total{outputs: map[string][]Artifact{}}
	for _, s := range jobs {
		j, err := w.recorded(s, notes, sums)
		if err != nil {
			return nil, fmt.Errorf("job %q: %w", s.ID, err)
		}
		t.inputs.add(s.ID, j.Inputs, j.Outputs)
		if len(j.Outputs) > 0 {
			t.outputs[s.ID] = j.Outputs
		}
	}
	return t, nil
}

// errChanged reports that a file is not what the writer wrote.
var errChanged = errors.New("not what was written")

// files are the parts of a job that the run's sums are made of.
type files struct{ Inputs, Outputs []Artifact }

// recorded reads back what a job read and wrote.
func (w *Writer) recorded(s *jobState, notes *journalReader, sums []namedSum) (f files, err error) {
	if s.note.to > s.note.from {
		line, err := notes.read(s.note)
		if err != nil {
			return f, err
		}
		n := struct{ Job *files }{&f}
		return f, json.Unmarshal(line, &n)
	}
	name := jobFile(s.ID, jobName)
	data, err := readFile(w.path(name))
	if err != nil {
		return f, err
	}
	i, ok := slices.BinarySearchFunc(sums, namedSum{name: name}, byName)
	if !ok || store.Sum(data) != sums[i].sum {
		return f, fmt.Errorf("%s: %w", w.path(name), errChanged)
	}
	return f, json.Unmarshal(data, &f)
}

// rewrite makes a file of the parts of a journal that count, in the order of
// the jobs, which from then on is where they are.
func (w *Writer) rewrite(j *journal, name string, jobs []*jobState, part func(*jobState) *span) error {
	old, err := openJournal(w.path(j.name))
	if err != nil {
		return err
	}
	defer old.close()
	spans := make([]span, len(jobs))
	var end int64
	err = w.copyIn(name, func(dst io.Writer) error {
		out := bufio.NewWriter(dst)
		for i, s := range jobs {
			lines, err := old.read(*part(s))
			if err != nil {
				return err
			}
			spans[i] = span{end, end + int64(len(lines))}
			end = spans[i].to
			if _, err := out.Write(lines); err != nil {
				return err
			}
		}
		return out.Flush()
	})
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, s := range jobs {
		*part(s) = spans[i]
	}
	err = j.close()
	j.name, j.end = name, end
	return err
}

// endStarted removes the notes of jobs that began; all have ended.
func (w *Writer) endStarted() error { return w.remove(w.path(startedName)) }

// writeHead writes the files that say what ran, where and how; run.json last.
func (w *Writer) writeHead(run *Run) error {
	params := run.Params
	if params == nil {
		params = Values{}
	}
	return errors.Join(
		w.putJSON(sourceName, run.Source), w.putJSON(envName, run.Environment),
		w.putJSON(paramsName, params), w.putJSON(runName, run))
}

// publish makes the seal: SHA256SUMS is written under another name, everything
// goes to the disk, and only then it gets its name. The folder is synced so
// that a caller may refer to the run's digest.
func (w *Writer) publish() (store.Digest, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	sums, err := w.sums.all()
	if err != nil {
		return store.Digest{}, err
	}
	text := formatSums(sums)
	temp := filepath.Join(w.dir, "."+sumsName)
	if err := disk.WriteFile(w.disk, temp, text, 0o444); err != nil {
		return store.Digest{}, err
	}
	w.did("write ." + sumsName)
	names := make([]string, 0, len(sums)+1)
	for _, s := range sums {
		names = append(names, s.name)
	}
	if err := flush(w.disk, w.dir, append(names, "."+sumsName)); err != nil {
		return store.Digest{}, errors.Join(err, w.remove(temp))
	}
	w.did("flush")
	if err := w.disk.Rename(temp, w.path(sumsName)); err != nil {
		return store.Digest{}, errors.Join(err, w.remove(temp))
	}
	w.sealed = true
	w.did("sealed")
	return store.Sum(text), w.disk.Sync(w.dir)
}
