package trigger

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/mlops-runner/mlops/spec"
)

// An InputError is an input of a manual run that cannot be taken.
type InputError struct {
	Name string
	What string // is wrong
	Fix  string // "" if there is none
}

func (e *InputError) Error() string { return fmt.Sprintf("input %s: %s", e.Name, e.What) }

// Inputs returns the inputs context of a manual run: what is given as text, in
// the declared types (string, float64, bool), and the defaults of the rest. An
// input that is not given and has no default is as GitHub has it: an empty
// string, false, the first of its options; a number is null. d may be nil for a
// file without inputs. It fails with all that is wrong, joined [*InputError]s in
// the order of the file.
func Inputs(d *spec.Dispatch, given map[string]string) (map[string]any, error) {
	if d == nil {
		d = &spec.Dispatch{}
	}
	out := map[string]any{}
	var errs []error
	var names []string
	for _, in := range d.Inputs {
		names = append(names, in.Name.Value)
		text, ok := given[in.Name.Value]
		v, err := value(in, text, ok)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out[in.Name.Value] = v
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(names, name) {
			errs = append(errs, unknownInput(name, names))
		}
	}
	return out, errors.Join(errs...)
}

// Defaults returns the inputs context of a run for which nobody filled them in:
// as [Inputs] without any that is given, and nothing is required.
func Defaults(d *spec.Dispatch) map[string]any {
	out := map[string]any{}
	if d == nil {
		return out
	}
	for _, in := range d.Inputs {
		if out[in.Name.Value] = in.Default; in.Default == nil {
			out[in.Name.Value] = absent(in)
		}
	}
	return out
}

func unknownInput(name string, names []string) error {
	e := &InputError{Name: name, What: "on.workflow_dispatch has no input of this name"}
	switch near := spec.Nearest(name, names); {
	case near != "":
		e.Fix = "did you mean " + near + "?"
	case len(names) == 0:
		e.Fix = fmt.Sprintf("declare it: on: {workflow_dispatch: {inputs: {%s: {}}}}", name)
	default:
		e.Fix = "use one of " + bracketed(names)
	}
	return e
}

// value reads one input. An empty text counts as not given, as in GitHub's form.
func value(in spec.DispatchInput, text string, given bool) (any, error) {
	if !given || text == "" {
		switch {
		case in.Default != nil:
			return in.Default, nil
		case in.Required:
			return nil, &InputError{in.Name.Value, "it is required", fmt.Sprintf("give it: --input %s=VALUE", in.Name.Value)}
		}
		return absent(in), nil
	}
	switch in.Type {
	case "number":
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, &InputError{in.Name.Value, fmt.Sprintf("%q is no number", text), ""}
		}
		return v, nil
	case "boolean":
		if text != "true" && text != "false" {
			return nil, &InputError{in.Name.Value, fmt.Sprintf("%q is neither true nor false", text), ""}
		}
		return text == "true", nil
	case "choice":
		options := values(in.Options)
		if !slices.Contains(options, text) {
			fix := "use one of " + bracketed(options)
			if near := spec.Nearest(text, options); near != "" {
				fix = "did you mean " + near + "?"
			}
			return nil, &InputError{in.Name.Value, fmt.Sprintf("%q is none of its options", text), fix}
		}
	}
	return text, nil
}

// absent is the value of an input that nobody gave.
func absent(in spec.DispatchInput) any {
	switch {
	case in.Type == "number":
		return nil
	case in.Type == "boolean":
		return false
	case in.Type == "choice" && len(in.Options) > 0:
		return in.Options[0].Value
	}
	return ""
}
