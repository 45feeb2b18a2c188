// Package pack is the built-in action that asks for a model to be packed as an OCI
// artifact and pushed to registries. It does neither: that is done after the run,
// outside of any container, by whoever ran it and has the logins, once the gates are
// judged. The step checks what is asked and keeps it with the record of its job.
package pack

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
	"github.com/mlops-runner/mlops/runner/oci"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/spec"
)

// Name is what uses: names the action by.
const Name = "pack"

// Builtin is the action for the table of built-ins.
func Builtin() action.Action {
	return action.Action{Run: run, Action: spec.Action{
		Name: Name, Version: 1, Doc: "Packs a model as an OCI artifact (ModelPack), keeps it in the store, and pushes it if no gate is against it.", Alone: true, Inputs: []spec.ActionInput{
			{Name: "model", Type: "string", Required: true, Doc: "Name of the model.", Example: "churn", Check: registry.CheckModel},
			{Name: "from", Type: "path", Required: true, Doc: "File or folder of the model, which a job writes.", Example: "out/model/"},
			{Name: "to", Type: "list", Doc: "Repositories to push to. Without a tag, it is the version's number, or of a model that is not registered the beginning of its digest. Without `to`, the artifact stays in the store.", Example: "registry.example.com/team/churn"},
			{Name: "format", Type: "word", Words: model.Formats(), Doc: "What the model's files must be; they are looked into, never loaded. Without it they are not.", Example: "onnx"},
			{Name: "allow", Type: "list", Doc: "Names that pickles may import besides, as module.name.", Example: "[shop.features.Encoder]"},
			{Name: "dry-run", Type: "bool", Doc: "Say what would happen, and do nothing.", Example: "true"},
		},
	}}
}

// A Request is what a step asks for.
type Request struct {
	Model  string   `json:"model"`
	From   string   `json:"from"`
	To     []string `json:"to,omitempty"`
	Format string   `json:"format,omitempty"`
	Allow  []string `json:"allow,omitempty"`
	DryRun bool     `json:"dryRun,omitempty"`
}

// check fails for names that cannot be.
func (r Request) check() error {
	errs := []error{registry.CheckModel(r.Model)}
	for _, to := range r.To {
		errs = append(errs, oci.CheckReference(to))
	}
	return errors.Join(errs...)
}

func run(_ context.Context, c action.Call) (action.Outcome, error) {
	in := action.Inputs{Values: c.Inputs}
	r := Request{Model: in.Text("model"), From: in.Text("from"), To: in.List("to"), Format: in.Text("format"), Allow: in.List("allow"), DryRun: in.Text("dry-run") == "true"}
	if err := r.check(); err != nil {
		return action.Outcome{}, err
	}
	path := filepath.Join(c.Root, filepath.FromSlash(r.From))
	if _, err := os.Stat(path); err != nil {
		return action.Outcome{}, fmt.Errorf("from: %w", err)
	}
	if ok, err := Fits(c, path, r.Format, r.Allow); err != nil || !ok {
		return action.Outcome{Failed: !ok}, err
	}
	fmt.Fprintf(c.Log, "%s from %s: it is packed when the run has ended\n", r.Model, r.From)
	return action.Ask(prefix, r)
}

// Fits looks into the files of a model for a step, tells what is wrong with them,
// and reports whether they are of the format and safe to load. No format is any.
func Fits(c action.Call, path, format string, allow []string) (bool, error) {
	if format == "" {
		return true, nil
	}
	reports, err := model.CheckFolder(path, format, model.Options{Allow: allow})
	if errors.Is(err, model.ErrNoModel) && model.Refused(reports) == nil {
		fmt.Fprintln(c.Log, err)
		return false, nil
	}
	if err != nil && !errors.Is(err, model.ErrNoModel) {
		return false, err
	}
	var refused *model.RefusedError
	if errors.As(model.Refused(reports), &refused) {
		fmt.Fprintf(c.Log, "%v\n  fix: %s\n", refused, refused.Cure())
		return false, nil
	}
	return true, nil
}

const prefix = "pack-"

// IsRequest reports whether a kept file is a request.
func IsRequest(name string) bool { return strings.HasPrefix(name, prefix) }

// Parse reads a request and checks its names. What a container wrote is nobody's
// word yet.
func Parse(data []byte) (Request, error) {
	var r Request
	if err := json.Unmarshal(data, &r); err != nil {
		return r, err
	}
	return r, r.check()
}
