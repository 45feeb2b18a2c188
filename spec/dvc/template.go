package dvc

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// A source gives templates their values.
type source struct {
	file string // "" for values written in dvc.yaml
	tree *yaml.Node
}

// readVars reads what templates may name: params.yaml by itself, then vars.
func (p *project) readVars() error {
	tree, err := readMapping(p.fsys, paramsFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil {
		p.live = true
		p.vars = append(p.vars, source{paramsFile, tree})
	}
	more, err := p.sources(child(p.root, "vars"))
	p.vars = append(p.vars, more...)
	return err
}

// sources reads a list of vars: mappings, or files, of which "file:key,key" takes some keys.
func (p *project) sources(list *yaml.Node) ([]source, error) {
	var all []source
	for _, n := range items(list) {
		if n.Kind == yaml.MappingNode {
			all = append(all, source{"", n})
			continue
		}
		file, only, _ := strings.Cut(scalar(n), ":")
		if file == paramsFile {
			continue // it is there already
		}
		tree, err := readMapping(p.fsys, path.Clean(file))
		if err != nil {
			return nil, mistake(n, "vars are read from YAML and JSON files", "vars: %s: %v", file, err)
		}
		all = append(all, source{file, pick(tree, only)})
	}
	return all, nil
}

// pick keeps the keys of a comma-separated list; "" keeps all.
func pick(tree *yaml.Node, only string) *yaml.Node {
	if only == "" {
		return tree
	}
	wanted := strings.Split(only, ",")
	kept := &yaml.Node{Kind: yaml.MappingNode}
	for _, kv := range pairs(tree) {
		if slices.Contains(wanted, kv.key.Value) {
			kept.Content = append(kept.Content, kv.key, kv.value)
		}
	}
	return kept
}

// A scope is what the templates of one job may name.
type scope struct {
	p      *project
	legs   map[string]*yaml.Node // item and key of a leg that is a job of its own
	matrix map[string]string     // expressions of matrix values, by their names in templates
	vars   []source              // of the stage alone
	split  bool                  // whether the shell will split what is filled in
}

// A value is what a name stands for: a tree, or an expression of mlops.
type value struct {
	tree *yaml.Node
	expr string
}

// expand fills a text's templates. at is where it stands.
func (s *scope) expand(at *yaml.Node, text string) (string, error) {
	return s.fill(at, text, false)
}

// command fills the templates of a command. DVC gives the shell the values as they are,
// and it splits them into words; an expression is one word.
func (s *scope) command(at *yaml.Node, text string) (string, error) {
	return s.fill(at, text, true)
}

func (s *scope) fill(at *yaml.Node, text string, shell bool) (string, error) {
	var b strings.Builder
	done := 0
	for _, m := range regexp.MustCompile(`\\?\$\{[^{}]*\}`).FindAllStringIndex(text, -1) {
		b.WriteString(text[done:m[0]])
		done = m[1]
		if escaped, ok := strings.CutPrefix(text[m[0]:m[1]], `\`); ok {
			b.WriteString(escaped)
			continue
		}
		name := strings.TrimSpace(text[m[0]+2 : m[1]-1])
		in := *s
		in.split = shell && !quoted(text, m[0], m[1])
		v, err := in.lookup(at, name)
		if err == nil && v.expr == "" {
			v.expr, err = in.written(at, name, v.tree)
		}
		if err != nil {
			return "", err
		}
		b.WriteString(v.expr)
	}
	return b.String() + text[done:], nil
}

// quoted reports whether text[from:to] is all that stands between two quotes.
func quoted(text string, from, to int) bool {
	return from > 0 && to < len(text) && text[from-1] == text[to] && (text[to] == '"' || text[to] == '\'')
}

// splits reports whether the shell makes something else of a value than one word.
func splits(value string) bool {
	return value == "" || strings.ContainsAny(value, " \t\n*?[{$`\"'\\|&;<>()~#")
}

// written is a tree as a command line takes it: a value, the flags of a
// mapping, the words of a list.
func (s *scope) written(at *yaml.Node, name string, n *yaml.Node) (string, error) {
	switch n.Kind {
	case yaml.ScalarNode:
		return n.Value, nil
	case yaml.SequenceNode:
		var words []string
		for _, c := range items(n) {
			if !isScalar(c) {
				return "", mistake(at, "", "${%s} is a list of lists or mappings, which no command line takes", name)
			}
			words = append(words, c.Value)
		}
		return strings.Join(words, " "), nil
	}
	return s.flags(at, name, "", n)
}

// flags writes a mapping as --key value, nested keys joined by dots, true as
// the flag alone and false as none, which is DVC's own default.
func (s *scope) flags(at *yaml.Node, name, prefix string, n *yaml.Node) (string, error) {
	var words []string
	for _, kv := range pairs(n) {
		full := name + "." + kv.key.Value
		flag := "--" + prefix + kv.key.Value
		switch {
		case kv.value.Tag == "!!bool":
			s.p.note(at, "", "${%s}: %s is a switch, written out as %s", name, full, kv.value.Value)
			if isTrue(kv.value) {
				words = append(words, flag)
			}
			continue
		case kv.value.Kind == yaml.MappingNode:
			inner, err := s.flags(at, full, prefix+kv.key.Value+".", kv.value)
			if err != nil {
				return "", err
			}
			words = append(words, inner)
			continue
		}
		v, err := s.lookup(at, full)
		if err == nil && v.expr == "" {
			v.expr, err = s.written(at, full, kv.value)
		}
		if err != nil {
			return "", err
		}
		words = append(words, flag, v.expr)
	}
	return strings.Join(words, " "), nil
}

// lookup finds what a name stands for; later sources win over earlier ones.
func (s *scope) lookup(at *yaml.Node, name string) (value, error) {
	if e, ok := s.matrix[name]; ok {
		return value{expr: e}, nil
	}
	steps := regexp.MustCompile(`[^.\[\]]+`).FindAllString(name, -1)
	if len(steps) == 0 {
		return value{}, mistake(at, "", "${%s} names nothing", name)
	}
	if n, ok := s.legs[steps[0]]; ok {
		if n = descend(n, steps[1:]); n != nil {
			return value{tree: n}, nil
		}
	}
	all := append(slices.Clone(s.p.vars), s.vars...)
	for _, from := range slices.Backward(all) {
		n := descend(from.tree, steps)
		if n == nil {
			continue
		}
		live := from.file == paramsFile && isScalar(n) && plainName(name)
		if live && s.split && splits(n.Value) {
			s.p.note(at, "put it into quotes if it is to be one word, or make a parameter of each word", "${%s} is written out as %q: the shell splits it, and a parameter is one word", name, n.Value)
			return value{tree: n}, nil
		}
		if live {
			return value{expr: "${{ params." + name + " }}"}, nil
		}
		if isScalar(n) {
			s.p.writtenOut(at, name, n.Value, from)
		}
		return value{tree: n}, nil
	}
	return value{}, mistake(at, "", "${%s} is in none of the files that templates are filled from", name)
}

func (p *project) writtenOut(at *yaml.Node, name, text string, from source) {
	where := from.file
	if where == "" {
		where = "vars"
	}
	p.note(at, "move it into "+paramsFile+" and write ${{ params."+name+" }} to keep it a parameter", "${%s} is written out as %s, its value in %s", name, text, where)
}

// plainName reports whether an expression can name a parameter so.
func plainName(name string) bool {
	return regexp.MustCompile(`^[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*$`).MatchString(name)
}

// descend follows keys and list positions; nil where they lead nowhere.
func descend(n *yaml.Node, steps []string) *yaml.Node {
	for _, step := range steps {
		n = follow(n)
		if n != nil && n.Kind == yaml.SequenceNode {
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(n.Content) {
				return nil
			}
			n = n.Content[i]
			continue
		}
		n = child(n, step)
	}
	return follow(n)
}
