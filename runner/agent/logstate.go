package agent

import (
	"bytes"
	"errors"
)

// A logState is a journal between two agents. The rest of it is in its files.
type logState struct {
	Size     int64      `json:"size"`           // bytes written to the journal
	Tail     []byte     `json:"tail,omitempty"` // the last of them, if they are more than the file takes
	Late     [][3]int64 `json:"late,omitempty"` // index lines of the tail
	Tampered string     `json:"tampered,omitempty"`
}

// suspend brings the files up to date and returns what is not in them. The
// journal may be used on.
func (j *journal) suspend() (logState, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.announce != nil {
		j.announce.Stop()
	}
	j.flushIndex()
	s := logState{Size: j.size}
	if j.tail != nil {
		s.Tail = j.tail.bytes()
	}
	for _, l := range j.late {
		s.Late = append(s.Late, [3]int64{l.offset, l.time, int64(l.step)})
	}
	if _, err := j.inspect(j.inFile()); err != nil && j.err == nil {
		j.err = err
	}
	if j.tampered != nil {
		s.Tampered = j.tampered.Error()
	}
	return s, j.err
}

// goOn takes up what suspend returned.
func (j *journal) goOn(s *logState) {
	j.size = s.Size
	if j.tail != nil {
		j.tail.buf = bytes.Clone(s.Tail)
	}
	for _, l := range s.Late {
		j.late = append(j.late, indexLine{l[0], l[1], int(l[2])})
	}
	if s.Tampered != "" {
		j.tampered = errors.New(s.Tampered)
	}
}

// abandon closes the files of a journal that was suspended.
func (j *journal) abandon() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.file.Close()
	j.index.Close()
}
