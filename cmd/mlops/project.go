package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/actions"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/runner/trigger"
	"github.com/mlops-runner/mlops/spec"
)

// A project is an mlops.yaml with the folder that it stands in.
type project struct {
	root     string // absolute folder of the mlops.yaml; every path of the file is relative to it
	path     string // of the mlops.yaml, as shown to people
	source   []byte
	spec     *spec.File
	warnings spec.Diagnostics
	contexts map[string]any // github, inputs
	event    *trigger.Event // what started the run; nil for a run by hand

	home        string       // store, where it is not beside the file or MLOPS_HOME
	lookup      lookup       // environment that the github context comes from; nil means that of the process
	overlay     string       // store of an untrusted run, in place of the project's; "" for other runs
	paramDigest store.Digest // of the params file, as it was when the plan was made
}

// A lookup is [os.LookupEnv] or takes its place.
type lookup func(name string) (string, bool)

// environ is the environment that the github context comes from.
func (p *project) environ() lookup {
	if p.lookup != nil {
		return p.lookup
	}
	return os.LookupEnv
}

// maxSource bounds what is read of an mlops.yaml; the parser says what is too much.
const maxSource = spec.MaxSize + 1

// openProject finds, reads and checks an mlops.yaml. path "" means the --file
// flag, or else the nearest one at or above the working directory.
func (a *app) openProject(path string, params map[string]string) (*project, error) {
	p, err := a.findProject(path)
	if err != nil {
		return nil, err
	}
	return p, p.parse(params)
}

// planned is the project with its plan, by parameters as they are given.
func (a *app) planned(params []string) (*project, *plan.Plan, error) {
	values, err := keyValues("param", params)
	if err != nil {
		return nil, nil, err
	}
	p, err := a.openProject("", values)
	if err != nil {
		return nil, nil, err
	}
	pl, err := p.plan()
	return p, pl, err
}

// findProject reads an mlops.yaml without parsing it.
func (a *app) findProject(path string) (*project, error) {
	if path == "" {
		path = a.file
	}
	if path == "" {
		found, err := nearest(spec.FileName)
		if err != nil {
			return nil, err
		}
		path = found
	}
	if st, err := os.Stat(path); err == nil && st.IsDir() {
		path = filepath.Join(path, spec.FileName)
	}
	src, err := readLimited(path, maxSource)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fixError{fmt.Errorf("no %s", path), `write one with "mlops init", or name it with --file`}
	}
	if err != nil {
		return nil, err
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	return &project{root: filepath.Dir(abs), path: path, source: src}, nil
}

// nearest finds a file in the working directory or the closest folder above it.
func nearest(name string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	rel := ""
	for {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return rel + name, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fixError{fmt.Errorf("no %s here", name), `write one with "mlops init"`}
		}
		dir, rel = up, "../"+rel
	}
}

func (p *project) parse(params map[string]string) error {
	f, ds := spec.Parse(p.path, p.source, spec.Options{ReadFile: p.readParams, Params: params, Actions: actions.Table(), Sound: true})
	p.spec = f
	if f != nil {
		ds = append(ds, trigger.Check(f)...).Quote(p.path, p.source).Sorted()
	}
	if ds.HasErrors() {
		return p.withGraph(ds)
	}
	p.warnings = ds
	if p.spec.Name.Value == "" {
		p.spec.Name.Value = filepath.Base(p.root)
	}
	return nil
}

// withGraph adds the mistakes in the graph of the jobs that have none themselves,
// so that all are shown at once. What else a plan may complain of can follow from
// a mistake that is shown already.
func (p *project) withGraph(ds spec.Diagnostics) error {
	if p.spec == nil {
		return ds
	}
	_, err := p.plan()
	var more spec.Diagnostics
	if !errors.As(err, &more) {
		return ds
	}
	for _, d := range more {
		if slices.Contains([]spec.Code{spec.CodeCycle, spec.CodeOwnInput, spec.CodeOutputTwice, spec.CodeMatrixOutput}, d.Code) {
			ds = append(ds, d)
		}
	}
	return ds.Sorted()
}

// read gives the parser a file that mlops.yaml names, such as params.yaml.
func (p *project) read(path string) ([]byte, error) {
	if !filepath.IsLocal(filepath.FromSlash(path)) {
		return nil, fmt.Errorf("%s lies outside the repository", path)
	}
	root, err := os.OpenRoot(p.root)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.ReadFile(filepath.FromSlash(path))
}

// readParams is read for the parser, which asks for the params file alone.
func (p *project) readParams(path string) ([]byte, error) {
	text, err := p.read(path)
	p.paramDigest = store.Sum(text)
	return text, err
}

// plan makes the plan; its problems bear the source lines they stand on.
func (p *project) plan() (*plan.Plan, error) {
	if _, ok := p.contexts["inputs"]; !ok && p.spec.On.Dispatch != nil {
		p.setInputs(trigger.Defaults(p.spec.On.Dispatch)) // who only looks at a plan need not fill in what is required
	}
	pl, err := plan.New(p.spec, plan.Options{Contexts: p.contexts, Actions: actions.Table()})
	var ds spec.Diagnostics
	if errors.As(err, &ds) {
		return nil, ds.Quote(p.path, p.source)
	}
	return pl, err
}

// store is where the results of this run are kept.
func (p *project) store() string {
	if p.overlay != "" {
		return p.overlay
	}
	return p.sharedStore()
}

// sharedStore is where the results of this project are kept.
func (p *project) sharedStore() string {
	if p.home != "" {
		return p.home
	}
	if home := os.Getenv("MLOPS_HOME"); home != "" {
		return home
	}
	return filepath.Join(p.root, ".mlops")
}

// keyValues parses the name=value arguments of a flag.
func keyValues(flag string, args []string) (map[string]string, error) {
	out := make(map[string]string, len(args))
	for _, s := range args {
		k, v, ok := strings.Cut(s, "=")
		if !ok || k == "" {
			return nil, usagef("--%s %s: write --%s name=value", flag, s, flag)
		}
		out[k] = v
	}
	return out, nil
}
