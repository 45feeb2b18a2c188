package view

import (
	"fmt"
	"io"
	"os"
)

// spoolMemory is how much of a job's output is held in memory until it ends.
const spoolMemory = 256 << 10 // bytes

// A spool holds the output of a job that is shown when it has ended: in memory
// at first, in a temporary file when it grows. If the file cannot be written,
// what does not fit is counted and said.
type spool struct {
	memory []byte
	file   *os.File
	lost   int64 // lines
	broken bool  // no file can be had
}

// write adds whole lines.
func (s *spool) write(lines []byte) {
	if s.broken {
		s.lost += countLines(lines)
		return
	}
	s.memory = append(s.memory, lines...)
	if len(s.memory) > spoolMemory {
		s.spill()
	}
}

// spill moves what is in memory to the file.
func (s *spool) spill() {
	if s.file == nil {
		file, err := os.CreateTemp("", "mlops-log-*")
		if err != nil {
			s.broken = true
			return
		}
		s.file = file
	}
	if _, err := s.file.Write(s.memory); err != nil {
		s.lost += countLines(s.memory)
		s.broken = true
	}
	s.memory = s.memory[:0]
}

// empty reports whether nothing was written.
func (s *spool) empty() bool { return s.file == nil && len(s.memory) == 0 && s.lost == 0 }

// each calls f with all that was written, in order, in pieces that end with a
// newline.
func (s *spool) each(f func(lines []byte)) error {
	if s.file != nil {
		if _, err := s.file.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("read output of a job back: %w", err)
		}
		if err := eachPiece(s.file, f); err != nil {
			return fmt.Errorf("read output of a job back: %w", err)
		}
	}
	if len(s.memory) > 0 {
		f(s.memory)
	}
	return nil
}

// eachPiece reads r in pieces of whole lines.
func eachPiece(r io.Reader, f func([]byte)) error {
	var a assembler
	buf := make([]byte, 64<<10)
	for {
		n, err := r.Read(buf)
		if lines := a.add(buf[:n]); len(lines) > 0 {
			f(lines)
		}
		if err == io.EOF {
			if rest := a.flush(); len(rest) > 0 {
				f(rest)
			}
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// close removes the file.
func (s *spool) close() {
	if s.file != nil {
		s.file.Close()
		os.Remove(s.file.Name())
	}
	*s = spool{}
}
