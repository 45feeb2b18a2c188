package agent

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

const (
	growEvery = 50 * time.Millisecond // between LogGrew events
	indexStep = 10 * time.Millisecond // between index lines of one step
	maxTail   = 1 << 20               // bytes kept from the end of a log that is too long
)

// A journal is the job's log and its index. Steps append to it from several
// goroutines. Offsets count all bytes ever written; once the log is longer than
// its limit they differ from offsets in the file, and place translates.
type journal struct {
	mu     sync.Mutex // guards all below
	file   *os.File
	index  *os.File
	events *emitter
	stream bool // bytes go through the event stream too
	err    error
	// tampered says that a step wrote to the log, or put something in its place.
	tampered error

	size     int64 // bytes written to the journal
	head     int64 // bytes that go to the file directly; all, if there is no limit
	tail     *ring // what came after them
	marker   int   // bytes of the line that stands for what was left out
	lines    []byte
	late     []indexLine // index lines of the tail
	stepAt   int
	stampAt  time.Time
	grown    bool // since the last LogGrew
	grownAt  time.Time
	announce *time.Timer
}

type indexLine struct {
	offset int64
	time   int64 // unix nanoseconds
	step   int
}

// openJournal begins a log, or goes on with the one that an agent before left.
func openJournal(s Spec, events *emitter, past *logState) (*journal, error) {
	// Appending, so that a job that empties the file leaves no hole in it;
	// readable, so that one that is removed can be written again.
	flags := os.O_RDWR | os.O_APPEND
	if past == nil {
		flags |= os.O_TRUNC
	}
	f, err := reopenOwn(s.Control, LogFile, flags)
	if err != nil {
		return nil, err
	}
	x, err := reopenOwn(s.Control, IndexFile, flags)
	if err != nil {
		f.Close()
		return nil, err
	}
	j := &journal{file: f, index: x, events: events, stream: s.Stream, head: 1<<63 - 1, stepAt: -1}
	if s.LogLimit > 0 {
		j.tail = &ring{max: int(min(maxTail, s.LogLimit/2))}
		j.head = s.LogLimit - int64(j.tail.max)
	}
	if past != nil {
		j.goOn(past)
	}
	return j, nil
}

// append adds output of a step. It never fails, so that a full disk does not
// stop the job in the middle of a write; close tells.
func (j *journal) append(step int, p []byte, now time.Time) {
	if len(p) == 0 {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.stamp(step, now)
	direct := p[:min(int64(len(p)), max(0, j.head-j.size))]
	if j.size += int64(len(p)); len(direct) < len(p) {
		j.tail.write(p[len(direct):])
	}
	j.put(step, direct)
	j.grew(step, now)
}

// put writes to the file and, if the log is streamed, sends the same bytes.
func (j *journal) put(step int, p []byte) {
	if len(p) == 0 {
		return
	}
	if j.err == nil {
		_, j.err = j.file.Write(p)
	}
	if j.stream {
		j.events.emit(Event{Kind: Output, Step: step, N: len(p), Data: p, Offset: j.inFile()})
	}
}

// inFile is the length of the file.
func (j *journal) inFile() int64 { return min(j.size, j.head) }

// stamp notes who writes from here on, and when.
func (j *journal) stamp(step int, now time.Time) {
	if step == j.stepAt && now.Sub(j.stampAt) < indexStep {
		return
	}
	j.stepAt, j.stampAt = step, now
	line := indexLine{j.size, now.UnixNano(), step}
	if j.size >= j.head {
		j.late = append(j.trimLate(), line)
		return
	}
	j.lines = line.appendTo(j.lines)
	if len(j.lines) >= 4<<10 {
		j.flushIndex()
	}
}

// trimLate forgets index lines of bytes that the tail no longer holds. It runs
// when their number has doubled, so that a long job does not search each time.
func (j *journal) trimLate() []indexLine {
	if n := len(j.late); n < 1024 || n < cap(j.late) {
		return j.late
	}
	keep := 0
	for keep+1 < len(j.late) && j.late[keep+1].offset <= j.size-int64(j.tail.max) {
		keep++
	}
	return append(make([]indexLine, 0, 2*(len(j.late)-keep)+1024), j.late[keep:]...)
}

func (l indexLine) appendTo(b []byte) []byte {
	b = strconv.AppendInt(b, l.offset, 10)
	b = strconv.AppendInt(append(b, ' '), l.time, 10)
	b = strconv.AppendInt(append(b, ' '), int64(l.step), 10)
	return append(b, '\n')
}

func (j *journal) flushIndex() {
	if len(j.lines) > 0 && j.err == nil {
		_, j.err = j.index.Write(j.lines)
	}
	j.lines = j.lines[:0]
}

// grew announces the file's length, now or when the pause since the last
// announcement is over.
func (j *journal) grew(step int, now time.Time) {
	if j.stream || j.grown {
		return
	}
	j.grown = true
	if wait := growEvery - now.Sub(j.grownAt); wait > 0 && !j.grownAt.IsZero() {
		if j.announce == nil {
			j.announce = time.AfterFunc(wait, func() { j.settle(step) })
		} else {
			j.announce.Reset(wait)
		}
		return
	}
	j.announceNow(step, now)
}

func (j *journal) announceNow(step int, now time.Time) {
	j.grown, j.grownAt = false, now
	j.flushIndex()
	j.events.emit(Event{Kind: LogGrew, Step: step, Offset: j.inFile()})
}

// settle announces what has not been announced yet.
func (j *journal) settle(step int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.grown {
		j.announceNow(step, time.Now())
	}
}

// length is the number of bytes written so far.
func (j *journal) length() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.size
}

// stored is how many bytes the log's file should have now.
func (j *journal) stored() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.inFile()
}

// close completes both files and returns the log's length in bytes. After it
// place translates offsets to where their bytes ended up.
func (j *journal) close(step int) (int64, error) {
	j.mu.Lock()
	if j.announce != nil {
		j.announce.Stop()
	}
	rest := j.closeTail(step)
	j.flushIndex()
	size := j.seal()
	grown, err := j.grown || rest > 0, j.err
	j.grown = false
	j.mu.Unlock()
	if grown && !j.stream {
		j.events.emit(Event{Kind: LogGrew, Step: step, Offset: size})
	}
	return size, err
}

// seal closes both files, found under their own names, and returns the log's
// length.
func (j *journal) seal() int64 {
	size, err := j.inspect(j.fileSize())
	for _, e := range []error{err, j.file.Close(), j.index.Close()} {
		if j.err == nil {
			j.err = e
		}
	}
	return size
}

// inspect notes whether both files are what was written, size bytes of log, and
// sees to it that they are found under their own names. It returns the length
// that the log really has.
func (j *journal) inspect(size int64) (int64, error) {
	var errs error
	for _, f := range []*os.File{j.file, j.index} {
		st, err := f.Stat()
		if err == nil && f == j.file && j.err == nil && st.Size() != size {
			size, j.tampered = st.Size(), fmt.Errorf("the job wrote to its log file: it has %d bytes and not %d", st.Size(), size)
		}
		j.tampered = cmp.Or(j.tampered, restore(f))
		errs = errors.Join(errs, err)
	}
	return size, errs
}

// restore makes sure that a file is found under its own name: a step can remove
// it or put something else there. It is then written again, as far as it goes,
// and the error says so.
func restore(f *os.File) error {
	there, err := os.Lstat(f.Name())
	own, ownErr := f.Stat()
	if err == nil && ownErr == nil && os.SameFile(there, own) {
		return nil
	}
	if ownErr != nil {
		return ownErr
	}
	c, err := createOwn(filepath.Dir(f.Name()), filepath.Base(f.Name()), os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(c, io.NewSectionReader(f, 0, own.Size()))
	name := filepath.Base(f.Name())
	return errors.Join(fmt.Errorf("the job removed or replaced its %s file; what was written to it is kept", name), err, c.Close())
}

// closeTail appends the end of a log that was too long and returns its length.
func (j *journal) closeTail(step int) int {
	if j.size <= j.head {
		return 0
	}
	end := j.tail.bytes()
	dropped := j.size - j.head - int64(len(end))
	var marker []byte
	if dropped > 0 {
		if i := bytes.IndexByte(end, '\n'); i >= 0 { // begin with a whole line, and with a whole character
			end, dropped = end[i+1:], dropped+int64(i)+1
		}
		marker = fmt.Appendf(nil, "\n... %d bytes left out: the log is limited to %d ...\n", dropped, j.head+int64(j.tail.max))
	}
	j.marker, j.tail.dropped = len(marker), dropped
	rest := append(marker, end...)
	if j.err == nil {
		_, j.err = j.file.Write(rest)
	}
	if j.stream {
		j.events.emit(Event{Kind: Output, Step: step, N: len(rest), Data: rest, Offset: j.fileSize()})
	}
	for _, l := range j.late {
		l.offset = j.place(l.offset)
		j.lines = l.appendTo(j.lines)
	}
	return len(rest)
}

// fileSize is the length of the complete file.
func (j *journal) fileSize() int64 { return j.place(j.size) }

// place translates an offset of the journal to one of the complete file.
func (j *journal) place(offset int64) int64 {
	switch {
	case offset <= j.head:
		return offset
	case offset < j.head+j.tail.dropped:
		return j.head
	}
	return offset - j.tail.dropped + int64(j.marker)
}

// A ring keeps the last max bytes of what is written to it.
type ring struct {
	max     int
	buf     []byte
	next    int // where the next byte goes once buf is full
	dropped int64
}

func (r *ring) write(p []byte) {
	if len(p) >= r.max {
		r.buf, r.next = append(r.buf[:0], p[len(p)-r.max:]...), 0
		return
	}
	if room := r.max - len(r.buf); room > 0 {
		n := min(room, len(p))
		r.buf, p = append(r.buf, p[:n]...), p[n:]
	}
	for len(p) > 0 {
		n := copy(r.buf[r.next:], p)
		p, r.next = p[n:], (r.next+n)%r.max
	}
}

func (r *ring) bytes() []byte {
	return append(bytes.Clone(r.buf[r.next:]), r.buf[:r.next]...)
}
