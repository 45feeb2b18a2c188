package spec

import (
	"strings"
	"unsafe"

	"gopkg.in/yaml.v3"
)

// FileName is what a pipeline's file is called; it stands at the root of the
// repository.
const FileName = "mlops.yaml"

// MaxSize is how many bytes of a file Parse reads; larger ones are an error.
// It bounds the time and memory of the YAML scanner: 4 MiB are some 20,000 jobs.
const MaxSize = 4 << 20

// Options are what Parse needs besides the file. The zero value reads no params
// file, overrides nothing and knows no built-in action.
type Options struct {
	// ReadFile reads a file by its path relative to the folder of mlops.yaml;
	// Parse asks it for the params file alone. nil means there are no files.
	ReadFile func(path string) ([]byte, error)
	// Params are overrides by dotted name, as given by --param.
	Params map[string]string
	// Actions are the built-in actions by name. nil leaves `uses:` and `with:` unchecked.
	Actions map[string]Action
	// Sound asks for what is left of a file with errors, for a look at its graph.
	Sound bool
	// MaxLegs is how many combinations a matrix may span; 0 means 1024.
	MaxLegs int
}

// Parse reads a mlops.yaml. name is its path in messages. It reports all problems
// at once, sorted by place, each with the fix where there is one. The File is
// nil if one of them is an error, or with Sound a File without the jobs that have
// one, unless nothing could be read; warnings alone come with a File. Time and
// memory are bounded whatever src holds. Parse does no I/O but through o. The File
// and the Diagnostics hold on to src, which must not be changed any more.
func Parse(name string, src []byte, o Options) (*File, Diagnostics) {
	text := unsafe.String(unsafe.SliceData(src), len(src)) // a copy would be a hundredth of the work
	w := &walker{src: newSource(name, text), what: "the file", opts: o, file: &File{Path: name}, step: noStep}
	if root := w.decode(text); root != nil {
		w.root(root)
	}
	ds := w.diagnostics()
	switch {
	case !ds.HasErrors():
		return w.file, ds
	case o.Sound && len(w.file.Jobs) > 0:
		return w.file.sound(ds), ds
	}
	return nil, ds
}

// root reads the file's mapping, then checks what needs the whole of it.
func (w *walker) root(n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		if isNull(n) {
			w.point(Pos{1, 1}, CodeEmpty, `write at least one job: "jobs: {train: {run: python train.py}}"`, "%s is empty", w.what)
			return
		}
		w.at(n, CodeWrongType, `write "jobs:" and the jobs below it`, "the file must be a mapping, not %s", describeNode(n))
		return
	}
	walk(w, n, &fileTable, w.file, place{kind: "the file", node: n})
	w.finish()
}

// diagnostics sorts the problems and says how many are not shown.
func (w *walker) diagnostics() Diagnostics {
	ds := w.found.Sorted()
	if w.hidden > 0 && len(ds) > 0 {
		last := ds[len(ds)-1]
		ds = append(ds, Diagnostic{File: last.File, Pos: last.Pos, End: last.Pos, Severity: last.Severity, Code: CodeTooMany,
			Message: "more than " + formatNumber(maxDiagnostics) + " problems; the others are not shown"})
	}
	return ds
}

// finish fills in defaults and checks references between the parts of the file.
func (w *walker) finish() {
	w.declare()
	w.checkTriggers()
	w.checkOverrides()
	for _, j := range w.file.Jobs {
		w.job = j
		w.inherit(j)
		w.checkJob(j)
	}
	w.job = nil
	w.checkOnce()
	w.checkExpressions()
}

// inherit gives a job what the file's defaults say, and steps what their job says.
func (w *walker) inherit(j *Job) {
	d := &w.file.Defaults
	if j.Image.Value == "" && j.Build == nil {
		j.Image = d.Image
	}
	inheritStr(&j.Shell, d.Shell)
	inheritStr(&j.Dir, d.WorkingDirectory)
	inheritStr(&j.CI, w.file.CI)
	if j.Network == "" {
		j.Network = d.Network.Value
	}
	if j.Timeout == 0 {
		j.Timeout = d.Timeout
	}
	for _, s := range j.Steps {
		inheritStr(&s.Shell, j.Shell)
		inheritStr(&s.Dir, j.Dir)
	}
}

func inheritStr(s *Str, from Str) {
	if s.Value == "" {
		*s = from
	}
}

// truth is the value of a boolean whose form has been checked.
func truth(n *yaml.Node) bool { return strings.EqualFold(n.Value, "true") }

func boolText(n *yaml.Node) string {
	if truth(n) {
		return "true"
	}
	return "false"
}

// condition returns an expression without the ${{ }} around it.
func condition(n *yaml.Node) Str {
	text, _ := unwrap(n.Value)
	if n.Tag == "!!bool" {
		text = strings.ToLower(text)
	}
	return Str{text, nodePos(n)}
}

// unwrap removes ${{ }} around a whole text, and blanks. from is where the rest starts.
func unwrap(s string) (text string, from int) {
	text = strings.TrimSpace(s)
	from = strings.Index(s, text)
	if inner, ok := strings.CutPrefix(text, "${{"); ok && strings.Count(text, "${{") == 1 {
		if inner, ok = strings.CutSuffix(inner, "}}"); ok {
			text = strings.TrimSpace(inner)
			from += 3 + strings.Index(inner, text)
		}
	}
	return text, from
}
