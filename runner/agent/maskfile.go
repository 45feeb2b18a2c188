package agent

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/mlops-runner/mlops/runner/mask"
)

// parseMasks reads the values of MLOPS_MASK: a line each, or several lines
//
//	name<<DELIMITER
//	value
//	DELIMITER
//
// A secret may hold << itself, so a line whose delimiter does not follow is a
// value; nothing in the file is an error.
func parseMasks(text string) []string {
	l := lines{rest: text}
	var values []string
	for l.next() {
		line, after := l.line, l
		if _, delimiter, ok := strings.Cut(line, "<<"); ok {
			if v, msg := l.heredoc(delimiter); msg == "" {
				values = append(values, v)
				continue
			}
			l = after
		}
		if line != "" {
			values = append(values, line)
		}
	}
	return values
}

// A maskFile is MLOPS_MASK of a step that runs. What stands there counts at
// once, as the step may print the value next.
type maskFile struct {
	path string
	size int64 // when it was read, and the time of the last change
	time unix.Timespec
}

// learn adds what was written since the last call. The step may have replaced
// the file by anything; take says so when the step is over.
func (m *maskFile) learn(add func(string) error) {
	var st unix.Stat_t
	if m.path == "" || unix.Lstat(m.path, &st) != nil || st.Size == m.size && st.Mtim == m.time || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return
	}
	m.size, m.time = st.Size, st.Mtim
	text, err := readLimited(m.path, commandKinds()[maskFileKind].limit)
	if err != nil {
		return
	}
	for _, v := range parseMasks(string(text)) {
		_ = add(v)
	}
}

// learn masks a value from now on, and keeps it for others who have to.
func (j *job) learn(value string) error {
	err := j.masks.Add(value)
	if err == nil {
		j.learnt.keep(value)
	}
	return err
}

// shield masks a value from now on. what names where the job gave it.
func (x *execution) shield(what, value string) {
	if err := x.job.learn(value); errors.Is(err, mask.ErrShort) {
		x.notice("warning", fmt.Sprintf("%s: %v", what, err))
	}
}
