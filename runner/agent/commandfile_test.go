package agent

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAssignments(t *testing.T) {
	tests := []struct {
		name, text string
		want       []Var
		line       int    // of the error
		says       string // part of the error
	}{
		{"a line each", "a=1\nb=x=y\n", []Var{{"a", "1"}, {"b", "x=y"}}, 0, ""},
		{"no newline at the end", "a=1", []Var{{"a", "1"}}, 0, ""},
		{"carriage returns", "a=1\r\nb<<E\r\nx\r\ny\r\nE\r\n", []Var{{"a", "1"}, {"b", "x\r\ny"}}, 0, ""},
		{"empty lines between", "\na=1\n\n\nb=\n", []Var{{"a", "1"}, {"b", ""}}, 0, ""},
		{"several lines", "t<<END\none\n\ntwo =\nEND\n", []Var{{"t", "one\n\ntwo ="}}, 0, ""},
		{"an empty block", "t<<END\nEND\n", []Var{{"t", ""}}, 0, ""},
		{"a block of one empty line", "t<<END\n\nEND\n", []Var{{"t", ""}}, 0, ""},
		{"the first of = and << decides", "a=b<<c\nd<<e=f\nx\ne=f\n", []Var{{"a", "b<<c"}, {"d", "x"}}, 0, ""},
		{"the last of two wins in order", "a=1\na=2\n", []Var{{"a", "1"}, {"a", "2"}}, 0, ""},
		{"neither", "a=1\nwords\n", nil, 2, `"words" is neither`},
		{"no end", "a=1\nb<<END\nx\n", nil, 2, `"END" that ends the value is missing`},
		{"the end at the file's end", "b<<END\nx\nEND", []Var{{"b", "x"}}, 0, ""},
		{"no delimiter", "b<<\nx\n", nil, 1, "delimiter after << is empty"},
		{"no name", "=x\n", nil, 1, "name before the value is empty"},
		{"NUL", "a=\x00\n", nil, 1, "NUL"},
		{"forbidden", "a=1\nMlops_X=1\n", nil, 2, "names with MLOPS_ describe the run"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseAssignments("MLOPS_ENV", tt.text, forbiddenVariable)
			var fe *fileError
			if errors.As(err, &fe) != (tt.says != "") || fe != nil && (fe.Line != tt.line || fe.Variable != "MLOPS_ENV" || !strings.Contains(fe.Msg, tt.says)) {
				t.Fatalf("error %v", err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// FuzzAssignments holds the laws: no panic, lines counted from 1 inside the
// file, and what was parsed can be written as blocks and parsed again.
func FuzzAssignments(f *testing.F) {
	for _, s := range []string{"a=1\n", "a<<E\nx\nE\n", "a<<E\r\nx\r\nE\r\n", "\n\n=", "a<<=\n=\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		vars, err := parseAssignments("X", text, nil)
		if fe := (*fileError)(nil); errors.As(err, &fe) {
			if fe.Line < 1 || fe.Line > 1+strings.Count(text, "\n") {
				t.Fatalf("line %d of %q", fe.Line, text)
			}
			return
		}
		var again strings.Builder
		for _, v := range vars {
			if strings.Contains(v.Name, "<") || strings.HasSuffix(v.Value, "\r") {
				return // cannot be told from the block's own marks
			}
			again.WriteString(v.Name + "<<\x01END\n" + v.Value + "\n\x01END\n")
		}
		got, err := parseAssignments("X", again.String(), nil)
		if d := cmp.Diff(vars, got); d != "" || err != nil {
			t.Errorf("%q: %v %s", text, err, d)
		}
	})
}

func TestPaths(t *testing.T) {
	got, err := parsePaths("MLOPS_PATH", "/a\n\n/b c\r\n")
	if d := cmp.Diff([]string{"/a", "/b c"}, got); d != "" || err != nil {
		t.Error(d, err)
	}
	if _, err := parsePaths("MLOPS_PATH", "/a\n/b:/c\n"); err == nil || err.Error() != "MLOPS_PATH: line 2: a folder of PATH must not hold a colon or a NUL byte" {
		t.Error(err)
	}
	e := newEnviron([]Var{{"PATH", "/usr/bin"}})
	if e.prependPath([]string{"/first", "/second"}); e.get("PATH") != "/second:/first:/usr/bin" {
		t.Error(e.get("PATH"))
	}
}

func TestBadCommandFiles(t *testing.T) {
	t.Parallel()
	for script, says := range map[string]string{
		"echo no equals sign >>$MLOPS_OUTPUT":                        `MLOPS_OUTPUT: line 1: "no equals sign" is neither`,
		"echo GITHUB_SHA=1 >>$MLOPS_ENV":                             "MLOPS_ENV: line 1: GITHUB_SHA must not be set",
		"echo node_options=1 >>$GITHUB_ENV":                          "MLOPS_ENV: line 1: NODE_OPTIONS must not be set",
		"printf 'a=1\\n\\377=' >>$MLOPS_OUTPUT":                      "MLOPS_OUTPUT: line 2: is not UTF-8",
		"head -c 1100000 /dev/zero | tr '\\0' x >>$MLOPS_SUMMARY":    "MLOPS_SUMMARY: more than 1048576 bytes",
		"rm $MLOPS_ENV; ln -s /etc/passwd $MLOPS_ENV":                "MLOPS_ENV: is not a regular file any more",
		"rm $MLOPS_METRICS; mkfifo $MLOPS_METRICS":                   "MLOPS_METRICS: is not a regular file any more",
		"rm $MLOPS_PATH; mkdir -p $MLOPS_PATH/x":                     "MLOPS_PATH: is not a regular file any more",
		"echo fine=1 >>$MLOPS_OUTPUT; echo bad >>$MLOPS_ENV; exit 0": "MLOPS_ENV: line 1",
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, sh(script), Step{Name: "after", Shell: "sh", If: "always()",
				Run: `for f in $MLOPS_OUTPUT $MLOPS_ENV $MLOPS_PATH $MLOPS_SUMMARY $MLOPS_METRICS; do [ -f $f ] && [ ! -L $f ] && [ ! -s $f ] || echo $f; done`})
			r := b.want(Failure, ReasonConfig)
			if !strings.Contains(r.Error, says) || r.Exit != 1 {
				t.Errorf("exit %d, error %q", r.Exit, r.Error)
			}
			b.wantLog("") // the next step finds all files fresh
		})
	}
}

// TestRemovedCommandFiles shows that a step that tidies up too much is forgiven.
func TestRemovedCommandFiles(t *testing.T) {
	t.Parallel()
	b := newBench(t, sh("rm $MLOPS_OUTPUT $MLOPS_ENV $MLOPS_PATH $MLOPS_SUMMARY $MLOPS_METRICS"), sh("echo x=1 >>$MLOPS_OUTPUT; echo A=1 >>$MLOPS_ENV"), sh("echo $A"))
	if r := b.want(Success, ReasonNone); r.Outputs["x"] != "1" {
		t.Errorf("outputs %v", r.Outputs)
	}
	b.wantLog("1\n")
}

func TestLimitOfSummaries(t *testing.T) {
	if got := joinLimited("a", "b", 10); got != "a\nb" {
		t.Errorf("got %q", got)
	}
	if got := joinLimited("", "b", 10); got != "b" {
		t.Errorf("got %q", got)
	}
	if got := joinLimited("aaa", "bbb", 6); got != "aaa\n" {
		t.Errorf("got %q", got)
	}
}

func TestInputsOfActions(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long ", 40_000)
	b := newBench(t, Step{Name: "long", Uses: "a", With: map[string]any{"text": long}}, Step{Name: "none", Uses: "b"})
	b.want(Success, ReasonNone)
	b.wantLog(`a {"text":"` + long + "\"}\nb {}\n")
	if _, err := ActionInputs(func(name string) string { return map[string]string{InputsFileVariable: "/none"}[name] }); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
