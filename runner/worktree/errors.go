package worktree

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// An OutsideError reports an input that leads out of the repository's folder:
// a symbolic link with its target, or a pattern such as ../data (Target is "").
type OutsideError struct{ Pattern, Path, Target string }

func (e *OutsideError) Error() string {
	if e.Target == "" {
		return fmt.Sprintf("%q leads out of the repository; name a path inside it", e.Pattern)
	}
	return fmt.Sprintf("%s is a symbolic link to %s, which is outside the repository; copy the data into it or leave the link out of the inputs",
		e.Path, e.Target)
}

// A MissingError reports a pattern that matches no file. It is fs.ErrNotExist.
type MissingError struct {
	Pattern string
	Near    []string // what may have been meant; see Tree.Near
}

func (e *MissingError) Error() string {
	if len(e.Near) == 0 {
		return fmt.Sprintf("%q matches no file", e.Pattern)
	}
	quoted := make([]string, len(e.Near))
	for i, n := range e.Near {
		quoted[i] = strconv.Quote(n)
	}
	return fmt.Sprintf("%q matches no file; did you mean %s?", e.Pattern, strings.Join(quoted, " or "))
}

// Is makes errors.Is(err, fs.ErrNotExist) true.
func (e *MissingError) Is(target error) bool { return target == fs.ErrNotExist }
