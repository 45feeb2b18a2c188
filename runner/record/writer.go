package record

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/mlops-runner/mlops/runner/disk"
	"github.com/mlops-runner/mlops/runner/store"
)

// A Writer writes the record of one run while it goes on. Its methods may be
// called from several goroutines at once, except that the calls for one job
// must follow one another. After Seal they fail with [ErrSealed].
type Writer struct {
	dir  string
	disk disk.Disk
	lock *os.File // the open folder; holding its lock shows that we live
	// step, if not nil, is called after each change of the disk; tests die in it.
	step func(op string)

	mu   sync.Mutex // guards all below
	run  Run
	sums map[string]store.Digest // every file as we wrote it, by slash-separated name
	// logSizes are the bytes of logs by job, unpacked.
	logSizes map[string]int64
	jobs     map[string]*Job // that ended
	order    []string        // of jobs, as they ended
	folders  map[string]bool // of jobs, that exist
	metrics  disk.File       // grows until Seal replaces it
	started  disk.File       // lines of jobs that began; gone once sealed
	temps    int             // names of temporary files
	sealed   bool
}

// Create begins the record of a run below root, the folder that holds runs/,
// and is made if it is missing. Version, ID (if empty), Status and Process of
// run are filled in; its Source, Environment and Params are written at once
// and again by Seal. The folder appears complete, under its final name, or not
// at all. It fails with [ErrExists] if there is a run with that id.
func Create(root string, run Run) (*Writer, error) { return create(disk.Real{}, root, run, nil) }

// CreateOn is Create by another way to the disk.
func CreateOn(d disk.Disk, root string, run Run) (*Writer, error) { return create(d, root, run, nil) }

func create(d disk.Disk, root string, run Run, step func(string)) (*Writer, error) {
	id, err := idOf(&run)
	if err != nil {
		return nil, fmt.Errorf("create record: %w", err)
	}
	dir := filepath.Join(root, runFolder(id))
	if _, err := os.Lstat(dir); err == nil {
		return nil, fmt.Errorf("create record %s: %w", run.ID, ErrExists)
	}
	w := &Writer{
		dir: dir, disk: d, step: step, run: run,
		sums: map[string]store.Digest{}, logSizes: map[string]int64{},
		jobs: map[string]*Job{}, folders: map[string]bool{},
	}
	if err := w.begin(root); err != nil {
		return nil, fmt.Errorf("create record %s: %w", run.ID, err)
	}
	return w, nil
}

// idOf fills in the run's id and returns it.
func idOf(run *Run) (uuid.UUID, error) {
	if run.ID != "" {
		return parseID(run.ID)
	}
	id, err := uuid.NewV7()
	run.ID = id.String()
	return id, err
}

// begin makes the folder beside its final place, locks and fills it, and moves it there.
func (w *Writer) begin(root string) error {
	nursery := filepath.Join(root, "runs", ".new")
	if err := errors.Join(w.disk.Mkdir(nursery), w.disk.Mkdir(filepath.Dir(w.dir))); err != nil {
		return err
	}
	sweep(nursery, time.Now())
	temp := filepath.Join(nursery, w.run.ID+ownerMark+store.Self().FileName())
	if err := w.disk.Mkdir(temp); err != nil {
		return err
	}
	final := w.dir
	w.dir = temp
	if err := w.fill(); err != nil {
		return w.undo(temp, err)
	}
	if err := w.disk.Rename(temp, final); err != nil {
		if _, exists := os.Lstat(final); exists == nil {
			err = ErrExists
		}
		return w.undo(temp, err)
	}
	w.dir = final
	w.did("create")
	return nil
}

func (w *Writer) fill() (err error) {
	if w.lock, err = os.Open(w.dir); err != nil {
		return err
	}
	w.run.Process = self()
	w.run.Process.Locked = lockFolder(w.lock)
	if err := w.disk.Mkdir(filepath.Join(w.dir, "jobs")); err != nil {
		return err
	}
	w.did("mkdir")
	w.run.Version, w.run.Status, w.run.Ended = Version, Running, time.Time{}
	return w.writeHead(&w.run)
}

func (w *Writer) undo(temp string, err error) error {
	return errors.Join(err, w.Close(), os.RemoveAll(temp))
}

// ownerMark stands between the id and the process in the name of a folder in the nursery.
const ownerMark = "+"

// sweep removes what writers left that died before their record had a name.
func sweep(nursery string, now time.Time) {
	for _, dir := range abandoned(nursery, now) {
		os.RemoveAll(dir)
	}
}

// abandoned lists the folders of the nursery whose writers are dead. Those of
// this machine are told by their process, others by their lock; the minute
// spares a folder that its writer has not locked yet.
func abandoned(nursery string, now time.Time) (dirs []string) {
	entries, _ := os.ReadDir(nursery)
	for _, e := range entries {
		dir := filepath.Join(nursery, e.Name())
		_, owner, _ := strings.Cut(e.Name(), ownerMark)
		if p, ok := store.FileOwner(owner); ok && !p.Alive() {
			dirs = append(dirs, dir)
			continue
		}
		fi, err := e.Info()
		if err != nil || now.Sub(fi.ModTime()) < time.Minute {
			continue
		}
		if held, ok := locked(dir); ok && !held {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// ID returns the run's id.
func (w *Writer) ID() string { return w.run.ID }

// Dir returns the folder of the record.
func (w *Writer) Dir() string { return w.dir }

// JobStarted records that a job runs now. It may be called again, for instance
// when another attempt begins. A job that is reused need not be started.
func (w *Writer) JobStarted(job Job) error {
	job.Status = Running
	if err := job.check(); err != nil {
		return fmt.Errorf("record %w", err)
	}
	line, err := noteOf(&job)
	if err == nil {
		err = w.appendStarted(line)
	}
	if err != nil {
		return fmt.Errorf("record start of job %q: %w", job.ID, err)
	}
	return nil
}

// A note is a job in one line, with its fingerprint, for which it has no file.
type note struct {
	Job   *Job     `json:"job"`
	Lines []string `json:"fingerprint,omitempty"`
}

func noteOf(job *Job) ([]byte, error) { return CanonicalLine(note{job, job.FingerprintLines}) }

// appendStarted notes a job that began, or one that ended without running. One line in one file, because a file
// for each job would be made only to be replaced when the job ends.
func (w *Writer) appendStarted(line []byte) (err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sealed {
		return ErrSealed
	}
	if w.started == nil {
		if w.started, err = w.disk.Append(w.path(startedName), 0o644); err != nil {
			return err
		}
	}
	_, err = w.started.Write(line)
	w.did("append " + startedName)
	return err
}

// endStarted removes the notes of jobs that began; all have ended.
func (w *Writer) endStarted() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.started == nil {
		return nil
	}
	err := errors.Join(w.started.Close(), w.remove(w.path(startedName)))
	w.started = nil
	return err
}

// JobEnded records how a job ended. Its Status must be final. Log digest and
// size are filled in for a log that the record was given, and the job's id in
// its metrics.
func (w *Writer) JobEnded(job Job) error {
	if !job.Status.Final() {
		return fmt.Errorf("record job %q: status %q is not final", job.ID, job.Status)
	}
	job.Metrics = withJob(job.Metrics, job.ID)
	w.describeLog(&job)
	if err := w.writeEnd(&job); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.jobs[job.ID] == nil {
		w.order = append(w.order, job.ID)
	}
	w.jobs[job.ID] = &job
	return w.appendMetrics(job.Metrics)
}

// writeEnd writes the job's folder, or one line of a job that has none.
func (w *Writer) writeEnd(job *Job) error {
	if !w.idle(job) {
		return w.writeJob(job)
	}
	if err := job.check(); err != nil {
		return fmt.Errorf("record %w", err)
	}
	line, err := noteOf(job)
	if err == nil {
		err = w.appendStarted(line)
	}
	if err != nil {
		return fmt.Errorf("record job %q: %w", job.ID, err)
	}
	return nil
}

// idle reports whether a job was not executed and has nothing in a folder.
func (w *Writer) idle(job *Job) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return (job.Cached || job.Status == Skipped) && !w.folders[job.ID]
}

// withJob returns ms with the job's id in each.
func withJob(ms []Metric, id string) []Metric {
	ms = slices.Clone(ms)
	for i := range ms {
		ms[i].Job = id
	}
	return ms
}

// describeLog fills in digest and size of a log that was written or taken.
func (w *Writer) describeLog(job *Job) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, name := range []string{logName, packedName} {
		if sum, ok := w.sums[jobFile(job.ID, name)]; ok {
			job.LogDigest, job.LogSize = sum, w.logSizes[job.ID]
		}
	}
}

// writeJob writes job.json and fingerprint, unless they already say so.
func (w *Writer) writeJob(job *Job) error {
	if err := job.check(); err != nil {
		return fmt.Errorf("record %w", err)
	}
	data, err := Canonical(job)
	if err != nil {
		return fmt.Errorf("record job %q: %w", job.ID, err)
	}
	files := []file{{jobName, data}}
	if len(job.FingerprintLines) > 0 {
		files = append(files, file{fingerprintName, joinLines(job.FingerprintLines)})
	}
	if err := w.putJob(job.ID, files); err != nil {
		return fmt.Errorf("record job %q: %w", job.ID, err)
	}
	return nil
}

// appendMetrics makes metrics visible, and safe from a kill, as soon as their
// job has ended. Seal replaces the file by one in the order of the jobs.
func (w *Writer) appendMetrics(ms []Metric) error {
	lines, err := metricLines(ms)
	if err != nil || len(lines) == 0 {
		return err
	}
	if w.metrics == nil {
		w.metrics, err = w.disk.Append(w.path(metricsName), 0o444)
		if err != nil {
			return fmt.Errorf("record metrics: %w", err)
		}
	}
	_, err = w.metrics.Write(lines)
	w.did("append " + metricsName)
	return err
}

func metricLines(ms []Metric) ([]byte, error) {
	var all []byte
	for _, m := range ms {
		line, err := CanonicalLine(m)
		if err != nil {
			return nil, fmt.Errorf("metric %q: %w", m.Name, err)
		}
		all = append(all, line...)
	}
	return all, nil
}

// Seal writes the finished run and closes the record for good: its files are
// complete, on the disk, and named with their digests in SHA256SUMS, which
// appears last. It returns the run's digest, that of SHA256SUMS. Status of run
// and of its jobs must be final. Jobs that ended but are not in run.Jobs are
// added behind. After an error the record is not sealed; Seal may be tried again.
func (w *Writer) Seal(run Run) (store.Digest, error) {
	w.mu.Lock()
	if w.sealed {
		w.mu.Unlock()
		return store.Digest{}, fmt.Errorf("seal record %s: %w", w.run.ID, ErrSealed)
	}
	run = w.complete(run)
	w.mu.Unlock()
	digest, err := w.seal(&run)
	if err != nil {
		return store.Digest{}, fmt.Errorf("seal record %s: %w", run.ID, err)
	}
	return digest, w.Close()
}

// complete returns run as it will be read back.
func (w *Writer) complete(run Run) Run {
	run.Version, run.Process, run.Dir = Version, nil, w.dir
	if run.ID == "" {
		run.ID = w.run.ID
	}
	run.Jobs = slices.Clone(run.Jobs)
	for _, id := range w.order {
		if run.Job(id) == nil {
			run.Jobs = append(run.Jobs, *w.jobs[id])
		}
	}
	run.Summary = nil
	for i := range run.Jobs {
		j := &run.Jobs[i]
		j.Metrics = withJob(j.Metrics, j.ID)
		run.Summary = append(run.Summary, JobSummary{j.ID, j.Status, j.Cached, j.Wall})
	}
	return run
}

func (w *Writer) seal(run *Run) (store.Digest, error) {
	if err := w.checkFinal(run); err != nil {
		return store.Digest{}, err
	}
	if err := w.sealJobs(run.Jobs); err != nil {
		return store.Digest{}, err
	}
	if err := errors.Join(w.writeSums(run), w.writeHead(run), w.endStarted()); err != nil {
		return store.Digest{}, err
	}
	return w.publish()
}

// sealJobs writes the jobs as they are in the end: those that were executed
// into their folders, the others into one file.
func (w *Writer) sealJobs(jobs []Job) error {
	var idle []byte
	for i := range jobs {
		j := &jobs[i]
		w.describeLog(j)
		if !w.idle(j) {
			if err := w.writeJob(j); err != nil {
				return err
			}
			continue
		}
		if err := j.check(); err != nil {
			return err
		}
		line, err := noteOf(j)
		if err != nil {
			return err
		}
		idle = append(idle, line...)
	}
	return w.put(idleName, idle)
}

func (w *Writer) checkFinal(run *Run) error {
	switch {
	case run.ID != w.run.ID:
		return fmt.Errorf("run %s is another run", run.ID)
	case !run.Status.Final() || run.Status == Skipped:
		return fmt.Errorf("status of the run is %q: want success, failure or cancelled", run.Status)
	}
	seen := map[string]bool{}
	for _, j := range run.Jobs {
		if !j.Status.Final() {
			return fmt.Errorf("status of job %q is %q: want a final one", j.ID, j.Status)
		}
		if seen[j.ID] {
			return fmt.Errorf("job %q stands twice", j.ID)
		}
		seen[j.ID] = true
	}
	return nil
}

// writeSums writes the files that sum up the jobs.
func (w *Writer) writeSums(run *Run) error {
	lines, err := metricLines(run.Metrics())
	if err != nil {
		return err
	}
	inputs := run.Inputs()
	if inputs == nil {
		inputs = []Input{}
	}
	return errors.Join(w.put(metricsName, lines), w.putJSON(inputsName, inputs), w.putJSON(outputsName, run.Outputs()))
}

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
	text := formatSums(w.sums)
	temp := filepath.Join(w.dir, "."+sumsName)
	if err := disk.WriteFile(w.disk, temp, text, 0o444); err != nil {
		return store.Digest{}, err
	}
	w.did("write ." + sumsName)
	if err := flush(w.disk, w.dir, append(slices.Sorted(maps.Keys(w.sums)), "."+sumsName)); err != nil {
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

// Close ends writing. A record that was not sealed stays as it is and is read
// as interrupted. Closing again does nothing.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lock == nil {
		return nil
	}
	var err error
	if w.metrics != nil {
		err = w.metrics.Close()
	}
	err = errors.Join(err, w.lock.Close())
	w.lock, w.metrics, w.sealed = nil, nil, true
	return err
}

// remove removes a temporary file, if it is there.
func (w *Writer) remove(name string) error { return disk.RemoveIfThere(w.disk, name) }

// did tells the test that watches that the disk has changed.
func (w *Writer) did(op string) {
	if w.step != nil {
		w.step(op)
	}
}
