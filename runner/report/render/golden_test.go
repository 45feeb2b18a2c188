package render

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/report"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// options are what the golden files are rendered with.
func options() Options {
	return Options{
		Trailer:   "<!-- mlops:report v=1 key=churn run=812 attempt=1 -->",
		Links:     Links{Report: "https://ci.test/r/9f2c", Run: "https://ci.test/run/812", Commit: "https://forge.test/churn/commit/", Fetch: "pull/42/head"},
		Version:   "0.4.0",
		Reproduce: nil,
	}
}

// cases returns the names of the reports below testdata.
func cases(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/*/report.json")
	if err != nil || len(paths) < 11 {
		t.Fatalf("%d reports below testdata: %v", len(paths), err)
	}
	names := make([]string, len(paths))
	for i, p := range paths {
		names[i] = filepath.Base(filepath.Dir(p))
	}
	return names
}

// load reads a report below testdata.
func load(t testing.TB, name string) *report.Report {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r report.Report
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return &r
}

// TestCompared renders what report.Compare is held to make.
func TestCompared(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("../testdata/*/want.json")
	if err != nil || len(paths) < 5 {
		t.Fatalf("%d compared reports: %v", len(paths), err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var r report.Report
		if err := json.Unmarshal(data, &r); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		problems := append(checkPage(rendered(t, HTML, &r, options())), checkJUnit(rendered(t, JUnit, &r, options()))...)
		problems = append(problems, checkOpenMetrics(rendered(t, OpenMetrics, &r, options()))...)
		for i, f := range []Func{Markdown, Plain} {
			problems = append(problems, checkMarkdown(rendered(t, f, &r, options()), i == 1)...)
		}
		for _, p := range problems {
			t.Errorf("%s: %s", path, p)
		}
		var back report.Report
		if err := json.Unmarshal([]byte(rendered(t, JSON, &r, options())), &back); err != nil {
			t.Errorf("%s: %v", path, err)
		} else if again := rendered(t, JSON, &back, options()); again != string(data) {
			t.Errorf("%s changes when it is read and written:\n%s", path, cmp.Diff(string(data), again))
		}
	}
}

// rendered renders a report, which must not fail.
func rendered(t testing.TB, f Func, r *report.Report, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := f(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	comment := func(o Options) Options { o.Budget = GitHubComment; return o }
	plain := func(o Options) Options { o.Budget = BitbucketComment; return o }
	same := func(o Options) Options { return o }
	ascii := func(o Options) Options { o.ASCII = true; return o }
	for _, name := range cases(t) {
		r := load(t, name)
		for _, g := range []struct {
			file string
			f    Func
			o    func(Options) Options
		}{
			{"want.terminal", Terminal, same}, {"want.ascii.terminal", Terminal, ascii}, {"want.md", Markdown, comment}, {"want.plain.md", Plain, plain},
			{"want.html", HTML, same}, {"want.junit.xml", JUnit, same}, {"want.metrics.txt", OpenMetrics, same},
		} {
			t.Run(name+"/"+g.file, func(t *testing.T) {
				t.Parallel()
				golden(t, filepath.Join("testdata", name, g.file), rendered(t, g.f, r, g.o(options())))
			})
		}
		t.Run(name+"/want.status", func(t *testing.T) {
			golden(t, filepath.Join("testdata", name, "want.status"), Status(r)+"\n"+Title(r)+"\n")
		})
	}
}

// golden compares got with a file, or writes the file.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got), -update rewrites it:\n%s", path, diff)
	}
}
