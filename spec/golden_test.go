package spec

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares an output with a file, or rewrites the file.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(read(t, path)), got); diff != "" {
		t.Errorf("%s differs; rewrite it with -update (-want +got):\n%s", path, diff)
	}
}

// A mistake is a file with mistakes, and what it is parsed with. Lines such as
// "# --param lr=1" at its top are the command line.
type mistake struct {
	name string
	src  []byte
	opts Options
}

func mistakes(t *testing.T) []mistake {
	t.Helper()
	var all []mistake
	for _, path := range glob(t, "testdata/err/*.yaml") {
		m := mistake{strings.TrimSuffix(filepath.Base(path), ".yaml"), read(t, path), testOptions()}
		for line := range strings.Lines(string(m.src)) {
			override, ok := strings.CutPrefix(strings.TrimSpace(line), "# --param ")
			if !ok {
				break
			}
			if m.opts.Params == nil {
				m.opts.Params = map[string]string{}
			}
			name, value, _ := strings.Cut(override, "=")
			m.opts.Params[name] = value
		}
		all = append(all, m)
	}
	return append(all,
		mistake{"too-large", bytes.Repeat([]byte("# ten bytes\n"), 10<<20/12), testOptions()},
		mistake{"too-many", []byte("jobs:\n" + strings.Repeat("  1: {run: x}\n", 300)), testOptions()},
	)
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for _, m := range mistakes(t) {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			_, ds := Parse(FileName, m.src, m.opts)
			if len(ds) == 0 {
				t.Error("no mistake is reported")
			}
			golden(t, "testdata/err/"+m.name+".want", render(t, ds))
		})
	}
}

// plannedCodes are those of problems that Parse does not look for.
var plannedCodes = []Code{CodeCycle, CodeOwnInput, CodeOutputTwice, CodeMatrixOutput, CodeMatrixEmpty, CodeMatrixExpression, CodeExpression, CodeScript}

func TestEveryCodeHasACaseAndAMeaning(t *testing.T) {
	t.Parallel()
	seen := map[Code]bool{}
	for _, m := range mistakes(t) {
		_, ds := Parse(FileName, m.src, m.opts)
		for _, d := range ds {
			seen[d.Code] = true
		}
	}
	for _, c := range Codes() {
		if !seen[c.Code] && !slices.Contains(plannedCodes, c.Code) {
			t.Errorf("no file in testdata/err shows %s", c.Code)
		}
		if c.Code.Meaning() != c.Meaning || c.Meaning == "" {
			t.Errorf("%s: meaning %q", c.Code, c.Code.Meaning())
		}
		delete(seen, c.Code)
	}
	for c := range seen {
		t.Errorf("Codes() does not list %s", c)
	}
}

// codeOf tells errors of package expression apart by their words; this fails
// when the words change.
func TestExpressionCodes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Code{
		"1 +": CodeExpressionSyntax, "'a": CodeExpressionSyntax, "a b": CodeExpressionSyntax, "": CodeExpressionSyntax, "1 ? 2": CodeExpressionSyntax,
		strings.Repeat("(", 60) + "1" + strings.Repeat(")", 60): CodeExpressionLimit,
		strings.Repeat("1 + ", 6000) + "1":                      CodeExpressionLimit,
		"matrix.x":                                              CodeExpressionContext,
		"success()":                                             CodeExpressionContext,
		"nobody":                                                CodeExpressionName,
		"github.nothing":                                        CodeExpressionName,
		"params.x":                                              CodeUnknownParam,
		"nobody()":                                              CodeExpressionFunction,
		"params()":                                              CodeExpressionFunction,
		"format()":                                              CodeExpressionFunction,
		"hashFiles()":                                           CodeExpressionFunction,
		"'a' * 2":                                               CodeExpressionType,
		"params.lr.x":                                           CodeExpressionType,
		"fromJSON(params)":                                      CodeExpressionType,
	} {
		src := "params: {lr: 1}\njobs:\n  a:\n    uses: mine\n    with:\n      v: " + strconv.Quote("${{ "+text+" }}") + "\n"
		_, ds := Parse(FileName, []byte(src), Options{})
		if len(ds) != 1 || ds[0].Code != want {
			t.Errorf("%.40s: %v, want %s", text, ds, want)
		}
	}
}
