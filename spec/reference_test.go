package spec

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/spec/expression"
)

//go:generate go test . -run TestReferenceIsGenerated -update

// TestReferenceIsGenerated holds README.md, the reference of the file, against
// the tables that Parse walks by; with -update it writes it.
func TestReferenceIsGenerated(t *testing.T) {
	t.Parallel()
	golden(t, "README.md", reference(t))
}

const referenceHead = "# mlops.yaml, key by key\n\n" +
	"Made of the parser's tables by `make generate`. Values with `${{ }}` are expressions; where which of them can be read stands [below](#contexts).\n" +
	"The file may be up to 4 MiB of YAML 1.2: `yes`, `no` and `on` are texts, keys of the file itself that start with `x-` are ignored, anchors and `<<` work.\n"

func reference(t *testing.T) string {
	r := referenceMaker{seen: map[string]bool{}}
	r.out.WriteString(referenceHead)
	r.object(&fileTable, "The file")
	for len(r.queue) > 0 {
		next := r.queue[0]
		r.queue = r.queue[1:]
		r.object(next.object, next.title)
	}
	r.contexts()
	r.functions(t)
	r.codes()
	return r.out.String()
}

// A referenceMaker writes one section for each mapping with known keys, those
// of the file first and then what stands below, breadth first.
type referenceMaker struct {
	out   strings.Builder
	seen  map[string]bool // ids of objects that have a section or will
	queue []section
}

type section struct {
	object describer
	title  string
}

func (r *referenceMaker) object(o describer, title string) {
	d := o.describe()
	r.seen[o.id()] = true
	fmt.Fprintf(&r.out, "\n## %s\n\n%s\n\n| key | value | what | default | example |\n|---|---|---|---|---|\n", title, d.doc)
	for _, k := range d.keys {
		name := "`" + k.name + "`"
		if k.required {
			name += ", needed"
		}
		r.row(name, k.form.expected(), k.doc, k.def, code(k.example))
		r.below(&k.form, strings.Trim(title, "`"), k.name)
	}
}

// below queues the sections of the mappings that a value may hold.
func (r *referenceMaker) below(f *form, parent, name string) {
	path := name
	if parent != "The file" {
		path = parent + "." + name
	}
	r.forms(f, path)
}

func (r *referenceMaker) forms(f *form, path string) {
	switch {
	case f == nil:
	case f.object != nil && !r.seen[f.object.id()]:
		r.seen[f.object.id()] = true
		r.queue = append(r.queue, section{f.object, "`" + path + "`"})
	case f.kind == kindMap:
		r.forms(f.elem, path+".NAME")
	case f.kind == kindList:
		r.forms(f.elem, path+"[]")
	}
	for i := range f.alts {
		r.forms(&f.alts[i], path)
	}
}

func (r *referenceMaker) row(cells ...string) {
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(c, "|", "\\|")
	}
	r.out.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

// contextDocs says what each context holds.
var contextDocs = map[string]string{
	"github":   "the commit, branch, event and pull request, by GitHub's names; `github.event` is the webhook's payload",
	"params":   "the parameters of the file",
	"inputs":   "inputs of `workflow_dispatch`, from `--input NAME=VALUE`",
	"matrix":   "the values of this leg; `matrix.seed` with seeds",
	"needs":    "of each job in `needs`: `result`, and `outputs.NAME` that its steps wrote to `$MLOPS_OUTPUT`",
	"data":     "the path of each dataset",
	"env":      "variables of the file, job and step",
	"steps":    "of each earlier step with an `id`: `outputs.NAME`, `outcome`, `conclusion`",
	"job":      "`job.status`: success, failure or cancelled, as the job stands when the step begins",
	"secrets":  "secrets by their names",
	"metrics":  "metrics of this run; the name alone means the same",
	"baseline": "metrics of the run that this one is compared with",
	"jobs":     "of each job: `result`, and `outputs.NAME`",
}

func (r *referenceMaker) contexts() {
	r.out.WriteString("\n## Contexts\n\n| context | what | where |\n|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(contextDocs)) {
		where := contextPlaces[name]
		if where == "" {
			where = "everywhere"
		}
		r.row("`"+name+"`", contextDocs[name], where)
	}
}

// functionDocs says how each function is called and what it gives.
var functionDocs = [...][2]string{
	{"contains(text or array, item)", "whether the text holds the other, in any case, or the array an equal item"},
	{"startsWith(text, beginning)", "in any case"},
	{"endsWith(text, end)", "in any case"},
	{"format('{0} {1}', a, b)", "the text with values in the place of `{0}`, `{1}`; `{{` and `}}` are braces"},
	{"join(array, separator)", "one text; the separator is `,` if it is left out"},
	{"toJSON(value)", "JSON, indented"},
	{"fromJSON(text)", "the value that the JSON means"},
	{"case(condition, value, …, otherwise)", "the value behind the first condition that is true"},
	{"abs(number)", "its distance from 0"},
	{"min(number, …)", "the smallest"},
	{"max(number, …)", "the largest"},
	{"round(number, digits)", "half away from zero, to whole numbers or 1 to 15 digits behind the point"},
	{"success()", "in `if`: whether all before has succeeded"},
	{"failure()", "in `if`: whether something before has failed"},
	{"cancelled()", "in `if`: whether the run was cancelled"},
	{"always()", "in `if`: true, also after failures and when the run was cancelled"},
	{"hashFiles(pattern, …)", "in steps: SHA-256 over the files that match, `!` takes away; empty if none does"},
	{"better(metric, margin, slices)", "in gates: the interval of the difference to the baseline lies on the better side, by more than the margin; with `slices` in each slice"},
	{"worse(metric, margin, slices)", "in gates: the same on the worse side"},
	{"same(metric, margin, slices)", "in gates: the interval lies within the margin"},
	{"not_worse(metric, margin, slices)", "in gates: the interval does not reach beyond the margin on the worse side"},
	{"worst_slice(metric)", "in gates: the value in the worst slice of this run"},
	{"ci_low(metric)", "in gates: the lower bound of the 95 % interval of the value"},
	{"ci_high(metric)", "in gates: the upper bound"},
}

func (r *referenceMaker) functions(t *testing.T) {
	r.out.WriteString("\n## Functions\n\nNames are found in any case. Operators, in the order in which they bind: `( )`, `[ ]`, `.`, `.*`; `!` and `-`; `*` `/` `%`; `+` `-`; `<` `<=` `>` `>=`; `==` `!=`; `&&`; `||`.\n" +
		"Arithmetic needs spaces around its signs, since `a-b` is a name. The rest is as GitHub documents it.\n\n| function | gives |\n|---|---|\n")
	all := map[string]expression.Func{}
	for _, some := range []map[string]expression.Func{expression.Builtins(), StatusFunctions(), StepFunctions(), GateFunctions()} {
		maps.Copy(all, some)
	}
	for _, d := range functionDocs {
		name, _, _ := strings.Cut(d[0], "(")
		if _, ok := all[name]; !ok {
			t.Errorf("there is no function %s", name)
		}
		delete(all, name)
		r.row("`"+d[0]+"`", d[1])
	}
	for name := range all {
		t.Errorf("the reference does not know the function %s", name)
	}
}

func (r *referenceMaker) codes() {
	r.out.WriteString("\n## Codes of mistakes\n\nThey are stable, and stand in brackets behind a message and in JSON and SARIF.\n\n| code | means |\n|---|---|\n")
	for _, c := range Codes() {
		r.row("`"+string(c.Code)+"`", c.Meaning)
	}
}

// TestReferenceKnowsEveryContext fails where a scope has a context that the
// reference does not explain.
func TestReferenceKnowsEveryContext(t *testing.T) {
	t.Parallel()
	for _, names := range scopeContexts {
		for _, name := range names {
			if contextDocs[name] == "" {
				t.Errorf("the reference does not know the context %s", name)
			}
		}
	}
}
