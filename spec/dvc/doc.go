// Package dvc reads the pipeline of a DVC project and writes it as an mlops.yaml.
//
// dvc.yaml, dvc.lock and the *.dvc files are read, and the parameter files that
// templates name; nothing is run and nothing of DVC is needed. What mlops does
// otherwise, or cannot do, comes back as notes with the file and the line: an
// import that leaves something out without a word would train another model.
//
// Meaning and defaults of the keys are those of https://dvc.org/doc/user-guide/project-structure.
// A stage becomes a job, its deps inputs, its outs, metrics and plots outputs.
// A value of params.yaml that a template names stays a reference to it; one of
// another file or of vars is written out, as mlops.yaml has one source of
// parameters. Stages of foreach or matrix over plain values become a matrix,
// all others one job for each of their legs.
package dvc

import "io/fs"

// Options say what a DVC project does not.
type Options struct {
	Name  string // of the pipeline
	Image string // that the jobs run in: DVC runs commands where it is called itself
}

// A Note is what the new file does not say as the old one did.
type Note struct {
	File string `json:"file"`           // slash-separated, below the project's folder
	Line int    `json:"line,omitempty"` // from 1; 0: the file as a whole
	Text string `json:"text"`
	Fix  string `json:"fix,omitempty"` // what to do about it; "": nothing
}

// A Pipeline is what an import made.
type Pipeline struct {
	YAML  []byte // the mlops.yaml
	Jobs  int
	Notes []Note // in order of file and line
}

// An Error is a mistake in one of the project's files.
type Error struct {
	File string
	Line int // 0: unknown
	Text string
	Fix  string // "": none
}

// Import reads the project whose dvc.yaml stands at the top of fsys. It fails
// with an [*Error] where a file says what DVC would not take either, and with
// an error that is [fs.ErrNotExist] if there is no dvc.yaml.
func Import(fsys fs.FS, o Options) (*Pipeline, error) {
	p, err := readProject(fsys)
	if err != nil {
		return nil, err
	}
	jobs, err := p.jobs()
	if err != nil {
		return nil, err
	}
	text, err := p.write(o, jobs)
	if err != nil {
		return nil, err
	}
	return &Pipeline{YAML: text, Jobs: len(jobs), Notes: p.sortedNotes()}, nil
}
