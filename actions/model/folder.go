package model

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ErrNoModel is what [CheckFolder] fails with for a folder that holds no file of
// the format.
var ErrNoModel = errors.New("holds no such file")

// Formats are the words for a format, as [Check] takes them.
func Formats() []string { return []string{"onnx", "safetensors", "sklearn", "pickle", "any"} }

// CheckFolder scans all files of a model, a folder or a single file, that must be
// of a format as [Check] knows them. At least one file has to be of it, and none
// of another format that holds models; data beside them, such as JSON, text, and the
// external data of ONNX, may be of any that is no model's. The reports are in the order
// of the paths, which are relative to the folder. It fails with [ErrNoModel], or
// if a file cannot be read.
func CheckFolder(root, format string, o Options) ([]*Report, error) {
	want, ok := formats[format]
	if !ok {
		return nil, fmt.Errorf("%w: not %q", ErrFormat, format)
	}
	paths, err := filesBelow(root)
	if err != nil {
		return nil, err
	}
	var reports []*Report
	external := map[string]bool{}
	found := false
	for _, path := range paths {
		r, err := Scan(path, o)
		if err != nil {
			return nil, err
		}
		if path != root {
			r.Path, _ = filepath.Rel(root, path) // path is below root
		}
		for _, e := range r.Holds.External {
			external[filepath.Join(filepath.Dir(r.Path), filepath.FromSlash(e))] = true
		}
		match := want == nil || slices.Contains(want, r.Format)
		if format == "sklearn" && r.Holds.Versions["sklearn"] == "" {
			match = false
		}
		companion := want != nil && (slices.Contains([]Format{JSON, Text, Unknown}, r.Format) || format == "sklearn" && r.Format == NPY)
		if !match && !companion && !r.Refused() {
			r.Findings = append(r.Findings, Finding{Reason: mismatch(r, format)})
		}
		found = found || match && (want != nil || r.Format != Unknown)
		reports = append(reports, r)
	}
	refuseUnknown(reports, external)
	if !found {
		return reports, fmt.Errorf("%s: %w: format %s", root, ErrNoModel, format)
	}
	return reports, nil
}

func mismatch(r *Report, format string) string {
	if format == "sklearn" && slices.Contains(formats["sklearn"], r.Format) {
		return "holds no scikit-learn estimator"
	}
	return fmt.Sprintf("is %s, not %s", r.Format, format)
}

// refuseUnknown refuses what nothing is known of, unless an ONNX file names it as
// its data.
func refuseUnknown(reports []*Report, external map[string]bool) {
	for _, r := range reports {
		if r.Format == Unknown && r.Size > 0 && !external[r.Path] && !r.Refused() {
			r.Findings = append(r.Findings, Finding{Reason: unknownReason})
		}
	}
}

func filesBelow(root string) (paths []string, err error) {
	info, err := os.Stat(root)
	if err != nil || !info.IsDir() {
		return []string{root}, err
	}
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() { // links lead to files that are looked at themselves
			paths = append(paths, p)
		}
		return err
	})
	return paths, err
}

// String is the finding in a line.
func (f Finding) String() string {
	where := fmt.Sprintf("at byte %d", f.Offset)
	if f.Within > 0 {
		where += fmt.Sprintf(" of the bytes at %d", f.Within)
	}
	if f.Opcode != "" {
		where += " (" + f.Opcode + ")"
	}
	if f.File != "" {
		where = fmt.Sprintf("%q %s", f.File, where)
	}
	return where + ": " + f.Reason
}

// A RefusedError reports files that are not to be loaded.
type RefusedError struct{ Reports []*Report }

// Refused returns a *RefusedError with the reports of refused files, or nil.
func Refused(reports []*Report) error {
	bad := slices.DeleteFunc(slices.Clone(reports), func(r *Report) bool { return !r.Refused() })
	if len(bad) == 0 {
		return nil
	}
	return &RefusedError{bad}
}

func (e *RefusedError) Error() string {
	var lines []string
	for _, r := range e.Reports {
		lines = append(lines, fmt.Sprintf("%s (%s) is refused: %s", r.Path, r.Format, r.Findings[0]))
	}
	return strings.Join(lines, "\n")
}

// Cure says what to do about the first of them.
func (e *RefusedError) Cure() string {
	if g := e.Reports[0].Findings[0].Global; g != "" {
		return fmt.Sprintf("if you know what %q does, allow it in with: (allow: [%s]); \"mlops model scan\" tells more", g, g)
	}
	return "\"mlops model scan\" tells more"
}
