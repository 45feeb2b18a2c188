package access

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// minToken is how long a token is at least, in bytes: what is shorter is guessed.
const minToken = 16

// Words of a token file.
const (
	wordRead  = "read"
	wordWrite = "write"
)

// A LineError is a line of a token file that says nothing. It never has the token.
type LineError struct {
	Path string // of the file, as it was named
	Line int    // from 1; 0 if it is about the file
	Text string // what is wrong, and how to mend it
}

// Error names the place and what is wrong there.
func (e *LineError) Error() string {
	if e.Line == 0 {
		return e.Path + " " + e.Text
	}
	return fmt.Sprintf("%s:%d: %s", e.Path, e.Line, e.Text)
}

// File reads a file with a line "read TOKEN" or "write TOKEN" for each token. Empty
// lines, and what stands behind a word that begins with #, are for people. It fails with
// a [*LineError], for a file without any token too. Shown is whether everybody on this
// machine may read or change the file.
func File(path string) (t Tokens, shown bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return t, false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return t, false, err
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return t, false, err
	}
	t, err = parse(path, string(text))
	return t, info.Mode().Perm()&0o006 != 0, err
}

func parse(path, text string) (Tokens, error) {
	var read, write []string
	lines := map[string]int{}
	for i, line := range strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n") {
		right, token, problem := parseLine(line)
		if first := lines[token]; problem == "" && token != "" && first > 0 {
			problem = fmt.Sprintf("line %d has this token already; say once what it may do", first)
		}
		if problem != "" {
			return Tokens{}, &LineError{path, i + 1, problem}
		}
		lines[token] = i + 1
		switch right {
		case Read:
			read = append(read, token)
		case Write:
			write = append(write, token)
		}
	}
	if len(read)+len(write) == 0 {
		return Tokens{}, &LineError{Path: path, Text: "has no token"}
	}
	return New(read, write), nil
}

// parseLine returns [None] for a line without a token, or what is wrong with it.
func parseLine(line string) (right Right, token, problem string) {
	words := strings.Fields(line)
	for i, w := range words {
		if strings.HasPrefix(w, "#") {
			words = words[:i]
			break
		}
	}
	if len(words) == 0 {
		return None, "", ""
	}
	right = map[string]Right{wordRead: Read, wordWrite: Write}[words[0]]
	if len(words) != 2 || right == None {
		return None, "", `no "read TOKEN" or "write TOKEN"`
	}
	token = words[1]
	switch {
	case len(token) < minToken:
		problem = fmt.Sprintf("the token is shorter than %d characters; make one: openssl rand -hex 24", minToken)
	case len(token) > maxToken:
		problem = fmt.Sprintf("the token is longer than %d characters; make one: openssl rand -hex 24", maxToken)
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		problem = "the token has characters that clients do not send alike; take letters and digits: openssl rand -hex 24"
	}
	return right, token, problem
}
