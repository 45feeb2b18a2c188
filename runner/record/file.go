package record

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/mlops-runner/mlops/runner/store"
)

// Names of the files of a record and of a job's folder.
const (
	runName         = "run.json"
	sourceName      = "source.json"
	envName         = "env.json"
	paramsName      = "params.json"
	metricsName     = "metrics.jsonl"
	idleName        = "jobs.jsonl"     // jobs that were not executed
	startedName     = ".started.jsonl" // only until the record is sealed
	inputsName      = "inputs.json"
	outputsName     = "outputs.json"
	sumsName        = "SHA256SUMS"
	jobName         = "job.json"
	fingerprintName = "fingerprint"
	logName         = "log"
	indexName       = "log.index"
	attestFolder    = "attest" // statements about the run's digest; they cannot be under it
)

// file is the name and content of a file to write.
type file struct {
	name string
	data []byte
}

// AddFile puts a further file into the record, such as report.md. name is one
// word of lower-case letters, digits and - _ . and none of the record's own.
func (w *Writer) AddFile(name string, data []byte) error {
	own := []string{runName, sourceName, envName, paramsName, metricsName, inputsName, outputsName, "jobs", attestFolder}
	for _, o := range own {
		if name == o {
			return fmt.Errorf("add %s to record %s: the name is taken", name, w.run.ID)
		}
	}
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" || name == "" || name[0] == '.' || len(name) > maxFolder {
		return fmt.Errorf("add %q to record %s: want a name of a-z 0-9 - _ . only", name, w.run.ID)
	}
	if err := w.put(name, data); err != nil {
		return fmt.Errorf("add %s to record %s: %w", name, w.run.ID, err)
	}
	return nil
}

func (w *Writer) putJSON(name string, v any) error {
	data, err := Canonical(v)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return w.put(name, data)
}

// put makes data the content of a file: under a temporary name first, so that
// no one ever sees half of it. A file that already has the content stays.
func (w *Writer) put(name string, data []byte) error {
	sum := store.Sum(data)
	temp, err := w.reserve(name, sum)
	if temp == "" || err != nil {
		return err
	}
	if err := os.WriteFile(temp, data, 0o444); err != nil {
		return errors.Join(err, remove(temp))
	}
	w.did("write " + name)
	if err := os.Rename(temp, w.path(name)); err != nil {
		return errors.Join(err, remove(temp))
	}
	w.setSum(name, sum)
	w.did("rename " + name)
	return nil
}

// reserve returns a temporary path for the next version of a file, or "" if
// the file is as it should be.
func (w *Writer) reserve(name string, sum store.Digest) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sealed {
		return "", ErrSealed
	}
	if w.sums[name] == sum {
		return "", nil
	}
	return w.temp(path.Dir(name)), nil
}

// temp returns a name that readers skip in a folder of the record.
func (w *Writer) temp(folder string) string {
	w.temps++
	return w.path(path.Join(folder, ".new-"+strconv.Itoa(w.temps)))
}

func (w *Writer) path(name string) string { return filepath.Join(w.dir, filepath.FromSlash(name)) }

func (w *Writer) setSum(name string, sum store.Digest) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sums[name] = sum
}

// putJob writes files into a job's folder. A folder that does not exist yet is
// filled under another name and moved, which saves a rename for each file.
func (w *Writer) putJob(id string, files []file) error {
	temp, err := w.jobFolder(id)
	if err != nil {
		return err
	}
	if temp == "" {
		return w.putAll(id, files)
	}
	if err := w.fillJob(temp, id, files); err != nil {
		w.forget(id)
		return errors.Join(err, os.RemoveAll(temp))
	}
	for _, f := range files {
		w.setSum(jobFile(id, f.name), store.Sum(f.data))
	}
	return nil
}

func (w *Writer) putAll(id string, files []file) error {
	for _, f := range files {
		if err := w.put(jobFile(id, f.name), f.data); err != nil {
			return err
		}
	}
	return nil
}

// jobFolder returns a temporary path for the folder of a job that has none
// yet, and "" otherwise. The caller makes the folder.
func (w *Writer) jobFolder(id string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sealed {
		return "", ErrSealed
	}
	if w.folders[id] {
		return "", nil
	}
	w.folders[id] = true
	return w.temp("jobs"), nil
}

func (w *Writer) forget(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.folders, id)
}

func (w *Writer) fillJob(temp, id string, files []file) error {
	if err := os.Mkdir(temp, 0o755); err != nil {
		return err
	}
	w.did("mkdir " + temp)
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(temp, f.name), f.data, 0o444); err != nil {
			return err
		}
		w.did("write " + f.name)
	}
	if err := os.Rename(temp, w.path(path.Join("jobs", JobFolder(id)))); err != nil {
		return err
	}
	w.did("rename job " + id)
	return nil
}

// A Log is a growing file of a job. It may be read while it is written. Its
// digest is computed on the way, so that sealing need not read it again. It is
// not safe for concurrent use.
type Log struct {
	w    *Writer
	name string

	mu   sync.Mutex // guards all below, against Seal in another goroutine
	f    *os.File   // nil when closed
	hash hash.Hash
	size int64
}

// CreateLog opens the log of a job for writing. Close it before JobEnded.
func (w *Writer) CreateLog(job string) (*Log, error) { return w.createLog(job, logName) }

// CreateLogIndex opens the index of a job's log for writing; its lines are
// "offset unix-nanoseconds step".
func (w *Writer) CreateLogIndex(job string) (*Log, error) { return w.createLog(job, indexName) }

func (w *Writer) createLog(job, name string) (*Log, error) {
	if err := w.putJob(job, nil); err != nil {
		return nil, fmt.Errorf("record %s of job %q: %w", name, job, err)
	}
	l := &Log{w: w, name: jobFile(job, name), hash: sha256.New()}
	var err error
	if l.f, err = os.OpenFile(w.path(l.name), os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o444); err != nil {
		return nil, fmt.Errorf("record %s of job %q: %w", name, job, err)
	}
	w.did("create " + l.name)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.logs[l.name] = l
	return l, nil
}

// Write appends to the log.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f == nil {
		return 0, os.ErrClosed
	}
	n, err := l.f.Write(p)
	l.hash.Write(p[:n])
	l.size += int64(n)
	l.w.did("append " + l.name)
	return n, err
}

// Size returns the bytes written so far.
func (l *Log) Size() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.size
}

// Close ends the log. Closing again does nothing.
func (l *Log) Close() error {
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	delete(l.w.logs, l.name)
	return l.close()
}

// close is Close for a caller that holds the writer's lock.
func (l *Log) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f == nil {
		return nil
	}
	err := l.f.Close()
	l.f = nil
	l.w.sums[l.name] = store.Digest(l.hash.Sum(nil))
	l.w.sizes[l.name] = l.size
	return err
}

// closeLogs closes what its writer forgot; the caller holds the lock.
func (w *Writer) closeLogs() error {
	var err error
	for _, l := range w.logs {
		err = errors.Join(err, l.close())
	}
	clear(w.logs)
	return err
}

// TakeLog moves a finished log, and its index if that is not "", into the
// record. From another file system they are copied and the originals stay.
func (w *Writer) TakeLog(job, log, index string) error {
	err := w.putJob(job, nil)
	if err == nil {
		err = w.take(jobFile(job, logName), log)
	}
	if err == nil && index != "" {
		err = w.take(jobFile(job, indexName), index)
	}
	if err != nil {
		return fmt.Errorf("record log of job %q: %w", job, err)
	}
	return nil
}

// TakeFile moves a further file of a job, such as the log of a service, into
// its folder, as TakeLog does. name is one path element and none of the
// record's own. It fails with [fs.ErrNotExist] if there is no such file.
func (w *Writer) TakeFile(job, name, from string) error {
	switch name {
	case jobName, fingerprintName, logName, indexName:
		return fmt.Errorf("record %s of job %q: the name is taken", name, job)
	}
	if !filepath.IsLocal(name) || filepath.Base(name) != name || name[0] == '.' {
		return fmt.Errorf("record %q of job %q: want a plain file name", name, job)
	}
	err := w.putJob(job, nil)
	if err == nil {
		err = w.take(jobFile(job, name), from)
	}
	if err != nil {
		return fmt.Errorf("record %s of job %q: %w", name, job, err)
	}
	return nil
}

func (w *Writer) take(name, from string) error {
	// A job could write where its log lies: a link there must not be followed.
	f, err := openRegular(from)
	if err != nil {
		return err
	}
	defer f.Close()
	if os.Rename(from, w.path(name)) != nil {
		if err := w.copyIn(name, f); err != nil {
			return err
		}
	}
	w.did("take " + name)
	taken, err := openRegular(w.path(name))
	if err != nil {
		return err
	}
	defer taken.Close()
	if err := taken.Chmod(0o444); err != nil {
		return err
	}
	sum, size, err := sumReader(taken)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sums[name], w.sizes[name] = sum, size
	return nil
}

// openRegular opens a regular file, through no link.
func openRegular(name string) (*os.File, error) {
	before, err := os.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !before.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	if opened, err := f.Stat(); err != nil || !os.SameFile(before, opened) {
		f.Close()
		return nil, fmt.Errorf("%s is not the file that was there", name)
	}
	return f, nil
}

func (w *Writer) copyIn(name string, src io.Reader) error {
	w.mu.Lock()
	temp := w.temp(path.Dir(name))
	w.mu.Unlock()
	dst, err := os.OpenFile(temp, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o444)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	if err = errors.Join(err, dst.Close()); err == nil {
		err = os.Rename(temp, w.path(name))
	}
	if err != nil {
		return errors.Join(err, remove(temp))
	}
	return nil
}

// sumFile returns digest and size of a file.
func sumFile(name string) (store.Digest, int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return store.Digest{}, 0, err
	}
	defer f.Close()
	return sumReader(f)
}

func sumReader(r io.Reader) (store.Digest, int64, error) {
	h := sha256.New()
	n, err := io.Copy(h, r)
	return store.Digest(h.Sum(nil)), n, err
}

// joinLines returns lines with LF behind each.
func joinLines(lines []string) []byte {
	var b []byte
	for _, l := range lines {
		b = append(append(b, l...), '\n')
	}
	return b
}
