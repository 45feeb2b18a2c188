package spec

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
)

// TestRenderings holds the other forms of some problems: warnings, related
// places, hostile names, several files.
func TestRenderings(t *testing.T) {
	t.Parallel()
	forms := map[string]func(Diagnostics, io.Writer) error{
		"json":   Diagnostics.WriteJSON,
		"sarif":  Diagnostics.WriteSARIF,
		"github": Diagnostics.WriteGitHub,
		"color":  func(ds Diagnostics, w io.Writer) error { return ds.WriteText(w, true) },
	}
	for _, name := range []string{"duplicate-key", "lossy-number", "hostile", "params-file_broken", "positions"} {
		_, ds := Parse("dir with space/"+FileName, read(t, "testdata/err/"+name+".yaml"), testOptions())
		for form, write := range forms {
			if form == "sarif" && name != "duplicate-key" {
				continue // most of a log is the table of rules
			}
			var b bytes.Buffer
			if err := write(ds, &b); err != nil {
				t.Fatal(err)
			}
			golden(t, "testdata/render/"+name+"."+form, b.String())
		}
	}
}

func TestJSONOfNoProblemsHasAList(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := Diagnostics(nil).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Version     int
		Diagnostics []any
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil || got.Version != 1 || got.Diagnostics == nil {
		t.Errorf("%s: %v", b.String(), err)
	}
}

// SARIF points into a table of rules; the rule of each result must be its code.
func TestSARIFRulesMatch(t *testing.T) {
	t.Parallel()
	_, ds := Parse(FileName, read(t, "testdata/err/multi.yaml"), testOptions())
	var b bytes.Buffer
	if err := ds.WriteSARIF(&b); err != nil {
		t.Fatal(err)
	}
	var log sarifLog
	if err := json.Unmarshal(b.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	if len(run.Results) != len(ds) {
		t.Fatalf("%d results of %d problems", len(run.Results), len(ds))
	}
	for i, r := range run.Results {
		if rule := run.Tool.Driver.Rules[r.RuleIndex]; rule.ID != r.RuleID || r.RuleID != string(ds[i].Code) {
			t.Errorf("result %d: rule %q at index %d is %q", i, r.RuleID, r.RuleIndex, rule.ID)
		}
	}
}

// No text of a file may start a workflow command of its own or drive a terminal.
func TestRenderingsAreInert(t *testing.T) {
	t.Parallel()
	ds := Diagnostics{{File: "a,b:c\n.yaml", Pos: Pos{1, 1}, Code: CodeBadName, Message: "x\n::set-output name=a::b\x1b[2J", Fix: "100%\r\n::error::y", Line: "\x1b]0;title\a\u202e"}}
	var github, text bytes.Buffer
	if ds.WriteGitHub(&github) != nil || ds.WriteText(&text, false) != nil {
		t.Fatal("a buffer does not fail")
	}
	if n := strings.Count(github.String(), "\n"); n != 1 {
		t.Errorf("%d lines: %q", n, github.String())
	}
	if strings.ContainsAny(text.String(), "\x1b\a\r\u202e") {
		t.Errorf("control characters: %q", text.String())
	}
}

func TestDiagnosticsAsError(t *testing.T) {
	t.Parallel()
	warnings := Diagnostics{{File: "f", Pos: Pos{1, 2}, Severity: Warning, Code: CodeLossyNumber, Message: "m"}}
	if warnings.Err() != nil || Diagnostics(nil).Err() != nil {
		t.Error("warnings are no error")
	}
	both := append(warnings, Diagnostic{File: "f", Pos: Pos{3, 4}, Code: CodeSyntax, Message: "n"})
	if err := both.Err(); err == nil || err.Error() != "f:1:2: warning: m [lossy-number]\nf:3:4: n [syntax]" {
		t.Errorf("%v", err)
	}
	if e, w := both.Count(); e != 1 || w != 1 {
		t.Errorf("%d errors, %d warnings", e, w)
	}
}

func TestQuoteFillsInLines(t *testing.T) {
	t.Parallel()
	ds := Diagnostics{{File: "a", Pos: Pos{2, 1}}, {File: "b", Pos: Pos{2, 1}}, {File: "a", Pos: Pos{1, 1}, Line: "kept"}, {File: "a", Pos: Pos{9, 1}}}
	ds.Quote("a", []byte("\ufefffirst\r\nsecond\r\n"))
	if ds[0].Line != "second" || ds[1].Line != "" || ds[2].Line != "kept" || ds[3].Line != "" {
		t.Errorf("%+v", ds)
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"train", "evaluate", "data-check", "t"}
	for name, want := range map[string]string{
		"trian": "train", "Train": "train", "evalute": "evaluate", "data_check": "data-check", "datacheck": "data-check",
		"zebra": "", "x": "", "T": "t", "": "", strings.Repeat("train", 20): "",
	} {
		if got := Nearest(name, known); got != want {
			t.Errorf("Nearest(%q) is %q, want %q", name, got, want)
		}
	}
}
