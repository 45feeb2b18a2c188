package main

import (
	"fmt"
	"strings"

	"github.com/mlops-runner/mlops/spec"
)

// A dotenvError is a secret file that cannot be read. It says nothing of what
// stands in it.
type dotenvError struct {
	File string
	Line int // counted from 1
	Msg  string
}

func (e *dotenvError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg) }

// A dotenv reads lines NAME=VALUE. A value may be quoted, and then have several
// lines: between single quotes it is as it stands, between double quotes \n, \r,
// \t, \", \\ and \$ are escapes. Lines that begin with # are comments, as is what
// follows a blank and # behind a value. "export " may stand before a name.
type dotenv struct {
	file string
	rest string
	line int
}

// parseDotenv returns the values of a file by their names, in capitals.
func parseDotenv(file, text string) (map[string]string, error) {
	d := &dotenv{file: file, rest: strings.TrimPrefix(text, "\uFEFF"), line: 1}
	values, lines := map[string]string{}, map[string]int{}
	for d.blank(); d.rest != ""; d.blank() {
		line := d.line
		name, value, err := d.assignment()
		if err != nil {
			return nil, err
		}
		if first, twice := lines[name]; twice {
			return nil, &dotenvError{file, line, fmt.Sprintf("%s is given twice, first in line %d", name, first)}
		}
		values[name], lines[name] = value, line
	}
	return values, nil
}

// blank skips blanks, empty lines and comments.
func (d *dotenv) blank() {
	for d.rest != "" {
		switch c := d.rest[0]; c {
		case ' ', '\t', '\r', '\n':
			d.skip(1)
		case '#':
			d.skip(lineEnd(d.rest))
		default:
			return
		}
	}
}

// skip goes on by n bytes and counts lines.
func (d *dotenv) skip(n int) {
	d.line += strings.Count(d.rest[:n], "\n")
	d.rest = d.rest[n:]
}

// lineEnd is where the first line of a text ends.
func lineEnd(text string) int {
	if i := strings.IndexByte(text, '\n'); i >= 0 {
		return i
	}
	return len(text)
}

func (d *dotenv) fail(line int, format string, args ...any) error {
	return &dotenvError{d.file, line, fmt.Sprintf(format, args...)}
}

func (d *dotenv) assignment() (name, value string, err error) {
	line := d.rest[:lineEnd(d.rest)]
	written, _, ok := strings.Cut(line, "=")
	if !ok {
		return "", "", d.fail(d.line, `no "=": write NAME=VALUE, and put quotes around a value of several lines`)
	}
	d.skip(len(written) + 1)
	written = strings.TrimSpace(written)
	if rest, ok := strings.CutPrefix(written, "export "); ok {
		written = strings.TrimSpace(rest)
	}
	name, ok = spec.SecretName(written)
	if !ok {
		return "", "", d.fail(d.line, `what stands before "=" is no name: letters, digits and _`)
	}
	if value, err = d.value(name); err == nil && strings.ContainsRune(value, 0) {
		err = d.fail(d.line, "the value of %s holds a NUL byte", name)
	}
	return name, value, err
}

// value reads what stands behind the equals sign, to the end of the line.
func (d *dotenv) value(name string) (string, error) {
	d.skip(len(d.rest) - len(strings.TrimLeft(d.rest, " \t")))
	if d.rest == "" || d.rest[0] != '"' && d.rest[0] != '\'' {
		line := d.rest[:lineEnd(d.rest)]
		d.skip(len(line))
		for i := range line {
			if line[i] == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') {
				line = line[:i]
				break
			}
		}
		return strings.TrimSpace(line), nil
	}
	start, quote := d.line, d.rest[0]
	end := closing(d.rest, quote)
	if end < 0 {
		return "", d.fail(start, "the quote that opens the value of %s is never closed", name)
	}
	value := strings.ReplaceAll(d.rest[1:end], "\r\n", "\n")
	if quote == '"' {
		value = strings.NewReplacer(`\n`, "\n", `\r`, "\r", `\t`, "\t", `\"`, `"`, `\\`, `\`, `\$`, "$").Replace(value)
	}
	d.skip(end + 1)
	after := d.rest[:lineEnd(d.rest)]
	if left := strings.TrimSpace(after); left != "" && left[0] != '#' {
		return "", d.fail(d.line, "something follows the quoted value of %s", name)
	}
	d.skip(len(after))
	return value, nil
}

// closing returns the index of the quote that ends a text which begins with one.
func closing(text string, quote byte) int {
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == quote:
			return i
		case text[i] == '\\' && quote == '"':
			i++
		}
	}
	return -1
}
