package agent

import (
	"bytes"
	"os"
	"strconv"
)

// A sacrifice makes steps likelier than the agent to be killed when a container
// runs out of memory: a limit of 16 MiB is about what the agent itself takes,
// and without it nobody tells what happened. The zero sacrifice does nothing.
type sacrifice struct {
	file       *os.File // our own oom_score_adj, see proc(5); nil without one
	own, steps []byte   // its value, and that of steps
}

// stepScore is added to our own score for steps. A process that takes all of a limit has
// 1000 by that alone, and the pages of our own program count as well, which are more
// than a small limit: steps get the most there is.
const stepScore = 1000

// newSacrifice is for an agent that is alone with its steps in a container;
// elsewhere the scores are not ours to change.
func newSacrifice() sacrifice {
	if os.Getpid() != 1 {
		return sacrifice{}
	}
	f, err := os.OpenFile("/proc/self/oom_score_adj", os.O_RDWR, 0)
	if err != nil {
		return sacrifice{}
	}
	b := make([]byte, 16)
	n, _ := f.Read(b)
	own := bytes.TrimSpace(b[:n])
	score, err := strconv.Atoi(string(own))
	if err != nil {
		f.Close()
		return sacrifice{}
	}
	return sacrifice{f, own, []byte(strconv.Itoa(min(1000, score+stepScore)))}
}

// during calls fork, whose child inherits the score that is set meanwhile. Going
// back needs no privilege, as long as it is to what a privileged process set.
func (s sacrifice) during(fork func()) {
	if s.file == nil {
		fork()
		return
	}
	_, _ = s.file.WriteAt(s.steps, 0)
	fork()
	_, _ = s.file.WriteAt(s.own, 0)
}
