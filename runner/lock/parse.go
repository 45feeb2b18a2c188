package lock

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/mlops-runner/mlops/spec"
)

const (
	digestPattern = `^sha256:[0-9a-f]{64}$`
	writeAgain    = `correct it, or delete the file and write it again with "mlops lock"`
)

// Parse reads a lock file; path is its name in messages. It fails with
// spec.Diagnostics that hold all problems with their lines.
func Parse(path string, src []byte) (File, error) {
	p := parser{path: path, file: File{Images: map[string]Entry{}}}
	dec := yaml.NewDecoder(strings.NewReader(string(src)))
	var doc yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		p.at(1, 1, spec.CodeEmpty, "%s is empty", path)
	case err != nil:
		p.syntax(err)
	case dec.Decode(new(yaml.Node)) != io.EOF:
		p.at(1, 1, spec.CodeDocuments, "%s holds more than one document", path)
	default:
		p.root(doc.Content[0])
	}
	if err := p.found.Quote(path, src).Err(); err != nil {
		return File{}, err
	}
	return p.file, nil
}

// A parser collects the problems of one file.
type parser struct {
	path  string
	file  File
	found spec.Diagnostics
}

func (p *parser) at(line, col int, code spec.Code, format string, args ...any) {
	pos := spec.Pos{Line: max(line, 1), Col: max(col, 1)}
	p.found = append(p.found, spec.Diagnostic{File: p.path, Pos: pos, End: pos, Code: code, Fix: writeAgain, Message: fmt.Sprintf(format, args...)})
}

func (p *parser) node(n *yaml.Node, code spec.Code, format string, args ...any) {
	p.at(n.Line, n.Column, code, format, args...)
}

// syntax reports what the YAML library says; the line stands in its text.
func (p *parser) syntax(err error) {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 1
	if m := regexp.MustCompile(`^line (\d+): `).FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1])
		text = text[len(m[0]):]
	}
	p.at(line, 1, spec.CodeSyntax, "not YAML: %s", text)
}

func (p *parser) root(n *yaml.Node) {
	version := false
	p.entries(n, "the lock file", func(k, v *yaml.Node) {
		switch k.Value {
		case "version":
			version = true
			if v.Value != strconv.Itoa(Version) {
				p.node(v, spec.CodeBadValue, "version %s of the lock file is not known to this mlops, which reads version %d", v.Value, Version)
			}
		case "images":
			if v.Tag != "!!null" {
				p.entries(v, "images", p.image)
			}
		default:
			p.node(k, spec.CodeUnknownKey, "unknown key %q in the lock file", k.Value)
		}
	})
	if !version && len(p.found) == 0 {
		p.node(n, spec.CodeMissingKey, "the lock file has no version")
	}
}

// entries calls each with the keys and values of a mapping, and reports what
// is none, and keys that stand twice.
func (p *parser) entries(n *yaml.Node, what string, each func(k, v *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		p.node(n, spec.CodeWrongType, "%s must be a mapping", what)
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch {
		case k.Kind != yaml.ScalarNode:
			p.node(k, spec.CodeWrongType, "a key of %s is no text", what)
		case seen[k.Value]:
			p.node(k, spec.CodeDuplicateKey, "duplicate key %q in %s", k.Value, what)
		default:
			seen[k.Value] = true
			each(k, v)
		}
	}
}

func (p *parser) image(k, v *yaml.Node) {
	var e Entry
	what := fmt.Sprintf("image %q", k.Value)
	before := len(p.found)
	p.entries(v, what, func(k, v *yaml.Node) {
		field, ok := map[string]*string{"digest": &e.Digest, "id": &e.ID, "platform": &e.Platform}[k.Value]
		switch {
		case !ok:
			p.node(k, spec.CodeUnknownKey, "unknown key %q in %s", k.Value, what)
		case v.Kind != yaml.ScalarNode:
			p.node(v, spec.CodeWrongType, "%q in %s must be a text", k.Value, what)
		case k.Value != "platform" && !regexp.MustCompile(digestPattern).MatchString(v.Value):
			p.node(v, spec.CodeBadValue, "%q in %s must be sha256: and 64 hexadecimal digits, not %q", k.Value, what, v.Value)
		default:
			*field = v.Value
		}
	})
	switch {
	case len(p.found) > before:
	case e.Digest == "" && e.ID == "":
		p.node(k, spec.CodeMissingKey, "%s has neither digest nor id", what)
	case e.Digest != "" && e.ID != "":
		p.node(k, spec.CodeConflict, "%s has both digest and id", what)
	default:
		p.file.Images[k.Value] = e
	}
}
