package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/spec"
	"github.com/mlops-runner/mlops/spec/dvc"
)

type importDVCOptions struct {
	image       string
	json, print bool
}

func newImportDVC(a *app) *cobra.Command {
	var o importDVCOptions
	c := &cobra.Command{
		Use:   "dvc [FOLDER]",
		Short: "Write an mlops.yaml that does what a dvc.yaml does",
		Long: `Write an mlops.yaml that does what a dvc.yaml does.
Stages become jobs; foreach and matrix become a matrix; parameters, metrics, plots and
data that *.dvc files track are carried over. What is not, or not exactly, is listed
with its line. DVC itself is not needed, and its files stay as they are.`,
		Example: "  mlops import dvc\n  mlops import dvc --print ../old-project",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			folder := "."
			if len(args) > 0 {
				folder = args[0]
			}
			return a.importDVC(o, folder)
		},
	}
	f := c.Flags()
	f.StringVar(&o.image, "image", "python:3.12-slim", "image that the jobs run in")
	f.BoolVar(&o.print, "print", false, "print the mlops.yaml and write nothing")
	f.BoolVar(&o.json, "json", false, "print what was made, and what was not, as JSON")
	return c
}

// importDVC never overwrites a file.
func (a *app) importDVC(o importDVCOptions, folder string) error {
	abs, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	p, err := dvc.Import(os.DirFS(abs), dvc.Options{Name: pipelineName(filepath.Base(abs)), Image: o.image})
	if err != nil {
		return dvcError(err, folder)
	}
	path := a.file
	if path == "" {
		path = filepath.Join(folder, spec.FileName)
	}
	if o.print {
		if _, err := a.stdout.Write(p.YAML); err != nil {
			return err
		}
		return dvcNotes(a.stderr, p.Notes)
	}
	if err := writeNew(path, p.YAML); err != nil {
		return err
	}
	if o.json {
		return dvcJSON(a.stdout, path, p)
	}
	fmt.Fprintf(a.stdout, "wrote %s with %d jobs; see what it would do: mlops plan\n", path, p.Jobs)
	return dvcNotes(a.stdout, p.Notes)
}

func dvcError(err error, folder string) error {
	var mistake *dvc.Error
	switch {
	case errors.As(err, &mistake):
		here := *mistake
		here.File = filepath.Join(folder, filepath.FromSlash(here.File))
		if here.Fix == "" {
			return &here
		}
		return fixError{&here, here.Fix}
	case errors.Is(err, fs.ErrNotExist):
		return fixError{fmt.Errorf("no dvc.yaml in %s", folder), "name the folder that has one: mlops import dvc FOLDER"}
	}
	return err
}

func dvcNotes(w io.Writer, notes []dvc.Note) error {
	if len(notes) == 0 {
		return nil
	}
	if _, err := fmt.Fprintln(w, "not as it was:"); err != nil {
		return err
	}
	for _, n := range notes {
		where := n.File
		if n.Line > 0 {
			where = fmt.Sprintf("%s:%d", n.File, n.Line)
		}
		fmt.Fprintf(w, "  %s: %s\n", where, n.Text)
		if n.Fix != "" {
			fmt.Fprintf(w, "    fix: %s\n", n.Fix)
		}
	}
	return nil
}

func dvcJSON(w io.Writer, path string, p *dvc.Pipeline) error {
	notes := p.Notes
	if notes == nil {
		notes = []dvc.Note{}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(struct {
		File  string     `json:"file"`
		Jobs  int        `json:"jobs"`
		Notes []dvc.Note `json:"notes"`
	}{path, p.Jobs, notes})
}

// writeNew writes a file that is not there yet.
func writeNew(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fixError{fmt.Errorf("%s is there already", path), "remove it first, or name another with --file"}
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}
