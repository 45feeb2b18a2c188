package docker

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/mlops-runner/mlops/runner"
)

// A baseImage is an image that a Dockerfile begins a stage from.
type baseImage struct {
	name       string // as a registry would be asked for it
	begin, end int    // of the name in the Dockerfile, in bytes
	platform   bool   // the line asks for a platform of its own
}

var (
	fromLine = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)^\s*FROM\s+((?:--\S+\s+)*)(\S+)(?:\s+AS\s+(\S+))?`)
	})
	argLine  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)^\s*ARG\s+(.*\S)`) })
	escapeIs = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("(?i)^#\\s*escape\\s*=\\s*`") })
	variable = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\$(?:(\w+)|\{(\w+)(?::([-+])([^}]*))?\})`) })
)

// BaseImages are the images that the Dockerfile of a build names after FROM, each
// once, in order, with the build's arguments in place. Left out are earlier
// stages, scratch, names with an argument that has no value, and lines with a
// --platform of their own.
func BaseImages(b runner.Build) ([]string, error) {
	c, err := openContext(b)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(c.dockerfilePath())
	if err != nil {
		return nil, config("", "docker: build %s: %w", b.Context, err)
	}
	var names []string
	seen := map[string]bool{}
	for _, base := range baseImages(text, b.Args) {
		if !base.platform && !seen[base.name] {
			names, seen[base.name] = append(names, base.name), true
		}
	}
	return names, nil
}

// dockerfilePath is where the Dockerfile lies on this machine.
func (c *buildContext) dockerfilePath() string {
	if c.outside != "" {
		return c.outside
	}
	return filepath.Join(c.Context, filepath.FromSlash(c.dockerfile))
}

// baseImages reads a Dockerfile. What FROM may name is only what ARG lines before
// the first FROM declare: https://docs.docker.com/reference/dockerfile/#understand-how-arg-and-from-interact
func baseImages(text []byte, args map[string]string) []baseImage {
	var found []baseImage
	vars := map[string]string{}
	stages := map[string]bool{"scratch": true}
	escape, more, at := byte('\\'), false, 0
	for line := range bytes.Lines(text) {
		begin := at
		at += len(line)
		trimmed := bytes.TrimSpace(line)
		if len(trimmed) == 0 || trimmed[0] == '#' { // neither ends an instruction of several lines
			if escapeIs().Match(trimmed) {
				escape = '`'
			}
			continue
		}
		first := !more
		more = trimmed[len(trimmed)-1] == escape
		if !first {
			continue
		}
		if m := argLine().FindSubmatch(line); m != nil && len(stages) == 1 && found == nil {
			declare(vars, string(m[1]), args)
		}
		m := fromLine().FindSubmatchIndex(line)
		if m == nil {
			continue
		}
		name, known := expand(string(line[m[4]:m[5]]), vars)
		if known && name != "" && name[len(name)-1] != escape && !stages[strings.ToLower(name)] {
			found = append(found, baseImage{name, begin + m[4], begin + m[5], bytes.Contains(line[m[2]:m[3]], []byte("--platform"))})
		}
		stages[""] = true // no ARG counts after the first FROM
		if m[6] >= 0 {
			stages[strings.ToLower(string(line[m[6]:m[7]]))] = true
		}
	}
	return found
}

// declare reads the names of an ARG line, with their defaults.
func declare(vars map[string]string, line string, args map[string]string) {
	for word := range strings.FieldsSeq(line) {
		name, value, has := strings.Cut(word, "=")
		if given, ok := args[name]; ok {
			value, has = given, true
		}
		if has {
			vars[name], _ = expand(strings.Trim(value, `"'`), vars)
		}
	}
}

// expand puts variables into a text, as ${NAME:-default} and ${NAME:+instead} do,
// too. known is whether all of them have a value.
func expand(text string, vars map[string]string) (out string, known bool) {
	known = true
	out = variable().ReplaceAllStringFunc(text, func(s string) string {
		m := variable().FindStringSubmatch(s)
		value, has := vars[m[1]+m[2]]
		switch m[3] {
		case "-":
			if value == "" {
				value, has = m[4], true
			}
		case "+":
			if has = true; value != "" {
				value = m[4]
			}
		}
		known = known && has
		return value
	})
	return out, known && !strings.Contains(out, "$")
}
