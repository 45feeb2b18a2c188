package trigger

import (
	"fmt"

	"github.com/mlops-runner/mlops/spec"
)

// refs decides by the branch or tag of a push.
func (d *decision) refs(name string, on *spec.GitFilter) {
	branches := len(on.Branches)+len(on.BranchesIgnore) > 0
	tags := len(on.Tags)+len(on.TagsIgnore) > 0
	tag, branch := d.event.Tag(), d.event.Branch()
	switch {
	case tag != "" && tags:
		d.names(name, "tags", "the tag", tag, on.Tags, on.TagsIgnore)
	case tag != "" && branches:
		d.say(name+".tags", false, "is not given and branches are, so the tag %s starts nothing", tag)
	case tag != "":
	case branch == "":
		d.say(name, false, "asks for a branch or tag, and %q is neither", d.event.Ref)
	case branches:
		d.names(name, "branches", "the branch", branch, on.Branches, on.BranchesIgnore)
	case tags:
		d.say(name+".branches", false, "is not given and tags are, so the branch %s starts nothing", branch)
	}
}

// names holds one name against a list of patterns, or against those to ignore.
func (d *decision) names(name, key, what, value string, only, ignore []spec.Str) {
	if len(only) > 0 {
		let, by := d.lets(only, value)
		d.say(name+"."+key, let, "%s %s", bracketed(values(only)), d.matched(by, let, only, fmt.Sprintf("%s %s", what, value)))
	}
	if len(ignore) > 0 {
		ignored, by := d.lets(ignore, value)
		d.say(name+"."+key+"-ignore", !ignored, "%s %s", bracketed(values(ignore)), d.matched(by, ignored, ignore, fmt.Sprintf("%s %s", what, value)))
	}
}

// matched says what a list did with a name.
func (d *decision) matched(by *Pattern, let bool, list []spec.Str, what string) string {
	switch {
	case let:
		return "matches " + what
	case by != nil:
		return fmt.Sprintf("takes away %s by %s", what, by)
	case onlyNegations(list):
		return fmt.Sprintf("lets nothing in, as all its patterns begin with !; put '**' before them; %s", what)
	}
	return "does not match " + what
}

// onlyNegations reports whether no pattern of a list can let anything in.
func onlyNegations(list []spec.Str) bool {
	for _, s := range list {
		if s.Value == "" || s.Value[0] != '!' {
			return false
		}
	}
	return true
}

// lets reports whether a list of patterns lets a name in, and which one decided.
func (d *decision) lets(list []spec.Str, name string) (bool, *Pattern) {
	last := Last(d.patterns(list), name)
	return last != nil && !last.Negate(), last
}

// patterns reads the patterns of a list and reports those that mean nothing.
func (d *decision) patterns(list []spec.Str) []*Pattern {
	var out []*Pattern
	for _, s := range list {
		p, err := ParsePattern(s.Value)
		if err != nil {
			d.diagnostics = append(d.diagnostics, spec.Diagnostic{File: d.file.Path, Pos: s.Pos, End: s.Pos, Code: spec.CodeBadValue, Message: err.Error()})
			continue
		}
		out = append(out, p)
	}
	return out
}

// paths decides by the changed files.
func (d *decision) paths(name string, on *spec.GitFilter) {
	only, ignore := d.patterns(on.Paths), d.patterns(on.PathsIgnore)
	if len(only)+len(ignore) == 0 {
		return
	}
	files, err := d.options.files(d.ctx, d.event)
	if len(only) > 0 {
		d.some(name+".paths", on.Paths, files, err, "matches", func(file string) bool {
			last := Last(only, file)
			return last != nil && !last.Negate()
		})
	}
	if len(ignore) > 0 {
		d.some(name+".paths-ignore", on.PathsIgnore, files, err, "does not match", func(file string) bool {
			last := Last(ignore, file)
			return last == nil || last.Negate()
		})
	}
}

// some passes if one of the files counts. Files that nobody knows pass.
func (d *decision) some(name string, list []spec.Str, files []string, err error, verb string, counts func(string) bool) {
	patterns := bracketed(values(list))
	if err != nil {
		d.filters = append(d.filters, Filter{Name: name, Pass: true, Open: true,
			Why: fmt.Sprintf("%s lets the run start, because the changed files are not known: %v", patterns, err)})
		return
	}
	for _, file := range files {
		if counts(file) {
			d.say(name, true, "%s %s %s", patterns, verb, file)
			return
		}
	}
	switch {
	case len(files) == 0:
		d.say(name, false, "%s: no file changed", patterns)
	case verb == "matches" && onlyNegations(list):
		d.say(name, false, "%s lets nothing in, as all its patterns begin with !; put '**' before them", patterns)
	case verb == "matches":
		d.say(name, false, "%s matches none of %s", patterns, counted(len(files)))
	default:
		d.say(name, false, "%s matches all of %s", patterns, counted(len(files)))
	}
}

func counted(n int) string {
	if n == 1 {
		return "1 changed file"
	}
	return fmt.Sprintf("%d changed files", n)
}
