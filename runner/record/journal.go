package record

import (
	"errors"
	"io/fs"
	"os"

	"github.com/mlops-runner/mlops/runner/disk"
)

// A journal is a file of a record that grows by whole lines while the run goes
// on, and out of which they are read again when it is sealed.
type journal struct {
	name string
	perm fs.FileMode
	file disk.File // nil until something was written, and after close
	end  int64     // bytes
}

// A span is a part of a journal.
type span struct{ from, to int64 }

// add appends lines and says where they are.
func (j *journal) add(d disk.Disk, path string, lines []byte) (s span, err error) {
	if len(lines) == 0 {
		return span{}, nil
	}
	if j.file == nil {
		if j.file, err = d.Append(path, j.perm); err != nil {
			return span{}, err
		}
	}
	n, err := j.file.Write(lines)
	s = span{j.end, j.end + int64(n)}
	j.end = s.to
	return s, err
}

func (j *journal) close() error {
	if j.file == nil {
		return nil
	}
	err := j.file.Close()
	j.file = nil
	return err
}

// A journalReader reads spans of a journal, one at a time.
type journalReader struct {
	file *os.File
	buf  []byte
}

// openJournal opens a journal to read; without a file it has no lines.
func openJournal(path string) (*journalReader, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &journalReader{}, nil
	}
	return &journalReader{file: f}, err
}

// read returns the lines of a span, which are good until the next call.
func (r *journalReader) read(s span) ([]byte, error) {
	n := int(s.to - s.from)
	if n == 0 {
		return nil, nil
	}
	if n > cap(r.buf) {
		r.buf = make([]byte, n)
	}
	_, err := r.file.ReadAt(r.buf[:n], s.from)
	return r.buf[:n], err
}

func (r *journalReader) close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}
