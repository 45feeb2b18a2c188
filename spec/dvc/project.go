package dvc

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

const (
	pipelineFile = "dvc.yaml"
	lockFile     = "dvc.lock"
	paramsFile   = "params.yaml"
)

// A project is what its files say, and what was found wanting.
type project struct {
	fsys    fs.FS
	root    *yaml.Node        // mapping of dvc.yaml
	vars    []source          // by which templates are filled, later ones first
	live    bool              // params.yaml is the parameters' file of the new pipeline too
	folders map[string]bool   // whether paths that dvc.lock knows are folders
	data    []tracked         // files that *.dvc files track
	spelled map[string]string // paths of outputs as jobs write them, by the clean path
	notes   []Note
	told    map[Note]bool // all of them
}

func (e *Error) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text)
	}
	return e.File + ": " + e.Text
}

func mistake(n *yaml.Node, fix, format string, args ...any) error {
	return &Error{pipelineFile, n.Line, fmt.Sprintf(format, args...), fix}
}

func (p *project) note(n *yaml.Node, fix, format string, args ...any) {
	note := Note{File: pipelineFile, Text: fmt.Sprintf(format, args...), Fix: fix}
	if n != nil {
		note.Line = n.Line
	}
	if !p.told[note] {
		p.told[note] = true
		p.notes = append(p.notes, note)
	}
}

func (p *project) sortedNotes() []Note {
	sort.SliceStable(p.notes, func(i, j int) bool {
		a, b := p.notes[i], p.notes[j]
		return cmp.Or(cmp.Compare(a.File, b.File), a.Line-b.Line) < 0
	})
	return p.notes
}

func readProject(fsys fs.FS) (*project, error) {
	p := &project{fsys: fsys, folders: map[string]bool{}, told: map[Note]bool{}, spelled: map[string]string{}}
	var err error
	if p.root, err = readMapping(fsys, pipelineFile); err != nil {
		return nil, err
	}
	if err := p.readVars(); err != nil {
		return nil, err
	}
	if err := p.readLock(); err != nil {
		return nil, err
	}
	if err := p.readTracked(); err != nil {
		return nil, err
	}
	return p, p.topLevel()
}

// readMapping reads a YAML file whose top is a mapping; an empty file is an empty one.
func readMapping(fsys fs.FS, name string) (*yaml.Node, error) {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, yamlError(name, err)
	}
	if doc.Kind == 0 {
		return &yaml.Node{Kind: yaml.MappingNode}, nil
	}
	top := follow(doc.Content[0])
	if !bounded(top) {
		return nil, &Error{name, top.Line, "its aliases make more than 50,000 values of it", "write them out, or check an anchor that holds itself"}
	}
	if top.Kind != yaml.MappingNode {
		return nil, &Error{name, top.Line, "the file is no mapping of keys to values", ""}
	}
	return top, nil
}

func yamlError(name string, err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if m := regexp.MustCompile(`^line (\d+): (.*)$`).FindStringSubmatch(text); m != nil {
		line, _ := strconv.Atoi(m[1])
		return &Error{name, line, m[2], ""}
	}
	return &Error{File: name, Text: text}
}

// readLock learns which outputs are folders: dvc.yaml does not tell.
func (p *project) readLock() error {
	lock, err := readMapping(p.fsys, lockFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, stage := range pairs(child(lock, "stages")) {
		for _, kind := range []string{"outs", "deps"} {
			for _, entry := range items(child(stage.value, kind)) {
				at := path.Join(p.wdir(stage.key.Value), scalar(child(entry, "path")))
				p.folders[at] = strings.HasSuffix(scalar(child(entry, "md5")), ".dir")
			}
		}
	}
	return nil
}

// wdir is the folder that a stage's paths start from; its lock entry, called
// name or name@leg, does not say.
func (p *project) wdir(entry string) string {
	name, _, _ := strings.Cut(entry, "@")
	stage := child(child(p.root, "stages"), name)
	if do := child(stage, "do"); do != nil {
		stage = do
	}
	return scalar(child(stage, "wdir"))
}

// topLevel says what of the keys beside the stages is left out.
func (p *project) topLevel() error {
	for _, kv := range pairs(p.root) {
		switch kv.key.Value {
		case "stages", "vars", "metrics":
		case "params":
			p.note(kv.key, "", "top-level params are left out: the jobs' own inputs say which files they read")
		case "plots":
			p.note(kv.key, "", "plots are left out: reports draw histories and curves of the metrics themselves")
		case "artifacts":
			p.note(kv.key, `add a job with "uses: promote", which registers the model after its gates pass`, "artifacts are left out: %s", strings.Join(keys(kv.value), ", "))
		default:
			p.note(kv.key, "", "%s is left out: mlops has nothing of the kind", kv.key.Value)
		}
	}
	if config, err := fs.ReadFile(p.fsys, ".dvc/config"); err == nil && strings.Contains(string(config), "[") && strings.Contains(string(config), "remote") {
		p.notes = append(p.notes, Note{File: ".dvc/config", Text: "DVC's remotes are left out", Fix: `fetch what is missing once by "dvc pull"; mlops keeps results in a store of its own`})
	}
	return nil
}
