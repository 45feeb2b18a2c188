package mlflow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/mlops-runner/mlops/runner/disk"
)

// A log is a file of JSON lines that only grows. One goroutine uses it at a time.
type log struct {
	path string
	disk disk.Disk
	file disk.File // nil until something is added
	size int64     // bytes of whole lines
	torn bool      // there may be more than those
}

// openLog gives each line of a log to apply, and drops a last one that was cut off:
// nobody was told that it was written. A file that is not there is empty.
func openLog(d disk.Disk, path string, apply func(line []byte) error) (*log, error) {
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	l := &log{path: path, disk: d}
	for n := 1; ; n++ {
		end := bytes.IndexByte(text[l.size:], '\n')
		if end < 0 {
			break
		}
		if err := apply(text[l.size : l.size+int64(end)]); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		l.size += int64(end) + 1
	}
	if int64(len(text)) > l.size {
		return l, os.Truncate(path, l.size)
	}
	return l, nil
}

// add writes a line. When it returns, a kill cannot undo it; with flush, neither can
// a power cut. After an error the log is as it was.
func (l *log) add(v any, flush bool) (err error) {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if l.torn { // a line behind half a one would be lost with it
		if err := os.Truncate(l.path, l.size); err != nil {
			return err
		}
		l.torn = false
	}
	if l.file == nil {
		if l.file, err = l.disk.Append(l.path, 0o644); err != nil {
			return err
		}
	}
	line = append(line, '\n')
	if _, err = l.file.Write(line); err == nil && flush {
		err = l.file.Sync()
	}
	if err != nil {
		cut := os.Truncate(l.path, l.size)
		l.torn = cut != nil
		return errors.Join(err, cut)
	}
	l.size += int64(len(line))
	return nil
}

// close lets go of the file; the next line opens it again.
func (l *log) close() error {
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}
