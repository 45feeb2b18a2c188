package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/actions/model"
	"github.com/mlops-runner/mlops/actions/model/pickle"
	"github.com/mlops-runner/mlops/cmd/mlops/view"
)

type modelScanOptions struct {
	json  bool
	allow []string
}

func newModelScan(a *app) *cobra.Command {
	var o modelScanOptions
	c := &cobra.Command{
		Use:   "scan FILE|FOLDER...",
		Short: "Tell what model files are, and refuse those that are unsafe to load",
		Long: `Tell what model files are by their bytes, and refuse those that are unsafe to load.
Nothing is loaded: pickles, also within joblib's files, archives and NumPy's object
arrays, are walked opcode by opcode, and only names that are known to be harmless may
be imported. Exit code 1 means that a file is refused, 4 that one cannot be read.`,
		Example: "  mlops model scan out/model\n  mlops model scan churn.joblib --allow mypackage.features.Encoder",
		Args:    cobra.MinimumNArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return a.modelScan(c.Context(), o, args) },
	}
	c.Flags().BoolVar(&o.json, "json", false, "print JSON")
	c.Flags().StringArrayVar(&o.allow, "allow", nil, "a `module.name` that pickles may import besides; repeatable")
	return c
}

func (a *app) modelScan(ctx context.Context, o modelScanOptions, args []string) error {
	for _, name := range o.allow {
		if pickle.Never(name) || !strings.Contains(name, ".") {
			return usagef("--allow %s: it must be a module.name, and none that runs whatever it is given", name)
		}
	}
	reports := []*model.Report{}
	refused := false
	for _, arg := range args {
		files, err := modelFiles(arg)
		if err != nil {
			return err
		}
		for _, path := range files {
			if err := ctx.Err(); err != nil {
				return err
			}
			r, err := scanFile(path, path == arg, o.allow)
			if err != nil {
				return fmt.Errorf("scan: %w", err)
			}
			reports, refused = append(reports, r), refused || r.Refused()
		}
	}
	if err := a.showScans(o, reports); err != nil {
		return err
	}
	if refused {
		return failedError{exitFailed}
	}
	return nil
}

// scanFile scans a file. One of an unknown kind is refused if it was named, or
// if its own name promises a model.
func scanFile(path string, named bool, allow []string) (*model.Report, error) {
	format := ""
	if named || slices.Contains(modelSuffixes, strings.ToLower(filepath.Ext(path))) {
		format = "any"
	}
	o := model.Options{Allow: allow}
	if format == "" {
		return model.Scan(path, o)
	}
	return model.Check(path, format, o)
}

var modelSuffixes = []string{".pkl", ".pickle", ".joblib", ".sav", ".pt", ".pth", ".ckpt", ".bin", ".npy", ".npz", ".onnx", ".safetensors", ".h5", ".hdf5", ".keras", ".ubj", ".gguf", ".model"}

// modelFiles are the files of a folder, or the file itself.
func modelFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var out []string
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return nil
		}
		if info, err := os.Stat(p); err != nil || info.Mode().IsRegular() {
			out = append(out, p) // a broken link is told when it is opened
		}
		return nil
	})
	if err == nil && len(out) == 0 {
		err = fmt.Errorf("%s holds no file", path)
	}
	return out, err
}

func (a *app) showScans(o modelScanOptions, reports []*model.Report) error {
	if o.json {
		return a.printJSON(reports)
	}
	for _, r := range reports {
		verdict := "safe to load"
		if r.Refused() {
			verdict = "refused"
		} else if r.Format == model.Unknown {
			verdict = "not looked into"
		}
		fmt.Fprintf(a.stdout, "%s: %s, %s, %s\n", r.Path, r.Format, view.Bytes(r.Size), verdict)
		for _, line := range holdsLines(&r.Holds) {
			fmt.Fprintf(a.stdout, "  %s\n", line)
		}
		for _, f := range r.Findings {
			fmt.Fprintf(a.stdout, "  %s\n", f)
			if f.Global != "" && !pickle.Never(f.Global) {
				fmt.Fprintf(a.stdout, "    fix: if you know what %q does, --allow it\n", f.Global)
			}
		}
	}
	return nil
}

// holdsLines say what a file holds, each on a line.
func holdsLines(h *model.Holds) []string {
	var lines []string
	add := func(name, value string) {
		if value != "" {
			lines = append(lines, fmt.Sprintf("%-9s %s", name, value))
		}
	}
	add("holds", printableName(h.Class))
	add("packed", h.Packed)
	var versions []string
	for library, v := range h.Versions {
		versions = append(versions, printableName(library+" "+v))
	}
	slices.Sort(versions)
	add("versions", strings.Join(versions, ", "))
	add("inputs", tensorsLine(h.Inputs, 0))
	add("outputs", tensorsLine(h.Outputs, 0))
	add("tensors", tensorsLine(h.Tensors, h.More))
	if h.Files > 0 {
		add("files", view.Count(h.Files))
	}
	add("external", printableName(strings.Join(h.External, ", ")))
	for _, n := range h.Notes {
		add("note", printableName(n))
	}
	return lines
}

// tensorsLine shows the first few and how many more there are.
func tensorsLine(tensors []model.Tensor, more int) string {
	const shown = 4
	var out []string
	for _, t := range tensors[:min(shown, len(tensors))] {
		out = append(out, printableName(strings.TrimSpace(t.Name+" "+t.DType+" "+t.Shape)))
	}
	if n := len(tensors) - len(out) + more; n > 0 {
		out = append(out, view.Count(n)+" more")
	}
	return strings.Join(out, ", ")
}

// printableName is a text of a foreign file that a terminal may get.
func printableName(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || (r >= 0x7f && r < 0xa0) {
			return '?'
		}
		return r
	}, s)
}
