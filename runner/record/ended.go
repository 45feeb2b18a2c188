package record

import (
	"fmt"
	"maps"
	"slices"
)

// A jobState is what a writer keeps in memory of a job. Everything else is in
// the record's files as soon as the job has ended, so that a run of many jobs
// does not grow by what they were; Seal reads it there.
type jobState struct {
	JobSummary
	folder  bool  // whether the job has one
	away    bool  // the sums of its files were put away
	logSize int64 // bytes, unpacked
	note    span  // in the notes: how it ended, if it has no folder
	metrics span
}

// Expect makes room for what is kept in memory of so many jobs, so that it does not
// grow while they end. There may be more or fewer of them, and it need not be called.
func (w *Writer) Expect(jobs int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make(map[string]*jobState, len(w.jobs)+jobs)
	maps.Copy(all, w.jobs)
	w.jobs, w.order, w.room = all, slices.Grow(w.order, jobs), make([]jobState, jobs)
}

// state returns what is kept of a job. The caller holds w.mu.
func (w *Writer) state(id string) *jobState {
	s := w.jobs[id]
	if s == nil {
		if len(w.room) == 0 {
			w.room = make([]jobState, 1)
		}
		s, w.room = &w.room[0], w.room[1:]
		s.ID = id
		w.jobs[id] = s
	}
	return s
}

// JobStarted records that a job runs now. It may be called again, for instance
// when another attempt begins. A job that is reused need not be started.
func (w *Writer) JobStarted(job Job) error {
	job.Status = Running
	if err := job.check(); err != nil {
		return fmt.Errorf("record %w", err)
	}
	if _, err := w.appendNote(&job); err != nil {
		return fmt.Errorf("record start of job %q: %w", job.ID, err)
	}
	return nil
}

// A note is a job in one line, with its fingerprint, for which it has no file.
type note struct {
	Job   *Job     `json:"job"`
	Lines []string `json:"fingerprint,omitempty"`
}

// appendNote notes a job that began, or one that ended without running. One line in one file, because a file
// for each job would be made only to be replaced when the job ends.
func (w *Writer) appendNote(job *Job) (span, error) {
	line, err := CanonicalLine(note{job, job.FingerprintLines})
	if err != nil {
		return span{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.append(&w.started, line)
}

// append adds lines to a journal. The caller holds w.mu.
func (w *Writer) append(j *journal, lines []byte) (span, error) {
	if w.sealed {
		return span{}, ErrSealed
	}
	s, err := j.add(w.disk, w.path(j.name), lines)
	if len(lines) > 0 {
		w.did("append " + j.name)
	}
	return s, err
}

// JobEnded records how a job ended. Its Status must be final. Log digest and
// size are filled in for a log that the record was given, and the job's id in
// its metrics. Of several calls for one job the last counts; a job that could
// not be recorded can be given to Seal.
func (w *Writer) JobEnded(job Job) error {
	if !job.Status.Final() {
		return fmt.Errorf("record job %q: status %q is not final", job.ID, job.Status)
	}
	if err := job.check(); err != nil {
		return fmt.Errorf("record %w", err)
	}
	job.Metrics = withJob(job.Metrics, job.ID)
	if err := w.describeLog(&job); err != nil {
		return fmt.Errorf("record job %q: %w", job.ID, err)
	}
	note, err := w.writeEnd(&job)
	if err != nil {
		return fmt.Errorf("record job %q: %w", job.ID, err)
	}
	lines, err := metricLines(job.Metrics)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	metrics, err := w.append(&w.metrics, lines)
	if err != nil {
		return fmt.Errorf("record metrics of job %q: %w", job.ID, err)
	}
	s := w.state(job.ID)
	if s.Status == "" {
		w.order = append(w.order, s)
	}
	s.Status, s.Cached, s.Wall, s.note, s.metrics = job.Status, job.Cached, job.Wall, note, metrics
	s.away = s.folder && w.sums.putAway(w.dir, jobFile(job.ID, "")+"/")
	return nil
}

// writeEnd writes the job's folder, or one line of a job that has none.
func (w *Writer) writeEnd(job *Job) (span, error) {
	if w.idle(job) {
		return w.appendNote(job)
	}
	return span{}, w.writeJob(job)
}

// idle reports whether a job was not executed and has nothing in a folder.
func (w *Writer) idle(job *Job) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return (job.Cached || job.Status == Skipped) && !w.state(job.ID).folder
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
func (w *Writer) describeLog(job *Job) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.state(job.ID)
	if s.away { // it has ended before
		if err := w.sums.bringBack(jobFile(job.ID, "") + "/"); err != nil {
			return err
		}
	}
	for _, name := range []string{logName, packedName} {
		if sum, ok := w.sums.held[jobFile(job.ID, name)]; ok {
			job.LogDigest, job.LogSize = sum, s.logSize
		}
	}
	return nil
}

// writeJob writes job.json and fingerprint, unless they already say so.
func (w *Writer) writeJob(job *Job) error {
	data, err := Canonical(job)
	if err != nil {
		return err
	}
	files := []file{{jobName, data}}
	if len(job.FingerprintLines) > 0 {
		files = append(files, file{fingerprintName, joinLines(job.FingerprintLines)})
	}
	return w.putJob(job.ID, files)
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
