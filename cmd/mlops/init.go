package main

import (
	"fmt"
	"path/filepath"
	"strings"

	_ "embed"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/spec"
)

//go:embed init.yaml
var startingFile string

func newInit(a *app) *cobra.Command {
	var image string
	c := &cobra.Command{
		Use:   "init",
		Short: "Write a commented mlops.yaml to start from",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return a.init(image) },
	}
	c.Flags().StringVar(&image, "image", "python:3.12-slim", "image that the jobs run in")
	return c
}

// init writes the starting file; it never overwrites one.
func (a *app) init(image string) error {
	path := a.file
	if path == "" {
		path = spec.FileName
	}
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return err
	}
	text := strings.NewReplacer("@NAME@", pipelineName(filepath.Base(dir)), "@IMAGE@", image).Replace(startingFile)
	if err := writeNew(path, []byte(text)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "wrote %s; see what it would do: mlops plan\n", path)
	return err
}

// pipelineName makes a name of a folder's: lower-case letters, digits and dashes.
func pipelineName(folder string) string {
	name := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, folder), "-")
	if name == "" {
		return "pipeline"
	}
	return name
}
