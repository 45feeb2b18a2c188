package record

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/mlops-runner/mlops/runner/store"
)

// plainLog is up to how many bytes a log is kept as it is: to be read with any
// tool, and because packing it would take longer than what it saves.
const plainLog = 64 << 10

// LogFiles are the log of one attempt of a job and its index, whose lines are
// "offset unix-nanoseconds step". What is not there said nothing.
type LogFiles struct {
	Log, Index string
}

// TakeLog takes the finished logs of a job's attempts into the record, one behind
// the other, and returns where each ends, in bytes. It may move the files or
// copy them. Call it before JobEnded, once.
func (w *Writer) TakeLog(job string, attempts ...LogFiles) (ends []int64, err error) {
	t := taking{w: w, job: job}
	defer t.close()
	if err = t.open(attempts); err == nil && t.size() > 0 {
		err = t.take()
	}
	if err != nil {
		return nil, fmt.Errorf("record log of job %q: %w", job, err)
	}
	return t.ends, nil
}

// taking is a TakeLog under way.
type taking struct {
	w       *Writer
	job     string
	logs    []*os.File // nil where nothing was said
	indexes []*os.File
	ends    []int64
}

func (t *taking) open(attempts []LogFiles) error {
	for _, a := range attempts {
		log, n, err := openPart(a.Log)
		if err != nil {
			return err
		}
		t.logs, t.ends = append(t.logs, log), append(t.ends, t.size()+n)
		index, _, err := openPart(a.Index)
		if err != nil {
			return err
		}
		t.indexes = append(t.indexes, index)
	}
	return nil
}

// openPart opens a regular file and tells its length; nil for one that is not there.
func openPart(name string) (*os.File, int64, error) {
	f, err := openRegular(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	st, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, st.Size(), nil
}

func (t *taking) close() {
	for _, f := range append(t.logs, t.indexes...) {
		if f != nil {
			f.Close()
		}
	}
}

// size is how long the log is as far as it is known.
func (t *taking) size() int64 {
	if len(t.ends) == 0 {
		return 0
	}
	return t.ends[len(t.ends)-1]
}

func (t *taking) take() error {
	err := t.w.putJob(t.job, nil)
	if err == nil {
		err = t.takeLog()
	}
	if err == nil {
		err = t.takeIndex()
	}
	if err != nil {
		return err
	}
	t.w.mu.Lock()
	defer t.w.mu.Unlock()
	t.w.state(t.job).logSize = t.size()
	return nil
}

func (t *taking) takeLog() error {
	switch size := t.size(); {
	case size > plainLog:
		return t.w.copyIn(jobFile(t.job, packedName), t.pack)
	case len(t.logs) == 1:
		return t.w.take(jobFile(t.job, logName), t.logs[0])
	}
	return t.w.copyIn(jobFile(t.job, logName), t.concat)
}

func (t *taking) takeIndex() error {
	name := jobFile(t.job, indexName)
	if len(t.indexes) > 1 {
		return t.w.copyIn(name, t.joinIndexes)
	}
	if t.indexes[0] == nil {
		return nil
	}
	return t.w.take(name, t.indexes[0])
}

// pack writes the logs compressed, as fast as they can be read.
func (t *taking) pack(dst io.Writer) error {
	z, err := zstd.NewWriter(dst, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(min(2, runtime.GOMAXPROCS(0))))
	if err != nil {
		return err
	}
	return errors.Join(t.concat(z), z.Close())
}

func (t *taking) concat(dst io.Writer) error {
	buf := make([]byte, 512<<10)
	for _, f := range t.logs {
		if f == nil {
			continue
		}
		if _, err := io.CopyBuffer(dst, struct{ io.Reader }{f}, buf); err != nil {
			return err
		}
	}
	return nil
}

// joinIndexes moves the offsets of each index to where its log lies now. A line
// that is none is left out: a job can write what it likes.
func (t *taking) joinIndexes(dst io.Writer) error {
	out := bufio.NewWriter(dst)
	from := int64(0)
	for i, f := range t.indexes {
		if f != nil {
			for lines := bufio.NewScanner(f); lines.Scan(); {
				offset, rest, _ := strings.Cut(lines.Text(), " ")
				if n, err := strconv.ParseInt(offset, 10, 64); err == nil {
					fmt.Fprintf(out, "%d %s\n", from+n, rest)
				}
			}
		}
		from = t.ends[i]
	}
	return out.Flush()
}

// TakeFile moves a further file of a job, such as the log of a service, into
// its folder, as TakeLog does. name is one path element and none of the
// record's own. It fails with [fs.ErrNotExist] if there is no such file.
func (w *Writer) TakeFile(job, name, from string) error {
	if err := furtherName(job, name); err != nil {
		return err
	}
	// A job could write where the file lies: a link there must not be followed.
	f, err := openRegular(from)
	if err == nil {
		defer f.Close()
		err = w.putJob(job, nil)
	}
	if err == nil {
		err = w.take(jobFile(job, name), f)
	}
	if err != nil {
		return fmt.Errorf("record %s of job %q: %w", name, job, err)
	}
	return nil
}

// PutFile writes a further file of a job into its folder, under a name as for TakeFile.
func (w *Writer) PutFile(job, name string, data []byte) error {
	err := furtherName(job, name)
	if err != nil {
		return err
	}
	if err = w.putJob(job, nil); err == nil {
		err = w.put(jobFile(job, name), data)
	}
	if err != nil {
		return fmt.Errorf("record %s of job %q: %w", name, job, err)
	}
	return nil
}

// furtherName refuses names that are the record's own, or no plain ones.
func furtherName(job, name string) error {
	switch name {
	case jobName, fingerprintName, logName, packedName, indexName:
		return fmt.Errorf("record %s of job %q: the name is taken", name, job)
	}
	if !filepath.IsLocal(name) || filepath.Base(name) != name || name[0] == '.' {
		return fmt.Errorf("record %q of job %q: want a plain file name", name, job)
	}
	return nil
}

// take moves an open file into the record, or copies it from another file system.
func (w *Writer) take(name string, f *os.File) error {
	if w.disk.Rename(f.Name(), w.path(name)) != nil {
		return w.copyIn(name, func(dst io.Writer) error { _, err := io.Copy(dst, f); return err })
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
	sum, _, err := sumReader(taken)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sums.held[name] = sum
	return nil
}

// copyIn lets fill write a new file, which appears whole.
func (w *Writer) copyIn(name string, fill func(io.Writer) error) error {
	w.mu.Lock()
	temp := w.temp(path.Dir(name))
	w.mu.Unlock()
	dst, err := w.disk.Create(temp, 0o444)
	if err != nil {
		return err
	}
	sum := sha256.New()
	err = fill(io.MultiWriter(dst, sum))
	if err = errors.Join(err, dst.Close()); err == nil {
		err = w.disk.Rename(temp, w.path(name))
	}
	if err != nil {
		return errors.Join(err, w.remove(temp))
	}
	w.did("copy " + name)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sums.held[name] = store.Digest(sum.Sum(nil))
	return nil
}
