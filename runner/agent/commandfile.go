package agent

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// A fileError is a command file that cannot be obeyed.
type fileError struct {
	Variable string // MLOPS_OUTPUT
	Line     int    // counted from 1; 0 for the file as a whole
	Msg      string
}

func (e *fileError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.Variable, e.Msg)
	}
	return fmt.Sprintf("%s: line %d: %s", e.Variable, e.Line, e.Msg)
}

// A commandFile is one of the files through which a step talks back.
type commandFile struct {
	name   string // in the folder
	mlops  string // variables that hold its path
	github string
	limit  int64 // bytes
}

// commandKinds lists the files. The order is that of the constants below.
func commandKinds() [7]commandFile {
	return [...]commandFile{
		{"output", "MLOPS_OUTPUT", "GITHUB_OUTPUT", 1 << 20},
		{"env", "MLOPS_ENV", "GITHUB_ENV", 1 << 20},
		{"path", "MLOPS_PATH", "GITHUB_PATH", 64 << 10},
		{"summary", "MLOPS_SUMMARY", "GITHUB_STEP_SUMMARY", 1 << 20},
		{"metrics", "MLOPS_METRICS", "", 16 << 20},
		{"mask", "MLOPS_MASK", "", 1 << 20},
		{"report", "MLOPS_REPORT", "", maxReport},
	}
}

const (
	outputFile = iota
	envFile
	pathFile
	summaryFile
	metricsFile
	maskFileKind
	reportFile
)

// commandFiles are the files of one step, or of all steps that run one
// after another.
type commandFiles struct {
	kinds [7]commandFile
	paths [7]string
	kept  string // folder of the files that are kept with the record
}

// makeCommandFiles creates the files, empty, in a folder of the control directory.
func makeCommandFiles(dir string) (*commandFiles, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	c := &commandFiles{kinds: commandKinds(), kept: filepath.Join(dir, "record")}
	if err := os.MkdirAll(c.kept, 0o755); err != nil {
		return nil, err
	}
	for i, k := range c.kinds {
		c.paths[i] = filepath.Join(dir, k.name)
		if err := emptyFile(c.paths[i]); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func emptyFile(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o644)
	if err != nil {
		return err
	}
	return f.Close()
}

// vars are the variables that name the files.
func (c *commandFiles) vars() []Var {
	var vs []Var
	for i, k := range c.kinds {
		vs = append(vs, Var{k.mlops, c.paths[i]})
		if k.github != "" {
			vs = append(vs, Var{k.github, c.paths[i]})
		}
	}
	return append(vs, Var{keptVariable, c.kept})
}

// collected is what a step wrote into its files.
type collected struct {
	outputs []Var
	env     []Var
	paths   []string
	summary string
	metrics string
	masks   []string
	report  string
	kept    []KeptFile
}

// collect reads the files and empties those that were written to. A file that
// cannot be obeyed yields a *fileError and nothing of its content; the others
// are read all the same.
func (c *commandFiles) collect() (collected, error) {
	var out collected
	var errs []error
	for i, k := range c.kinds {
		text, err := take(c.paths[i], k)
		if err == nil && text != "" {
			err = out.set(i, k.mlops, text)
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	var err error
	out.kept, err = takeKept(c.kept)
	return out, errors.Join(append(errs, err)...)
}

func (out *collected) set(kind int, variable, text string) (err error) {
	switch kind {
	case outputFile:
		out.outputs, err = parseAssignments(variable, text, nil)
	case envFile:
		out.env, err = parseAssignments(variable, text, forbiddenVariable)
	case pathFile:
		out.paths, err = parsePaths(variable, text)
	case summaryFile:
		out.summary = text
	case metricsFile:
		out.metrics = text
	case maskFileKind:
		out.masks = parseMasks(text)
	case reportFile:
		out.report = text
	}
	return err
}

// take returns a file's text and empties it. The step may have replaced the
// file by anything, so links are not followed and only regular files are read.
func take(path string, k commandFile) (string, error) {
	var st unix.Stat_t
	err := unix.Lstat(path, &st)
	if err == nil && st.Mode&unix.S_IFMT == unix.S_IFREG && st.Size == 0 {
		return "", nil
	}
	if errors.Is(err, unix.ENOENT) {
		return "", emptyFile(path)
	}
	if err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		if err := os.RemoveAll(path); err != nil {
			return "", &fileError{Variable: k.mlops, Msg: err.Error()}
		}
		return "", errors.Join(&fileError{Variable: k.mlops, Msg: "is not a regular file any more"}, emptyFile(path))
	}
	text, err := readLimited(path, k.limit)
	if trunc := emptyFile(path); err == nil {
		err = trunc
	}
	if err != nil {
		return "", &fileError{Variable: k.mlops, Msg: err.Error()}
	}
	return checkText(k.mlops, text)
}

func readLimited(path string, limit int64) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("more than %d bytes", limit)
	}
	return b, err
}

// checkText refuses what is not UTF-8 and says where.
func checkText(variable string, b []byte) (string, error) {
	b = bytes.TrimPrefix(b, []byte("\uFEFF"))
	if utf8.Valid(b) {
		return string(b), nil
	}
	line := 1
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			break
		}
		if r == '\n' {
			line++
		}
		b = b[n:]
	}
	return "", &fileError{variable, line, "is not UTF-8"}
}

// parseAssignments reads lines "name=value" and
//
//	name<<DELIMITER
//	value, in as many lines as it takes
//	DELIMITER
//
// Whichever of = and << comes first decides, and empty lines between are
// skipped, as on GitHub. forbidden, if not nil, tells why a name is refused.
func parseAssignments(variable, text string, forbidden func(name string) string) ([]Var, error) {
	l := lines{rest: text}
	var vars []Var
	for l.next() {
		if l.line == "" {
			continue
		}
		start := l.n
		v, msg := l.assignment()
		if msg == "" && strings.ContainsRune(v.Name+v.Value, 0) {
			msg = "holds a NUL byte"
		}
		if msg == "" && forbidden != nil {
			msg = forbidden(v.Name)
		}
		if msg != "" {
			return nil, &fileError{variable, start, msg}
		}
		vars = append(vars, v)
	}
	return vars, nil
}

// assignment reads the value that begins in the current line.
func (l *lines) assignment() (v Var, msg string) {
	equals, heredoc := strings.Index(l.line, "="), strings.Index(l.line, "<<")
	switch {
	case equals < 0 && heredoc < 0:
		return v, fmt.Sprintf("%q is neither name=value nor name<<DELIMITER", clip(l.line, 80))
	case heredoc < 0 || equals >= 0 && equals < heredoc:
		v = Var{l.line[:equals], l.line[equals+1:]}
	default:
		v.Name = l.line[:heredoc]
		if v.Value, msg = l.heredoc(l.line[heredoc+2:]); msg != "" {
			return v, msg
		}
	}
	if strings.TrimSpace(v.Name) == "" {
		return v, "the name before the value is empty"
	}
	return v, ""
}

func (l *lines) heredoc(delimiter string) (value, msg string) {
	if delimiter == "" {
		return "", "the delimiter after << is empty"
	}
	start := l.rest
	for at := 0; l.next(); at = len(start) - len(l.rest) {
		if l.line == delimiter {
			return strings.TrimSuffix(strings.TrimSuffix(start[:at], "\n"), "\r"), ""
		}
	}
	return "", fmt.Sprintf("the line %q that ends the value is missing", clip(delimiter, 80))
}

// lines walks over lines that end in \n or \r\n and counts them from 1.
type lines struct {
	rest string
	line string
	n    int
}

func (l *lines) next() bool {
	if l.rest == "" {
		return false
	}
	l.line, l.rest, _ = strings.Cut(l.rest, "\n")
	l.line = strings.TrimSuffix(l.line, "\r")
	l.n++
	return true
}

func parsePaths(variable, text string) ([]string, error) {
	l := lines{rest: text}
	var paths []string
	for l.next() {
		if l.line == "" {
			continue
		}
		if strings.ContainsAny(l.line, "\x00:") {
			return nil, &fileError{variable, l.n, "a folder of PATH must not hold a colon or a NUL byte"}
		}
		paths = append(paths, l.line)
	}
	return paths, nil
}

// forbiddenVariable says why a step may not set a variable for the steps after
// it: ours and GitHub's describe the run, and NODE_OPTIONS would load code into
// every action, which is why GitHub refuses it as well.
func forbiddenVariable(name string) string {
	upper := strings.ToUpper(name)
	for _, prefix := range []string{"GITHUB_", "RUNNER_", "MLOPS_"} {
		if strings.HasPrefix(upper, prefix) {
			return fmt.Sprintf("%s must not be set: names with %s describe the run", clip(name, 80), prefix)
		}
	}
	if upper == "NODE_OPTIONS" {
		return "NODE_OPTIONS must not be set for later steps: it would load code into them"
	}
	return ""
}
