package record

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner/store"
)

// maxFile bounds what a reader takes into memory: no writer makes such a file.
const maxFile = 1 << 30

// Load reads the record that ref means; see [Find].
//
// A sealed record is read with every file compared to SHA256SUMS, and the
// first that is missing or differs is a *[CorruptError]; logs are left to
// [Verify]. A record without a seal never has a final status: it is running
// while its writer lives and interrupted afterwards, and what could not be
// read of it is in Problems.
func Load(root, ref string) (*Run, error) {
	e, err := Find(root, ref)
	if err != nil {
		return nil, err
	}
	return e.Load()
}

func load(dir string) (*Run, error) {
	r, err := open(dir)
	if err != nil {
		return nil, err
	}
	if !r.sealed() {
		return r.interrupted(), nil
	}
	idle, err := r.idleJobs()
	if err != nil {
		return nil, err
	}
	for _, s := range r.run.Summary {
		j := idle[s.ID]
		if j == nil {
			if j, err = r.job(JobFolder(s.ID)); err != nil {
				return nil, err
			}
		}
		r.run.Jobs = append(r.run.Jobs, *j)
	}
	return &r.run, r.metrics()
}

// idleJobs reads the jobs that were not executed, by id.
func (r *reader) idleJobs() (map[string]*Job, error) {
	data, err := r.read(idleName)
	if err != nil {
		return nil, err
	}
	jobs := map[string]*Job{}
	for i, line := range lines(string(data)) {
		j, err := parseNote(line)
		if err != nil {
			return nil, r.corrupt(idleName, fmt.Errorf("line %d: %w", i+1, err))
		}
		jobs[j.ID] = j
	}
	return jobs, nil
}

func parseNote(line string) (*Job, error) {
	var n note
	if err := json.Unmarshal([]byte(line), &n); err != nil {
		return nil, err
	}
	if n.Job == nil || n.Job.ID == "" {
		return nil, errors.New("no job")
	}
	n.Job.FingerprintLines = n.Lines
	return n.Job, nil
}

func head(dir string) (*Run, error) {
	r, err := open(dir)
	if err != nil {
		return nil, err
	}
	if !r.sealed() {
		return r.interrupted(), nil
	}
	for _, s := range r.run.Summary {
		r.run.Jobs = append(r.run.Jobs, Job{ID: s.ID, Status: s.Status, Cached: s.Cached, Wall: s.Wall})
	}
	return &r.run, r.metrics()
}

// reader reads one record.
type reader struct {
	dir  string
	run  Run
	sums map[string]store.Digest // nil if the record is not sealed
}

func (r *reader) sealed() bool { return r.sums != nil }

// cover reads the seal and what a sealed record says of its run and source.
func cover(dir string) (*Run, error) {
	r := &reader{dir: dir}
	if err := r.seal(); err != nil {
		return nil, err
	}
	if !r.sealed() {
		return nil, fmt.Errorf("record %s: %w", dir, ErrNotSealed)
	}
	if err := r.about(); err != nil {
		return nil, err
	}
	return &r.run, r.decode(sourceName, &r.run.Source)
}

// open reads the seal and the files about the run as a whole.
func open(dir string) (*reader, error) {
	r := &reader{dir: dir}
	if err := r.seal(); err != nil {
		return nil, err
	}
	if err := r.about(); err != nil {
		return nil, err
	}
	err := errors.Join(
		r.decode(sourceName, &r.run.Source), r.decode(envName, &r.run.Environment), r.decode(paramsName, &r.run.Params))
	if err != nil && r.sealed() {
		return nil, err
	}
	r.problem(err)
	return r, nil
}

// about reads run.json.
func (r *reader) about() error {
	dir := r.dir
	if err := r.decode(runName, &r.run); err != nil {
		if r.sealed() {
			return err
		}
		// A power cut tears any file of a record without a seal, also this one.
		r.run = Run{ID: filepath.Base(dir)}
		if id, err := parseID(r.run.ID); err == nil {
			r.run.Started = idTime(id)
		}
		r.problem(err)
	}
	if r.run.Version > Version {
		return &VersionError{dir, r.run.Version}
	}
	r.run.Dir, r.run.Sealed = dir, r.sealed()
	if id := filepath.Base(dir); r.run.ID != id {
		return r.corrupt(runName, fmt.Errorf("it is of run %q", r.run.ID))
	}
	if r.sealed() && !r.run.Status.Final() {
		return r.corrupt(runName, fmt.Errorf("status %q in a sealed record", r.run.Status))
	}
	return nil
}

func (r *reader) corrupt(name string, err error) error { return &CorruptError{r.dir, name, err} }

func (r *reader) problem(err error) {
	if err != nil {
		r.run.Problems = append(r.run.Problems, err.Error())
	}
}

// seal reads SHA256SUMS, if the record has one.
func (r *reader) seal() error {
	text, err := readFile(filepath.Join(r.dir, sumsName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return r.corrupt(sumsName, err)
	}
	if r.sums, err = parseSums(text); err != nil {
		return r.corrupt(sumsName, err)
	}
	r.run.Digest = store.Sum(text)
	return nil
}

// read returns the content of a file, which in a sealed record must be what was sealed.
func (r *reader) read(name string) ([]byte, error) {
	data, err := readFile(filepath.Join(r.dir, filepath.FromSlash(name)))
	if err != nil {
		return nil, r.corrupt(name, err)
	}
	if want, ok := r.sums[name]; r.sealed() && (!ok || want != store.Sum(data)) {
		return nil, r.corrupt(name, errors.New("not what was sealed"))
	}
	return data, nil
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !fi.Mode().IsRegular() || fi.Size() > maxFile {
		return nil, errors.New("not a regular file below 1 GiB")
	}
	b := bytes.NewBuffer(make([]byte, 0, fi.Size()+bytes.MinRead))
	_, err = b.ReadFrom(io.LimitReader(f, maxFile))
	return b.Bytes(), err
}

func (r *reader) decode(name string, v any) error {
	data, err := r.read(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return r.corrupt(name, err)
	}
	return nil
}

// job reads the folder of a job.
func (r *reader) job(folder string) (*Job, error) {
	var j Job
	name := "jobs/" + folder + "/"
	if err := r.decode(name+jobName, &j); err != nil {
		return nil, err
	}
	if JobFolder(j.ID) != folder {
		return nil, r.corrupt(name+jobName, fmt.Errorf("it is of job %q", j.ID))
	}
	if _, has := r.sums[name+fingerprintName]; r.sealed() && !has {
		return &j, nil
	}
	text, err := r.read(name + fingerprintName)
	if errors.Is(err, fs.ErrNotExist) && !r.sealed() {
		return &j, nil
	}
	j.FingerprintLines = lines(string(text))
	return &j, err
}

// lines splits text with LF at each end.
func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// metrics gives each job its lines of metrics.jsonl.
func (r *reader) metrics() error {
	data, err := r.read(metricsName)
	if err != nil {
		return err
	}
	byID := r.jobsByID()
	for i, line := range lines(string(data)) {
		var m Metric
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			return r.corrupt(metricsName, fmt.Errorf("line %d: %w", i+1, err))
		}
		j := byID[m.Job]
		if j == nil {
			return r.corrupt(metricsName, fmt.Errorf("line %d: no job %q", i+1, m.Job))
		}
		j.Metrics = append(j.Metrics, m)
	}
	return nil
}

func (r *reader) jobsByID() map[string]*Job {
	byID := map[string]*Job{}
	for i := range r.run.Jobs {
		byID[r.run.Jobs[i].ID] = &r.run.Jobs[i]
	}
	return byID
}

// interrupted completes a record that has no seal.
func (r *reader) interrupted() *Run {
	r.run.Status = Interrupted
	if alive(r.dir, r.run.Process, time.Now()) {
		r.run.Status = Running
	}
	r.unsealedJobs()
	r.unsealedMetrics()
	r.run.Ended, r.run.Summary = time.Time{}, nil
	for _, j := range r.run.Jobs {
		r.run.Summary = append(r.run.Summary, JobSummary{j.ID, j.Status, j.Cached, j.Wall})
	}
	return &r.run
}

// unsealedJobs reads the jobs there are, in the order in which they started.
func (r *reader) unsealedJobs() {
	started := r.startedJobs()
	folders, err := namesDown(filepath.Join(r.dir, "jobs"))
	r.problem(err)
	for _, folder := range slices.Backward(folders) {
		if strings.HasPrefix(folder, ".") {
			continue
		}
		j, err := r.job(folder)
		if j == nil {
			id, _ := JobID(folder)
			j = cmp.Or(started[id], &Job{ID: id})
		}
		delete(started, j.ID)
		if !errors.Is(err, fs.ErrNotExist) { // a log may come before job.json
			r.problem(err)
		}
		if !j.Status.Final() {
			j.Status = r.run.Status
		}
		r.run.Jobs = append(r.run.Jobs, *j)
	}
	for _, j := range started {
		if !j.Status.Final() {
			j.Status = r.run.Status
		}
		r.run.Jobs = append(r.run.Jobs, *j)
	}
	jobs := r.run.Jobs
	sort.Slice(jobs, func(i, j int) bool { return jobs[i].ID < jobs[j].ID })
	sort.SliceStable(jobs, func(i, j int) bool { return jobs[i].Started.Before(jobs[j].Started) })
}

// startedJobs reads the notes of jobs that began, or ended without running; the
// last line may be cut off, and of several lines of one job the last counts.
// Sealing replaces the first file by the second a moment before the seal.
func (r *reader) startedJobs() map[string]*Job {
	jobs := map[string]*Job{}
	for _, name := range []string{startedName, idleName} {
		data, err := readFile(filepath.Join(r.dir, name))
		if err != nil {
			continue // no job has begun, or the run was not about to end
		}
		for _, line := range lines(string(data[:bytes.LastIndexByte(data, '\n')+1])) {
			j, err := parseNote(line)
			if err != nil {
				r.problem(r.corrupt(name, err))
				continue
			}
			jobs[j.ID] = j
		}
	}
	return jobs
}

// unsealedMetrics reads the metrics of the jobs that have ended. The last line
// may be cut off; of several lines of one metric the last counts.
func (r *reader) unsealedMetrics() {
	data, err := readFile(filepath.Join(r.dir, metricsName))
	if err != nil {
		return // no job with metrics has ended
	}
	data = data[:bytes.LastIndexByte(data, '\n')+1]
	byID := r.jobsByID()
	at := map[[2]string]int{} // job and key → place in its metrics
	for i, line := range lines(string(data)) {
		var m Metric
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			r.problem(r.corrupt(metricsName, fmt.Errorf("line %d: %w", i+1, err)))
			continue
		}
		j := byID[m.Job]
		if j == nil {
			continue
		}
		k := [2]string{m.Job, m.Key()}
		if old, again := at[k]; again {
			j.Metrics[old] = m
			continue
		}
		at[k] = len(j.Metrics)
		j.Metrics = append(j.Metrics, m)
	}
}
