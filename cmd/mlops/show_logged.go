package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner/mlflow"
	"github.com/mlops-runner/mlops/runner/record"
)

// showLogged shows what a run that mlops did not run itself has besides: the words
// about it, and its files, which lie nowhere but in the store.
func (a *app) showLogged(r *record.Run) error {
	if r.Trigger.Event != mlflow.Event {
		return nil
	}
	var labels, files [][]string
	for _, k := range slices.Sorted(maps.Keys(r.Labels)) {
		labels = append(labels, []string{foreign(k), foreign(oneLine(r.Labels[k]))})
	}
	for _, j := range r.Jobs {
		for _, o := range j.Outputs {
			files = append(files, []string{foreign(o.Path), view.Bytes(o.Size), o.Digest.Short()})
		}
	}
	fmt.Fprintln(a.stdout)
	err := view.Table(a.stdout, []string{"label", "value"}, labels, a.color())
	if len(files) == 0 {
		return err
	}
	fmt.Fprintln(a.stdout)
	return errors.Join(err, view.Table(a.stdout, []string{"file", "size", "digest"}, files, a.color()))
}

// oneLine is the beginning of a text that may be long.
func oneLine(s string) string {
	line, _, more := strings.Cut(s, "\n")
	if runes := []rune(line); len(runes) > 80 {
		line, more = string(runes[:80]), true
	}
	if more {
		line += "…"
	}
	return line
}
