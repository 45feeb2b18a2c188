package datacheck

import (
	"fmt"

	"gopkg.in/yaml.v3"

	"github.com/mlops-runner/mlops/actions/columns"
	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/spec"
)

// accept notes how the column lines would have to change for the table to be
// accepted as it is: what a profile breaks gives way, and new columns get a line.
func (c *Checked) accept(s *setup, p *profile.Profile) error {
	if len(s.config.columns) == 0 {
		return nil
	}
	var lines []columns.Line
	for _, l := range s.config.columns {
		lines = append(lines, columns.Line{Name: l.name, Text: l.text})
	}
	var retyped []string // to accept other values than the line's is to know what they are
	for _, r := range c.Results {
		if r.Check == "type" && !r.Passed {
			retyped = append(retyped, r.Column)
		}
	}
	var err error
	if retyped != nil {
		if p, err = s.profile(c.Files, retyped...); err != nil {
			return err
		}
	}
	c.Accept, err = columns.Accept(lines, p, columns.Options{})
	return err
}

// Proposal is the changes as lines of a diff that knows no file.
func (c *Checked) Proposal() (lines []string) {
	for _, ch := range c.Accept {
		if ch.Old != "" {
			lines = append(lines, fmt.Sprintf("-  %s: %s", ch.Name, ch.Old))
		}
		if ch.New != "" {
			lines = append(lines, fmt.Sprintf("+  %s: %s", ch.Name, ch.New))
		}
	}
	return lines
}

// Patch returns the changes of the columns of a data-check step in mlops.yaml, by
// which it accepts the table, as a unified diff; "" if there are none. step is where
// the step stands.
func (c *Checked) Patch(file string, source []byte, step spec.Pos) (string, error) {
	v := spec.FindInputs(source, step).Value("columns")
	if v != nil && v.Kind == yaml.AliasNode {
		v = v.Alias
	}
	switch {
	case len(c.Accept) == 0:
		return "", nil
	case v == nil || v.Kind != yaml.MappingNode:
		return "", columns.ErrShared
	case v.Style&yaml.FlowStyle != 0:
		return columns.FlowDiff(file, source, v, c.Accept)
	}
	return columns.Diff(file, source, v, c.Accept)
}
