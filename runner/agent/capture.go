package agent

import (
	"bytes"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const (
	smallRead = 64 << 10 // bytes; a pipe's default capacity
	largeRead = 1 << 20  // bytes; the capacity an unprivileged process may ask for
	maxHeld   = 64 << 10 // bytes of a line that may be a command and whose end has not come
	maxWhole  = 4 << 10  // bytes of another line that waits for its end because others write too
)

// A capture takes one step's output to its veil and looks for workflow
// commands in it. It is used by one goroutine.
type capture struct {
	out     *veil
	learn   func()            // called before output is passed on; nil: there is nothing to learn
	command func(line []byte) // called for each line that starts with "::"
	// whole is set while several steps write: lines then go on in
	// one piece, so that they do not mix.
	whole bool
	held  []byte // start of a line that may be a command
	mid   bool   // the next byte continues a line that was passed on
}

// pump copies r to the veil until its end, with buf as long as the output
// comes slowly. Who writes faster than we read gets a larger pipe and buffer:
// one system call then moves up to 1 MiB.
func (c *capture) pump(r *os.File, buf []byte) error {
	full := 0
	for {
		n, err := r.Read(buf)
		if n > 0 {
			c.write(buf[:n], time.Now())
		}
		if err != nil {
			c.flush(time.Now())
			c.out.end()
			if err == io.EOF || os.IsTimeout(err) {
				return nil
			}
			return err
		}
		if full = grown(full, n, len(buf)); full == 3 && len(buf) < largeRead {
			buf = make([]byte, largeRead)
			enlarge(r)
		}
	}
}

// grown counts reads in a row that filled the buffer.
func grown(full, n, size int) int {
	if n < size {
		return 0
	}
	return full + 1
}

// enlarge asks for a pipe of 1 MiB. The system may refuse; then it is slower.
func enlarge(r *os.File) {
	if c, err := r.SyscallConn(); err == nil {
		_ = c.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, largeRead) })
	}
}

// write passes p on. A line that may turn out to be a command is held back
// until its end is there: a secret must be known before it is shown.
func (c *capture) write(p []byte, now time.Time) {
	if len(c.held) > 0 {
		p, c.held = append(c.held, p...), nil
	}
	if c.learn != nil {
		c.learn()
	}
	c.scan(p)
	cut := c.cut(p)
	if cut < len(p) {
		c.held = bytes.Clone(p[cut:])
		p = p[:cut]
	}
	if len(p) > 0 {
		c.mid = p[len(p)-1] != '\n'
		c.out.append(p, now)
	}
}

// cut returns where the part of p begins that has to wait for more.
func (c *capture) cut(p []byte) int {
	last := bytes.LastIndexByte(p, '\n') + 1
	rest := len(p) - last
	switch {
	case last == 0 && c.mid:
		return len(p)
	case mayBeCommand(p[last:]) && rest <= maxHeld, c.whole && rest <= maxWhole:
		return last
	}
	return len(p)
}

// mayBeCommand reports whether a line that starts with p can be a command.
func mayBeCommand(p []byte) bool {
	return len(p) > 0 && p[0] == ':' && (len(p) == 1 || p[1] == ':')
}

// scan finds the complete lines of p that start with "::".
func (c *capture) scan(p []byte) {
	if !c.mid && bytes.HasPrefix(p, []byte("::")) {
		c.line(p)
	}
	for {
		i := bytes.Index(p, []byte("\n::"))
		if i < 0 {
			return
		}
		p = p[i+1:]
		c.line(p)
	}
}

// line obeys the line at the start of p, if its end is there. One that is too
// long to be held back is no command, also if it came in one piece.
func (c *capture) line(p []byte) {
	if end := bytes.IndexByte(p, '\n'); end >= 0 && end <= maxHeld {
		c.command(bytes.TrimSuffix(p[:end], []byte("\r")))
	}
}

// flush passes on what was held back; nothing more will come.
func (c *capture) flush(now time.Time) {
	p := c.held
	c.held = nil
	if !c.mid && bytes.HasPrefix(p, []byte("::")) && len(p) <= maxHeld {
		c.command(bytes.TrimSuffix(p, []byte("\r")))
	}
	if len(p) > 0 {
		c.mid = true
		c.out.append(p, now)
	}
}
