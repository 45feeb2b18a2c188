package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/mlops-runner/mlops/actions/action"
	"github.com/mlops-runner/mlops/actions/datacheck"
	"github.com/mlops-runner/mlops/spec"
)

// givenInputs reads the inputs of a GitHub action, whose values are texts: lists and
// mappings among them are YAML. Empty ones were not given, and those of other names
// are the composite action's own.
func givenInputs(known *spec.Action, text string) (map[string]any, error) {
	var given map[string]any
	if err := json.Unmarshal([]byte(text), &given); err != nil {
		return nil, usagef("--inputs: %w", err)
	}
	with := map[string]any{}
	for name, v := range given {
		in := known.Input(name)
		if v == nil || v == "" || in == nil {
			continue
		}
		plain, err := plainInput(in, v)
		if err != nil {
			return nil, usagef("--inputs: %s: %w", name, err)
		}
		with[name] = plain
	}
	return with, nil
}

// dataCheckInputs checks a table by the inputs of a GitHub action.
func (a *app) dataCheckInputs(ctx context.Context, o dataCheckOptions) error {
	known := datacheck.Action()
	with, err := givenInputs(&known, o.inputs)
	if err != nil {
		return err
	}
	checked, _, err := datacheck.Table(ctx, action.Call{Inputs: with, Root: ".", Log: a.stdout, Now: time.Now()})
	if err != nil {
		return err
	}
	if o.json {
		err = a.printJSON([]*datacheck.Checked{checked})
	} else {
		err = checked.Log(a.stdout)
	}
	if err == nil && checked.Failed > 0 {
		err = failedError{exitFailed}
	}
	return err
}

// plainInput reads a text as the YAML that it is, where the input may be more than one value.
func plainInput(in *spec.ActionInput, v any) (any, error) {
	text, ok := v.(string)
	if !ok {
		return v, nil
	}
	switch in.Type {
	case "map", "columns", "references", "entries", "list":
		var out any
		if err := yaml.Unmarshal([]byte(text), &out); err != nil {
			return nil, fmt.Errorf("not YAML: %w", err)
		}
		return out, nil
	}
	return text, nil
}
