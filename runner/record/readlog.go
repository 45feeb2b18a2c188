package record

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"
)

// Log opens the log of a job, unpacked; the caller closes it. The log of a reused
// job is that of the run that executed it. The error is [ErrNoLog] if there is none.
func (r *Run) Log(job string) (io.ReadCloser, error) {
	plain, err := r.openLog(job, logName)
	if !errors.Is(err, ErrNoLog) {
		return plain, err
	}
	f, err := r.openLog(job, packedName)
	if err != nil {
		return nil, err
	}
	z, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("log of job %q: %w", job, err), f.Close())
	}
	return unpacker{z, f}, nil
}

// AttemptLog opens the part of a job's log that one attempt printed, as Log does.
// attempt is an index of the job's Attempts.
func (r *Run) AttemptLog(job string, attempt int) (io.ReadCloser, error) {
	j := r.Job(job)
	if j == nil || attempt < 0 || attempt >= len(j.Attempts) {
		return nil, fmt.Errorf("log of run %s: job %q has no attempt with the index %d", r.ID, job, attempt)
	}
	log, err := r.Log(job)
	if err != nil || len(j.Attempts) == 1 { // whose log is the whole one
		return log, err
	}
	a := j.Attempts[attempt]
	if _, err := io.CopyN(io.Discard, log, a.LogFrom); err != nil {
		return nil, errors.Join(fmt.Errorf("log of job %q: %w", job, err), log.Close())
	}
	return section{io.LimitReader(log, a.LogTo-a.LogFrom), log}, nil
}

// A section is a part of a log.
type section struct {
	io.Reader
	io.Closer
}

// JobFile opens a further file of a job, which [Writer.TakeFile] took, as Log does.
func (r *Run) JobFile(job, name string) (*os.File, error) { return r.openLog(job, name) }

// LogIndex opens the index of a job's log, as Log does.
func (r *Run) LogIndex(job string) (*os.File, error) { return r.openLog(job, indexName) }

// An unpacker reads a packed log.
type unpacker struct {
	*zstd.Decoder
	f *os.File
}

func (u unpacker) Close() error {
	u.Decoder.Close()
	return u.f.Close()
}

func (r *Run) openLog(job, name string) (*os.File, error) {
	j := r.Job(job)
	if j == nil {
		return nil, fmt.Errorf("log of run %s: no job %q", r.ID, job)
	}
	dir := r.Dir
	if j.Cached {
		origin, err := r.origin(j)
		if err != nil {
			return nil, fmt.Errorf("log of job %q: executed by run %s, which is gone: %w", job, j.CachedFrom, ErrNoLog)
		}
		dir = origin
	}
	f, err := os.Open(filepath.Join(dir, filepath.FromSlash(jobFile(job, name))))
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrNoLog
	}
	if err != nil {
		return nil, fmt.Errorf("log of job %q of run %s: %w", job, r.ID, err)
	}
	return f, nil
}

// origin returns the folder of the run that executed a reused job: beside our
// own, whatever the root is called.
func (r *Run) origin(j *Job) (string, error) {
	id, err := parseID(j.CachedFrom)
	if err != nil {
		return "", err
	}
	root := filepath.Join(r.Dir, "..", "..", "..", "..")
	dir := filepath.Join(root, runFolder(id))
	_, err = os.Stat(dir)
	return dir, err
}
