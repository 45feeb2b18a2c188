package expression

import "strings"

// A Reference is a path that an expression reads, such as params.train.lr.
type Reference struct {
	// Path is the name and the properties behind it, as written; an index that
	// is a literal counts as a property: foo['a'][0] is foo, a, 0.
	Path []string
	// Pos and End are byte offsets: source[Pos:End] is the whole path.
	Pos, End int
	// Dynamic is true if the path goes on in a way that only running tells, as
	// in foo[bar] and foo.*: anything below Path may be read.
	Dynamic bool
	// Call is the function that the path is an argument of, or "". Of one that
	// takes it [Param.ByName] the value is never read.
	Call string
}

// References returns the paths that x may read, in the order in which they
// stand, repeated if they are. What is in a branch that is not taken counts.
func (x *Expr) References() []Reference {
	if x.root == nil {
		return nil
	}
	var refs []Reference
	collect(x.root, "", &refs)
	return refs
}

func collect(n *node, call string, refs *[]Reference) {
	if n = n.ungroup(); !n.reads() {
		if n.op == opCall {
			call = n.text
		} else {
			call = ""
		}
		for _, a := range n.args {
			collect(a, call, refs)
		}
		return
	}
	at := len(*refs)
	*refs = append(*refs, Reference{Pos: int(n.start), End: int(n.end), Call: call})
	path, dynamic := walkPath(n, refs)
	if path == nil { // of the result of a call
		*refs = append((*refs)[:at], (*refs)[at+1:]...)
		return
	}
	(*refs)[at].Path, (*refs)[at].Dynamic = path, dynamic
}

// reads reports whether n is a name or reads a part of something.
func (n *node) reads() bool { return opName <= n.op && n.op <= opFilter }

// walkPath returns the path of n and adds what its indexes and its base read.
func walkPath(n *node, refs *[]Reference) (path []string, dynamic bool) {
	n = n.ungroup()
	switch n.op {
	case opName:
		return []string{n.text}, false
	case opProperty, opIndex, opFilter:
		path, dynamic = walkPath(n.args[0], refs)
	default:
		collect(n, "", refs)
		return nil, true
	}
	if n.op == opIndex {
		if _, ok := n.literalIndex(); !ok {
			collect(n.args[1], "", refs)
		}
	}
	name, ok := n.step()
	if dynamic || !ok || path == nil {
		return path, true
	}
	return append(path, name), false
}

// step returns the property that n reads, if its source says which.
func (n *node) step() (string, bool) {
	switch n.op {
	case opProperty:
		return n.text, true
	case opIndex:
		return n.literalIndex()
	}
	return "", false
}

// literalIndex returns the index of n as a property, if it is a literal.
func (n *node) literalIndex() (string, bool) {
	switch i := n.args[1].ungroup(); i.op {
	case opString:
		return i.text, true
	case opNumber:
		return formatNumber(i.num), true
	}
	return "", false
}

// path returns the dotted path of a plain reference; ok is false for anything else.
func (n *node) path() (path string, ok bool) {
	n = n.ungroup()
	if n.op == opName {
		return n.text, true
	}
	if n.op != opProperty && n.op != opIndex {
		return "", false
	}
	base, ok := n.args[0].path()
	if !ok {
		return "", false
	}
	name, ok := n.step()
	return base + "." + name, ok
}

// Calls returns the names of the functions that x may call, in lower case, in
// the order in which they stand, repeated if they are.
func (x *Expr) Calls() []string {
	var names []string
	var walk func(n *node)
	walk = func(n *node) {
		if n.op == opCall {
			names = append(names, strings.ToLower(n.text))
		}
		for _, a := range n.args {
			walk(a)
		}
	}
	if x.root != nil {
		walk(x.root)
	}
	return names
}
