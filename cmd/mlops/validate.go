package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/spec"
)

func newValidate(a *app) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:     "validate [FILE...]",
		Short:   "Check mlops.yaml: every mistake with its place and cure",
		Example: "  mlops validate\n  mlops validate --format sarif > mlops.sarif",
		RunE:    func(_ *cobra.Command, files []string) error { return a.validate(files, format) },
	}
	c.Flags().StringVar(&format, "format", "text", "text, json, sarif or github (workflow commands)")
	return c
}

func (a *app) validate(files []string, format string) error {
	write, ok := diagnosticFormats()[format]
	if !ok {
		return usagef("unknown format %q; write text, json, sarif or github", format)
	}
	if len(files) == 0 {
		files = []string{""}
	}
	var all spec.Diagnostics
	jobs := 0
	for _, f := range files {
		n, ds, err := a.check(f)
		if err != nil {
			return err
		}
		jobs += n
		all = append(all, ds...)
	}
	if format != "text" || len(all) > 0 {
		if err := write(all, a.out(format)); err != nil {
			return err
		}
	}
	if all.HasErrors() {
		return failedError{exitInvalid}
	}
	if format == "text" {
		fmt.Fprintf(a.stdout, "%s: %s, no mistakes\n", name(files), counted(jobs, "job"))
	}
	return nil
}

func name(files []string) string {
	switch {
	case len(files) > 1:
		return counted(len(files), "file")
	case files[0] != "":
		return files[0]
	}
	return spec.FileName
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// check parses and plans one file and returns how many job instances it has.
func (a *app) check(file string) (int, spec.Diagnostics, error) {
	p, err := a.openProject(file, nil)
	if err == nil {
		var pl *plan.Plan
		if pl, err = p.plan(); err == nil {
			return instances(pl), p.warnings, nil
		}
	}
	var ds spec.Diagnostics
	if errors.As(err, &ds) {
		return 0, ds, nil
	}
	return 0, nil, err
}

// instances counts what can run: a matrix job once for each leg.
func instances(pl *plan.Plan) int {
	n := 0
	for _, node := range pl.Nodes {
		if node.Kind == plan.Run && !node.Spare {
			n++
		}
	}
	return n
}

// out is where diagnostics go: text is for people, the rest is a result.
func (a *app) out(format string) io.Writer {
	if format == "text" {
		return a.stderr
	}
	return a.stdout
}

func diagnosticFormats() map[string]func(spec.Diagnostics, io.Writer) error {
	return map[string]func(spec.Diagnostics, io.Writer) error{
		"text":   func(ds spec.Diagnostics, w io.Writer) error { return ds.WriteText(w, false) },
		"json":   spec.Diagnostics.WriteJSON,
		"sarif":  spec.Diagnostics.WriteSARIF,
		"github": spec.Diagnostics.WriteGitHub,
	}
}
