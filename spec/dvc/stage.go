package dvc

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// An axis is a matrix value: its name, and the plain values that it takes.
type axis struct {
	name   string
	values []*yaml.Node
}

// A leg is a stage as one job, or as one job with a matrix.
type leg struct {
	id    string
	body  *yaml.Node
	scope *scope
	axes  []axis
}

// legs are the jobs that a stage becomes.
func (p *project) legs(name string, stage *yaml.Node) ([]leg, error) {
	each, do, matrix := child(stage, "foreach"), child(stage, "do"), child(stage, "matrix")
	switch {
	case each != nil && do == nil:
		return nil, mistake(each, `write what is done for each under "do:"`, "stage %q has foreach and no do", name)
	case each != nil:
		return p.forEach(name, each, do)
	case matrix != nil:
		return p.overMatrix(name, matrix, stage)
	}
	return []leg{{id: name, body: stage, scope: &scope{p: p}}}, nil
}

// resolve takes a collection that may be a template which names one.
func (p *project) resolve(n *yaml.Node) (*yaml.Node, error) {
	name, ok := strings.CutPrefix(scalar(n), "${")
	if name, whole := strings.CutSuffix(name, "}"); ok && whole {
		s := &scope{p: p}
		v, err := s.lookupTree(n, strings.TrimSpace(name))
		if err == nil {
			p.note(n, "", "the legs are those that ${%s} has now; a change of it is not followed", strings.TrimSpace(name))
		}
		return v, err
	}
	return n, nil
}

// lookupTree is lookup for collections, which are no parameters of an expression.
func (s *scope) lookupTree(at *yaml.Node, name string) (*yaml.Node, error) {
	v, err := s.lookup(at, name)
	if err == nil && v.tree == nil {
		err = mistake(at, "", "${%s} is one value, not a list or mapping", name)
	}
	return v.tree, err
}

// forEach makes a matrix over plain values, and a job for each of any others.
func (p *project) forEach(name string, each, do *yaml.Node) ([]leg, error) {
	each, err := p.resolve(each)
	if err != nil {
		return nil, err
	}
	if len(each.Content) > 2*maxLegs {
		return nil, mistake(each, "", "foreach of stage %q goes over more than %d values", name, maxLegs)
	}
	if each.Kind == yaml.SequenceNode && allWords(items(each)) {
		s := &scope{p: p, matrix: map[string]string{"item": "${{ matrix.item }}"}}
		return []leg{{id: name, body: do, scope: s, axes: []axis{{"item", items(each)}}}}, nil
	}
	var all []leg
	for i, n := range items(each) {
		word := fmt.Sprint(i)
		if isScalar(n) {
			word = scalar(n)
		}
		all = append(all, p.leg(name, word, n, do))
	}
	if each.Kind == yaml.MappingNode {
		all = nil
		for _, kv := range pairs(each) {
			all = append(all, p.leg(name, kv.key.Value, kv.value, do))
		}
	}
	if len(all) == 0 {
		return nil, mistake(each, "", "foreach of stage %q has nothing to go over", name)
	}
	return all, nil
}

func (p *project) leg(name, key string, item, body *yaml.Node) leg {
	word := &yaml.Node{Kind: yaml.ScalarNode, Value: key}
	return leg{id: name + "-" + key, body: body, scope: &scope{p: p, legs: map[string]*yaml.Node{"item": item, "key": word}}}
}

// maxLegs is how many jobs a stage may become.
const maxLegs = 1_000

// overMatrix makes a matrix over plain values, and a job for each combination of any others.
func (p *project) overMatrix(name string, matrix, body *yaml.Node) ([]leg, error) {
	var axes []axis
	plain, legs := true, 1
	for _, kv := range pairs(matrix) {
		list, err := p.resolve(kv.value)
		if err != nil {
			return nil, err
		}
		axes = append(axes, axis{kv.key.Value, items(list)})
		plain = plain && allWords(items(list))
		legs = min(legs*len(items(list)), maxLegs+1)
	}
	if len(axes) == 0 || legs == 0 {
		return nil, mistake(matrix, "", "matrix of stage %q has no values", name)
	}
	if legs > maxLegs {
		return nil, mistake(matrix, "", "matrix of stage %q has more than %d combinations", name, maxLegs)
	}
	if !plain {
		return p.combinations(name, axes, body), nil
	}
	s := &scope{p: p, matrix: map[string]string{}}
	var words []string
	for _, a := range axes {
		s.matrix["item."+a.name] = "${{ matrix." + a.name + " }}"
		words = append(words, s.matrix["item."+a.name])
	}
	s.matrix["key"] = strings.Join(words, "-")
	return []leg{{id: name, body: body, scope: s, axes: axes}}, nil
}

// combinations are jobs of their own; a value that is not plain is called by
// its axis and position, as DVC does.
func (p *project) combinations(name string, axes []axis, body *yaml.Node) []leg {
	all := []leg{{id: name, body: body}}
	items := []*yaml.Node{{Kind: yaml.MappingNode}}
	for _, a := range axes {
		var legs []leg
		var trees []*yaml.Node
		for i, l := range all {
			for j, v := range a.values {
				word := scalar(v)
				if !isScalar(v) {
					word = fmt.Sprint(a.name, j)
				}
				legs = append(legs, leg{id: l.id + "-" + word, body: body})
				key := &yaml.Node{Kind: yaml.ScalarNode, Value: a.name}
				trees = append(trees, &yaml.Node{Kind: yaml.MappingNode, Content: append(append([]*yaml.Node(nil), items[i].Content...), key, v)})
			}
		}
		all, items = legs, trees
	}
	for i := range all {
		key := &yaml.Node{Kind: yaml.ScalarNode, Value: strings.TrimPrefix(all[i].id, name+"-")}
		all[i].scope = &scope{p: p, legs: map[string]*yaml.Node{"item": items[i], "key": key}}
	}
	return all
}

// allWords reports whether all values are plain, and words that the shell leaves as they
// are: a matrix value stays one word, what stands in a command of DVC's need not.
func allWords(list []*yaml.Node) bool {
	for _, n := range list {
		if !isScalar(n) || splits(scalar(n)) {
			return false
		}
	}
	return len(list) > 0
}
