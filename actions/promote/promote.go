// Package promote is the built-in action that asks for a model to be registered
// and for an alias to be moved to it. It does neither: that is done after the
// run, outside of any container, by whoever ran it, once the gates are judged. The
// step checks what is asked and keeps it with the record of its job, so that it
// holds for a job from the cache as well, and not for one whose if: says no.
package promote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/mlops-runner/mlops/actions/action"
	"github.com/mlops-runner/mlops/actions/model"
	"github.com/mlops-runner/mlops/actions/pack"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/spec"
)

// Name is what uses: names the action by.
const Name = "promote"

// Builtin is the action for the table of built-ins.
func Builtin() action.Action {
	return action.Action{Run: run, Action: spec.Action{
		Name: Name, Version: 1, Doc: "Registers a model and moves an alias to it if every gate passes.", Alone: true, Once: []string{"model", "alias"}, Inputs: []spec.ActionInput{
			{Name: "model", Type: "string", Required: true, Doc: "Name of the model.", Example: "churn", Check: registry.CheckModel},
			{Name: "from", Type: "path", Required: true, Doc: "File or folder of the model, which a job writes.", Example: "out/model/"},
			{Name: "alias", Type: "string", Doc: "The alias to move. Without it, the model is registered only.", Example: "production", Check: registry.CheckAlias},
			{Name: "format", Type: "word", Words: model.Formats(), Doc: "What the model's files must be; they are looked into, never loaded. Without it they are not.", Example: "onnx"},
			{Name: "allow", Type: "list", Doc: "Names that pickles may import besides, as module.name.", Example: "[shop.features.Encoder]"},
			{Name: "allow-dirty", Type: "bool", Doc: "Move the alias also to a model that was made from changes that are in no commit.", Example: "true"},
			{Name: "dry-run", Type: "bool", Doc: "Say what would happen, and do nothing.", Example: "true"},
		},
	}}
}

// A Request is what a step asks for.
type Request struct {
	Model  string   `json:"model"`
	From   string   `json:"from"`
	Alias  string   `json:"alias,omitempty"`
	Format string   `json:"format,omitempty"`
	Allow  []string `json:"allow,omitempty"`
	// AllowDirty lets the alias move although the run's tracked files differ from
	// its commit.
	AllowDirty bool `json:"allowDirty,omitempty"`
	DryRun     bool `json:"dryRun,omitempty"`
}

// check fails for names that cannot be and a model that is not there.
func (r Request) check(root string) error {
	errs := []error{registry.CheckModel(r.Model)}
	if r.Alias != "" {
		errs = append(errs, registry.CheckAlias(r.Alias))
	}
	if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(r.From))); err != nil {
		errs = append(errs, fmt.Errorf("from: %w", err))
	}
	return errors.Join(errs...)
}

func run(_ context.Context, c action.Call) (action.Outcome, error) {
	in := action.Inputs{Values: c.Inputs}
	r := Request{Model: in.Text("model"), From: in.Text("from"), Alias: in.Text("alias"), Format: in.Text("format"), Allow: in.List("allow"),
		AllowDirty: in.Text("allow-dirty") == "true", DryRun: in.Text("dry-run") == "true"}
	if err := r.check(c.Root); err != nil {
		return action.Outcome{}, err
	}
	if ok, err := pack.Fits(c, filepath.Join(c.Root, filepath.FromSlash(r.From)), r.Format, r.Allow); err != nil || !ok {
		return action.Outcome{Failed: !ok}, err
	}
	fmt.Fprintf(c.Log, "%s from %s: it is registered when the run has ended\n", r.Model, r.From)
	return action.Ask(prefix, r)
}

const prefix = "promote-"

// IsRequest reports whether a kept file is a request.
func IsRequest(name string) bool { return strings.HasPrefix(name, prefix) }

// Parse reads a request and checks its names. What a container wrote is nobody's
// word yet.
func Parse(data []byte) (Request, error) {
	var r Request
	if err := json.Unmarshal(data, &r); err != nil {
		return r, err
	}
	err := registry.CheckModel(r.Model)
	if r.Alias != "" {
		err = errors.Join(err, registry.CheckAlias(r.Alias))
	}
	return r, err
}
