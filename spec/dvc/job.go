package dvc

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// A job is what one leg of a stage becomes.
type job struct {
	id, description string
	inputs, outputs []string // below the project's folder
	metrics         []string
	dir             string // "": the project's folder
	axes            []axis
	commands        []string
	always          bool // run every time
}

// jobs turns the stages into jobs, outputs first: what they are called decides
// how inputs are written.
func (p *project) jobs() ([]*job, error) {
	var jobs []*job
	var legs []leg
	taken := map[string]bool{}
	for _, kv := range pairs(child(p.root, "stages")) {
		all, err := p.legs(kv.key.Value, kv.value)
		if err != nil {
			return nil, err
		}
		for _, l := range all {
			l.id = freeName(l.id, taken)
			if l.scope.vars, err = p.sources(child(l.body, "vars")); err != nil {
				return nil, err
			}
			j, err := p.begin(l, kv.key)
			if err != nil {
				return nil, err
			}
			if j != nil {
				jobs, legs = append(jobs, j), append(legs, l)
			}
		}
	}
	if len(jobs) == 0 {
		return nil, &Error{pipelineFile, 0, "no stage is left to make a job of", "add a stage: https://dvc.org/doc/user-guide/project-structure/dvcyaml-files"}
	}
	for i, l := range legs {
		if err := p.finish(jobs[i], l); err != nil {
			return nil, err
		}
	}
	p.otherMetrics(jobs)
	p.note(nil, "add what is missing to the job's inputs", "a job sees its inputs alone: files that a command reads and no deps named, such as imported modules, are not there")
	return jobs, nil
}

// outside reports whether a clean path leads out of the project's folder.
func outside(at string) bool {
	return path.IsAbs(at) || at == ".." || strings.HasPrefix(at, "../")
}

// begin makes a job of all but its inputs; nil of a frozen stage, whose outputs stay files,
// and of one that works elsewhere.
func (p *project) begin(l leg, name *yaml.Node) (*job, error) {
	if isTrue(child(l.body, "frozen")) {
		p.note(name, "", "stage %q is frozen and left out: its outputs are read as the files that are here", name.Value)
		return nil, nil
	}
	cmd := child(l.body, "cmd")
	if cmd == nil {
		return nil, mistake(name, `write its command under "cmd:"`, "stage %q has no cmd", name.Value)
	}
	j := &job{id: l.id, axes: l.axes, description: scalar(child(l.body, "desc"))}
	for _, n := range items(cmd) {
		text, err := l.scope.command(n, scalar(n))
		if err != nil {
			return nil, err
		}
		j.commands = append(j.commands, text)
	}
	dir, err := l.scope.expand(name, scalar(child(l.body, "wdir")))
	if err != nil {
		return nil, err
	}
	if dir = path.Clean(dir); dir != "." {
		j.dir = dir
	}
	if outside(dir) {
		p.note(child(l.body, "wdir"), "move what it works on into the repository", "stage %q is left out: it works in %s, outside the project's folder", name.Value, dir)
		return nil, nil
	}
	j.always = isTrue(child(l.body, "always_changed")) || child(l.body, "deps") == nil && child(l.body, "outs") == nil
	return j, p.readOutputs(j, l)
}

// readOutputs takes outs, metrics and plots, which DVC tells apart and a job does not.
func (p *project) readOutputs(j *job, l leg) error {
	for _, kind := range []string{"outs", "metrics", "plots"} {
		for _, n := range items(child(l.body, kind)) {
			name, options := n, (*yaml.Node)(nil)
			if kv := pairs(n); len(kv) == 1 {
				name, options = kv[0].key, kv[0].value
			}
			at, err := p.place(j, l, name)
			if err != nil {
				return err
			}
			if at == "" {
				continue
			}
			if kind != "plots" { // a plot's options are its axes and template
				p.outputOptions(name, at, options)
			}
			at = p.spell(name, at)
			j.outputs = append(j.outputs, at)
			if kind == "metrics" {
				j.metrics = append(j.metrics, at)
			}
		}
	}
	return nil
}

// outputOptions says which options of an output are left out.
func (p *project) outputOptions(at *yaml.Node, name string, options *yaml.Node) {
	for _, kv := range pairs(options) {
		switch kv.key.Value {
		case "cache", "push", "desc", "type", "labels", "meta", "remote":
		case "persist":
			p.note(at, "let the command start anew, or keep what it needs under caches:", "%s: persist is left out: a job starts without the outputs of its last run", name)
		default:
			p.note(at, "", "%s: %s is left out", name, kv.key.Value)
		}
	}
}

// place is a path below the project's folder; "" with a note for one elsewhere.
func (p *project) place(j *job, l leg, n *yaml.Node) (string, error) {
	text, err := l.scope.expand(n, scalar(n))
	switch {
	case err != nil:
		return "", err
	case text == "":
		return "", mistake(n, "", "a path of stage %q is empty", l.id)
	case strings.Contains(text, "://"):
		p.note(n, `declare it under "data:" and pin it: mlops data pin`, "%s is left out: an address is no path", text)
		return "", nil
	}
	at := path.Join(j.dir, text)
	if path.IsAbs(text) || outside(at) {
		p.note(n, "move it into the repository", "%s is left out: it is outside the project's folder", text)
		return "", nil
	}
	return at, nil
}

// spell writes an output as a folder if it is one: by dvc.lock, by what is
// here, or, where neither knows it, by its name.
func (p *project) spell(n *yaml.Node, at string) string {
	spelled := at
	info, err := fs.Stat(p.fsys, at)
	switch {
	case p.folders[at], err == nil && info.IsDir():
		spelled = at + "/"
	case err != nil && path.Ext(at) == "" && !p.locked(at):
		spelled = at + "/"
		p.note(n, "remove the slash at its end in outputs and inputs if it is a file", "%s is taken for a folder, as its name has no ending", at)
	}
	p.spelled[at] = spelled
	return spelled
}

// locked reports whether dvc.lock knows a path, and so whether it is a folder.
func (p *project) locked(at string) bool { _, ok := p.folders[at]; return ok }

// finish adds the inputs.
func (p *project) finish(j *job, l leg) error {
	for _, n := range items(child(l.body, "deps")) {
		if kv := pairs(n); len(kv) == 1 {
			n = kv[0].key
		}
		at, err := p.place(j, l, n)
		if err != nil {
			return err
		}
		if at != "" {
			j.inputs = append(j.inputs, p.input(at))
		}
	}
	if err := p.paramFiles(j, l); err != nil {
		return err
	}
	p.scripts(j, l)
	slices.Sort(j.inputs)
	j.inputs = slices.Compact(j.inputs)
	return nil
}

func (p *project) input(at string) string {
	for _, d := range p.data {
		if d.path == at {
			return "data." + d.name
		}
	}
	if spelled, ok := p.spelled[at]; ok {
		return spelled
	}
	return at
}

// paramFiles are inputs as a whole: a job cannot depend on some of a file's keys.
func (p *project) paramFiles(j *job, l leg) error {
	for _, n := range items(child(l.body, "params")) {
		files := []string{paramsFile}
		if n.Kind == yaml.MappingNode {
			files = keys(n)
		}
		for _, file := range files {
			file, err := l.scope.expand(n, file)
			if err != nil {
				return err
			}
			at := path.Join(j.dir, file)
			if slices.Contains(j.inputs, at) {
				continue
			}
			j.inputs = append(j.inputs, at)
			p.note(n, "pass values on the command line as ${{ params.NAME }}, and take the file out of the inputs", "job %s depends on all of %s, not on some keys", j.id, at)
		}
	}
	return nil
}

// scripts adds files that a command names and that are no deps.
func (p *project) scripts(j *job, l leg) {
	for _, c := range j.commands {
		for _, word := range strings.FieldsFunc(c, func(r rune) bool { return strings.ContainsRune(" \t\n;|&<>()'\"", r) }) {
			at := path.Join(j.dir, word)
			info, err := fs.Stat(p.fsys, at)
			if err != nil || !info.Mode().IsRegular() || p.known(j, at) {
				continue
			}
			j.inputs = append(j.inputs, at)
			p.note(child(l.body, "cmd"), "", "job %s gets %s as an input: its command names it and its deps do not", j.id, at)
		}
	}
}

// known reports whether a path is an input or output already, or below one.
func (p *project) known(j *job, at string) bool {
	if slices.Contains(j.inputs, p.input(at)) {
		return true
	}
	for _, other := range append(slices.Clone(j.inputs), j.outputs...) {
		other = strings.TrimSuffix(other, "/")
		if at == other || strings.HasPrefix(at, other+"/") {
			return true
		}
	}
	for _, d := range p.data {
		if strings.HasPrefix(at, d.path+"/") && slices.Contains(j.inputs, "data."+d.name) {
			return true
		}
	}
	return false
}

// otherMetrics gives the files of the top-level metrics to the jobs that write them.
func (p *project) otherMetrics(jobs []*job) {
	for _, n := range items(child(p.root, "metrics")) {
		at := path.Clean(scalar(n))
		i := slices.IndexFunc(jobs, func(j *job) bool {
			return slices.ContainsFunc(j.outputs, func(o string) bool { return o == at || strings.HasSuffix(o, "/") && strings.HasPrefix(at, o) })
		})
		switch {
		case i < 0:
			p.note(n, "", "metrics file %s is left out: no stage writes it", at)
		case !slices.Contains(jobs[i].metrics, at):
			jobs[i].metrics = append(jobs[i].metrics, at)
		}
	}
}
