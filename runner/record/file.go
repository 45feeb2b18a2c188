package record

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/runner/disk"
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
	packedName      = "log.zst"
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
	if err := disk.WriteFile(w.disk, temp, data, 0o444); err != nil {
		return err
	}
	w.did("write " + name)
	if err := w.disk.Rename(temp, w.path(name)); err != nil {
		return errors.Join(err, w.remove(temp))
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
	if w.sums.held[name] == sum {
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
	w.sums.held[name] = sum
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
	if w.state(id).folder {
		return "", nil
	}
	w.state(id).folder = true
	return w.temp("jobs"), nil
}

func (w *Writer) forget(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state(id).folder = false
}

func (w *Writer) fillJob(temp, id string, files []file) error {
	if err := w.disk.Mkdir(temp); err != nil {
		return err
	}
	w.did("mkdir " + temp)
	for _, f := range files {
		if err := disk.WriteFile(w.disk, filepath.Join(temp, f.name), f.data, 0o444); err != nil {
			return err
		}
		w.did("write " + f.name)
	}
	if err := w.disk.Rename(temp, w.path(path.Join("jobs", JobFolder(id)))); err != nil {
		return err
	}
	w.did("rename job " + id)
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

// sumReader returns digest and size of what is read.
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
