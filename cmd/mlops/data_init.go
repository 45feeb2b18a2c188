package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"

	"github.com/mlops-runner/mlops/actions/action"
	"github.com/mlops-runner/mlops/actions/columns"
	"github.com/mlops-runner/mlops/actions/datacheck"
	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
	"github.com/mlops-runner/mlops/spec"
)

func newDataInit(a *app) *cobra.Command {
	var write bool
	c := &cobra.Command{
		Use:   "init FILE",
		Short: "Write a data check for a table, from what it holds now",
		Long: `Print the parts of an mlops.yaml that check a table: a dataset, and a job with a
line for each column. Bounds are wider than what was seen, so that the next data
need not be that of today. --write makes an mlops.yaml of it, if there is none.`,
		Example: "  mlops data init data/train.csv\n  mlops data init 'data/*.parquet' --write",
		Args:    cobra.ExactArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return a.dataInit(c.Context(), args[0], write) },
	}
	c.Flags().BoolVar(&write, "write", false, "write mlops.yaml here")
	return c
}

func (a *app) dataInit(ctx context.Context, pattern string, write bool) error {
	pattern, err := belowHere(pattern)
	if err != nil {
		return err
	}
	files, err := table.Files(".", pattern)
	if err != nil {
		return fixError{err, "name a file, glob or folder"}
	}
	if err := fewColumns(files[0]); err != nil {
		return err
	}
	p, err := datacheck.Describe(ctx, ".", files, "")
	if err != nil {
		return err
	}
	keys, err := trueKeys(ctx, pattern, p)
	if err != nil {
		return err
	}
	text := checkFor(pattern, p, keys)
	if _, ds := spec.Parse(spec.FileName, []byte("name: data\n"+text), spec.Options{}); ds.HasErrors() {
		return fmt.Errorf("what was written cannot be read: %w", ds)
	}
	if !write {
		_, err := io.WriteString(a.stdout, text)
		return err
	}
	f, err := os.OpenFile(spec.FileName, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return fixError{fmt.Errorf("%s is there already", spec.FileName), "leave --write away and paste what is printed"}
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "name: %s\n\n%s", folderName(), text)
	return errors.Join(err, f.Close())
}

// belowHere returns a pattern as it is written from this folder on, below which
// what it names must be: so do datasets name files.
func belowHere(pattern string) (string, error) {
	rel := pattern
	if filepath.IsAbs(pattern) {
		here, err := os.Getwd()
		if err != nil {
			return "", err
		}
		if rel, err = filepath.Rel(here, pattern); err != nil {
			return "", err
		}
	}
	if !filepath.IsLocal(rel) {
		return "", fixError{fmt.Errorf("%s is not in this folder, from which a dataset's path goes", pattern), "run mlops in a folder above it, or copy it to here"}
	}
	return rel, nil
}

// maxInitColumns is how many lines a check that was written for one has at most.
const maxInitColumns = 10_000

func fewColumns(file string) error {
	t, err := table.Open([]string{file}, table.Options{})
	if err != nil {
		return err
	}
	if n := len(t.Columns()); n > maxInitColumns {
		return fixError{fmt.Errorf("%s has %d columns; a check with a line for each has %d at most", file, n, maxInitColumns), "write one row for each value instead, or lines for the columns that matter by hand"}
	}
	return nil
}

func folderName() string {
	dir, err := os.Getwd()
	if err != nil || !plainName(filepath.Base(dir)) {
		return "data"
	}
	return filepath.Base(dir)
}

// trueKeys are the columns, of those that may be keys, that have no value twice.
func trueKeys(ctx context.Context, pattern string, p *profile.Profile) ([]string, error) {
	candidates := columns.Candidates(p)
	if len(candidates) == 0 {
		return nil, nil
	}
	lines := map[string]any{}
	for _, name := range candidates {
		lines[name] = "unique"
	}
	call := action.Call{Inputs: map[string]any{"data": pattern, "columns": lines, "unknown": "off"}, Root: ".", Log: io.Discard, Now: time.Now()}
	checked, _, err := datacheck.Table(ctx, call)
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, r := range checked.Results {
		if r.Check == "unique" && r.Passed {
			keys = append(keys, r.Column)
		}
	}
	return keys, nil
}

// checkFor is a dataset and a job that checks it, as YAML.
func checkFor(pattern string, p *profile.Profile, keys []string) string {
	var b strings.Builder
	name := nameOfPath(pattern)
	fmt.Fprintf(&b, "data:\n  %s: {path: %s}\n\njobs:\n  check-%s:\n    uses: %s\n    with:\n      data: ${{ data.%s }}\n", name, scalar(filepath.ToSlash(pattern)), name, datacheck.Name, name)
	if least := p.Rows / 2; least > 0 {
		fmt.Fprintf(&b, "      rows: %s..\n", roundDown(least))
	}
	if len(keys) == 1 {
		fmt.Fprintf(&b, "      key: %s\n", scalar(keys[0]))
	}
	b.WriteString("      columns:\n")
	lines := columns.Lines(p, columns.Options{Keys: keys})
	width := 0
	for _, l := range lines {
		width = max(width, len([]rune(scalar(l.Name))))
	}
	for _, l := range lines {
		key := scalar(l.Name) + ":"
		fmt.Fprintf(&b, "        %s%s %s\n", key, strings.Repeat(" ", max(0, min(width, 30)+1-len([]rune(key)))), lineScalar(l.Text))
	}
	b.WriteString("      drift: {against: baseline, warn: 10%}\n")
	return b.String()
}

// nameOfPath makes a name of a path: data/train-*.csv is train.
func nameOfPath(pattern string) string {
	base := path.Base(strings.TrimRight(filepath.ToSlash(pattern), "/"))
	base, _, _ = strings.Cut(base, ".")
	name := strings.Trim(strings.Map(func(r rune) rune {
		if r < 128 && (r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return r
		}
		return '_'
	}, base), "_")
	if name == "" || name[0] <= '9' {
		return strings.Trim("data_"+name, "_")
	}
	return name
}

func plainName(s string) bool { return s != "" && s == nameOfPath(s) }

// roundDown keeps the first digit of a number: 7,043 is 7_000.
func roundDown(n int64) string {
	unit := int64(1)
	for n/unit >= 10 {
		unit *= 10
	}
	s := strconv.FormatInt(n/unit*unit, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "_" + s[i:]
	}
	return s
}

// scalar writes a text as YAML that is read back as just that, and shows what
// cannot be seen, such as marks that turn the direction of writing.
func scalar(s string) string {
	if hides(s) {
		return strconv.Quote(s)
	}
	var v any
	if err := yaml.Unmarshal([]byte("k: "+s+"\n"), &v); err == nil {
		if m, ok := v.(map[string]any); ok && m["k"] == s {
			return s
		}
	}
	return strconv.Quote(s)
}

func hides(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// lineScalar writes a column line; a list alone is one in YAML too.
func lineScalar(s string) string {
	if hides(s) {
		return strconv.Quote(s)
	}
	var v map[string]any
	if err := yaml.Unmarshal([]byte("k: "+s+"\n"), &v); err == nil && strings.HasPrefix(s, "[") {
		if list, ok := v["k"].([]any); ok && allTexts(list) {
			return s
		}
	}
	if strings.HasPrefix(s, "..") || strings.HasPrefix(s, "[") {
		return strconv.Quote(s)
	}
	return scalar(s)
}

// allTexts reports whether no element of a list is a number, a date or nothing
// to YAML, which would be written otherwise.
func allTexts(list []any) bool {
	for _, v := range list {
		if _, ok := v.(string); !ok {
			return false
		}
	}
	return true
}
