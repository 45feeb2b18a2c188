package spec

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// hostileValue is what an attacker would like a shell to read as syntax.
const hostileValue = "'; echo pwned; \" && echo pwned $(echo pwned) `echo pwned` ${HOME} \\ * ~ \n!$"

// scripts shows how text around an expression is quoted: what the shell must
// print when the expression x has the value VALUE and n the value 7.
var scripts = []struct{ name, run, want string }{
	{"a word", `printf %s ${{ x }}`, "VALUE"},
	{"part of a word", `printf %s a${{ x }}b`, "aVALUEb"},
	{"two in one word", `printf %s ${{ x }}${{ n }}`, "VALUE7"},
	{"double quotes", `printf %s "a ${{ x }} b"`, "a VALUE b"},
	{"single quotes", `printf %s 'a $HOME ${{ x }} "b"'`, `a $HOME VALUE "b"`},
	{"JSON in single quotes", `printf %s '{"v": ${{ n }}}'`, `{"v": 7}`},
	{"an assignment", "v=${{ x }}\nprintf %s \"$v\"", "VALUE"},
	{"a substitution", `printf %s "$(printf %s ${{ x }})"`, "VALUE"},
	{"quotes in a substitution in quotes", `printf %s "$(printf %s "a ${{ x }}")"`, "a VALUE"},
	{"single quotes in a substitution", `printf %s "$(printf %s 'a ${{ x }}')"`, "a VALUE"},
	{"arithmetic", `printf %s $((1 + ${{ n }} * 2))`, "15"},
	{"arithmetic in quotes", `printf %s "$(( ${{ n }} ))"`, "7"},
	{"a here-document", "cat <<EOF\na ${{ x }} \"'b\nEOF\n", "a VALUE \"'b\n"},
	{"a here-document with tabs", "cat <<-END\n\ta ${{ n }}\n\tEND\nprintf %s ${{ n }}", "a 7\n7"},
	{"behind a here-document", "cat <<EOF >/dev/null\nit's\nEOF\nprintf %s '${{ x }}'", "VALUE"},
	{"two here-documents", "cat <<A; cat <<B\n1 ${{ n }}\nA\n2 ${{ n }}\nB\n", "1 7\n2 7\n"},
	{"a comment", "# it's ${{ x }}\nprintf %s ${{ x }}", "VALUE"},
	{"no comment", "printf %s a#${{ x }}'#'", "a#VALUE#"},
	{"a default", `printf %s ${NOBODY:-${{ x }}}`, "VALUE"},
	{"a default in quotes", `printf %s "${NOBODY:-${{ x }}}"`, "VALUE"},
	{"a pattern", `v=abc; printf %s "${v#${{ letter }}}"`, "abc"},
	{"a pattern in case", "case '*' in ${{ letter }}) printf yes;; esac", "yes"},
	{"case with substitution", "printf %s \"$(case a in a) printf %s ${{ n }};; esac)\"", "7"},
	{"a quoted hash", `printf %s '# ${{ n }}' "# ${{ n }}"`, "# 7# 7"},
	{"an escaped quote", `printf %s \'${{ n }}\'`, "'7'"},
	{"an escaped dollar", `printf %s "\$${{ n }}"`, "$7"},
	{"a condition", `if [ ${{ n }} = 7 ]; then printf %s ${{ x }}; fi`, "VALUE"},
	{"a subshell", `(printf %s ${{ x }})`, "VALUE"},
	{"a function", "f() { printf %s \"$1\"; }\nf ${{ x }}", "VALUE"},
	{"a continued line", "printf %s \\\n  ${{ x }}", "VALUE"},
	{"a redirection", "printf %s a > out-${{ n }}; cat out-7", "a"},
	{"variables around", `A=1; printf %s "$A${{ n }}$A"`, "171"},
	{"length", `v=abc; printf %s ${#v}${{ n }}`, "37"},
	{"status", `true; printf %s $?${{ n }}`, "07"},
}

func TestScriptsPassValuesUnread(t *testing.T) {
	t.Parallel()
	shells := []string{"sh"}
	if _, err := exec.LookPath("bash"); err == nil {
		shells = append(shells, "bash")
	}
	for _, shell := range shells {
		for _, c := range scripts {
			t.Run(shell+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				want := strings.ReplaceAll(c.want, "VALUE", hostileValue)
				if got := runScript(t, shell, c.run); got != want {
					t.Errorf("%s\nprints %q\nwant   %q", c.run, got, want)
				}
			})
		}
	}
}

var scriptValues = map[string]string{"params.x": hostileValue, "params.n": "7", "params.letter": "*"}

// runScript parses a step with this script and runs it with the values.
func runScript(t *testing.T, shell, run string) string {
	t.Helper()
	for _, name := range []string{"x", "n", "letter"} {
		run = strings.ReplaceAll(run, "${{ "+name+" }}", "${{ params."+name+" }}")
	}
	src := fmt.Sprintf("params: {x: '', n: 7, letter: '*'}\njobs: {a: {shell: %s, run: %q}}", shell, run)
	f := wantClean(t, src, []byte(src), Options{})
	text, exprs, err := f.Jobs[0].Steps[0].Script()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.Command(shell, "-eu", "-c", text)
	cmd.Dir, cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}
	for _, e := range exprs {
		cmd.Env = append(cmd.Env, e.Var+"="+scriptValues[e.Expr])
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s\nbecame\n%s\n%v: %s", run, text, err, out)
	}
	return string(out)
}

func TestScriptNumbersItsVariables(t *testing.T) {
	t.Parallel()
	f := parseOK(t, "params: {a: 1, b: 2}\njobs:\n  x:\n    run: |\n      echo ${{ params.b }} ${{params.a}}\n      echo '${{ params.b }}'\n")
	text, exprs, err := f.Jobs[0].Steps[0].Script()
	if err != nil {
		t.Fatal(err)
	}
	want := "echo \"${MLOPS_EXPR_1}\" \"${MLOPS_EXPR_2}\"\necho ''\"${MLOPS_EXPR_1}\"''\n"
	if text != want {
		t.Errorf("got  %q\nwant %q", text, want)
	}
	if diff := cmp.Diff([]ScriptExpr{{"MLOPS_EXPR_1", "params.b", Pos{5, 16}}, {"MLOPS_EXPR_2", "params.a", Pos{5, 31}}}, exprs); diff != "" {
		t.Error(diff)
	}
}

func TestScriptWithoutExpressionsIsKept(t *testing.T) {
	t.Parallel()
	s := &Step{Run: Str{Value: "echo '$HOME' `date` $(("}}
	if text, exprs, err := s.Script(); text != s.Run.Value || exprs != nil || err != nil {
		t.Errorf("%q %v %v", text, exprs, err)
	}
}

// Parse reports what Script refuses; a Step made otherwise gets an error.
func TestScriptRefuses(t *testing.T) {
	t.Parallel()
	for _, run := range []string{"echo `${{ 1 }}`", "echo \\${{ 1 }}", "echo ${{ 1", "cat <<'E'\n${{ 1 }}\nE\n", "echo '${{ 1 }}"} {
		s := &Step{Run: Str{Value: run, Pos: Pos{3, 1}}}
		if text, _, err := s.Script(); err == nil || text != "" {
			t.Errorf("%q became %q", run, text)
		}
	}
}

// A script of many different expressions takes time in proportion to its length.
func TestManyVariables(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("jobs:\n  a:\n    run: |\n")
	for i := range 20_000 {
		fmt.Fprintf(&b, "      echo ${{ %d }}\n", i)
	}
	f := wantClean(t, filepath.Join("many", FileName), []byte(b.String()), Options{})
	if _, exprs, err := f.Jobs[0].Steps[0].Script(); err != nil || len(exprs) != 20_000 {
		t.Errorf("%d variables, %v", len(exprs), err)
	}
}
