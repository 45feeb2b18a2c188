package expression

import (
	"sort"
	"strings"

	"github.com/mlops-runner/mlops/spec/spelling"
)

// listed is how many names an error lists.
const listed = 12

// compared is how many names are looked through for an error. Where there are
// more, and maybe an error for each of them, an error names none.
const compared = 1000

// longest is the length in bytes of names that are compared.
const longest = 64

// name types a name and says what to write when there is none such.
func (c *typer) name(n *node) Type {
	if t, ok := c.env.lookup(n.text); ok {
		return t
	}
	if _, ok := lookupFunc(c.env.Funcs, n.text); ok {
		return c.report(n.pos, n.end, quoted(n.text)+" is a function", "write "+n.text+"(...) to call it")
	}
	for name, where := range c.env.Elsewhere {
		if sameName(name, n.text) {
			return c.report(n.pos, n.end, quoted(n.text)+" is not available here, only in "+where, "")
		}
	}
	if i := c.minus(n.text); i >= 0 {
		at := n.pos + int32(i)
		return c.report(at, at+1, "unknown name "+quoted(n.text), spaceFix(n.text, i, ""))
	}
	names := make([]string, 0, len(c.env.Names))
	for name := range c.env.Names {
		names = append(names, name)
	}
	fix := suggest(n.text, names)
	if word, ok := otherLanguages(n.text); ok {
		fix = "write " + word
	}
	return c.report(n.pos, n.end, "unknown name "+quoted(n.text)+list("there is", names), fix)
}

// otherLanguages returns how a literal or an operator of Python or YAML is
// written here.
func otherLanguages(word string) (string, bool) {
	switch strings.ToLower(word) {
	case "true", "yes", "on":
		return "true", true
	case "false", "no", "off":
		return "false", true
	case "none", "nil", "undefined":
		return "null", true
	case "and":
		return "&&", true
	case "or":
		return "||", true
	case "not":
		return "!", true
	}
	return "", false
}

// minus returns where in an unknown name a "-" was probably meant as minus:
// what stands before it is a name that exists. It is -1 if there is none.
func (c *typer) minus(name string) int {
	for i := len(name) - 1; i > 0; i-- {
		if name[i] != '-' {
			continue
		}
		if _, ok := c.env.lookup(name[:i]); ok {
			return i
		}
	}
	return -1
}

// lastMinus returns where the last "-" with a digit behind it is, or -1.
func lastMinus(name string) int {
	i := strings.LastIndexByte(name, '-')
	if i <= 0 || i+1 == len(name) || name[i+1] < '0' || name[i+1] > '9' {
		return -1
	}
	return i
}

// spaceFix tells to write the "-" at name[i] with spaces; tail is what follows the name.
func spaceFix(name string, i int, tail string) string {
	return `put spaces around "-": ` + name[:i] + " - " + name[i+1:] + tail
}

func (c *typer) noProperty(n *node, t Type, name string) Type {
	at := n.pos
	if n.op == opIndex {
		at = n.args[1].start
	}
	end := n.end
	if n.op == opIndex {
		end = n.args[1].end
	}
	msg := "unknown property " + quoted(name) + " of " + c.text(n.args[0])
	if i := strings.IndexByte(name, '-'); i > 0 && n.op == opProperty {
		if _, ok := t.Field(name[:i]); ok {
			return c.report(at+int32(i), at+int32(i)+1, msg, spaceFix(name, i, ""))
		}
	}
	if len(t.of.names) == 0 {
		return c.report(at, end, msg+"; it has none", "")
	}
	return c.report(at, end, msg+list("it has", t.of.names), suggest(name, t.of.names))
}

func (c *typer) noFunction(n *node, end int32) Type {
	names := functionNames(c.env.Funcs)
	for name, where := range c.env.Elsewhere {
		if sameName(name, n.text) {
			return c.report(n.pos, end, n.text+"() is not available here, only in "+where, "")
		}
	}
	if _, ok := c.env.lookup(n.text); ok {
		return c.report(n.pos, end, n.text+" is not a function", "")
	}
	return c.report(n.pos, end, "unknown function "+quoted(n.text)+list("there is", names), suggest(n.text, names))
}

// usage shows how a function is called.
func (f *Func) usage(name string) string {
	var b strings.Builder
	b.WriteString("write " + name + "(")
	for i, p := range f.Params {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(p.usage(f.Variadic && i == len(f.Params)-1))
	}
	return b.String() + ")"
}

func (p Param) usage(repeated bool) string {
	switch s := p.Type.String(); {
	case repeated:
		return s + "..."
	case p.Optional:
		return "[" + s + "]"
	default:
		return s
	}
}

func quoted(s string) string { return `"` + s + `"` }

// list is "; there is a, b, c", with no more than a dozen names, or "".
func list(verb string, names []string) string {
	if len(names) == 0 || len(names) > compared {
		return ""
	}
	names = append([]string(nil), names...)
	sort.Strings(names)
	more := ""
	if len(names) > listed {
		names, more = names[:listed], ", ..."
	}
	return "; " + verb + " " + strings.Join(names, ", ") + more
}

// suggest returns `did you mean "x"?` for the name that is nearest to a wrong
// one, or "" if none is near.
func suggest(wrong string, names []string) string {
	if len(names) > compared || len(wrong) > longest {
		return ""
	}
	best, least := "", 1+max(1, min(3, len(wrong)/3))
	for _, name := range names {
		if len(name) > longest {
			continue
		}
		if d := spelling.Distance(strings.ToLower(wrong), strings.ToLower(name)); d < least || d == least && name < best {
			best, least = name, d
		}
	}
	if best == "" {
		return ""
	}
	return "did you mean " + quoted(best) + "?"
}
