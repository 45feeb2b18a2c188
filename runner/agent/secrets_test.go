package agent

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const token = "hunter2/xyz"

// everything is all that a job left behind, and all that was sent of it.
func (b *bench) everything(r Result) string {
	b.t.Helper()
	out := string(toJSON(b.t, r)) + string(toJSON(b.t, b.events))
	for _, name := range []string{LogFile, EventsFile, ResultFile, SpecFile} {
		text, err := os.ReadFile(filepath.Join(b.Control, name))
		if err != nil && !os.IsNotExist(err) {
			b.t.Fatal(err)
		}
		out += string(text)
	}
	return out
}

// secretJob prints a secret in all ways that a step has.
func secretJob(t *testing.T) *bench {
	b := newBench(t,
		Step{ID: "a", Name: "say", Shell: "sh", Env: []Var{{"T", "${{ secrets.TOKEN }}"}}, Exprs: []Var{{"X1", "format('<{0}>', secrets.TOKEN)"}}, Run: `
			echo "$T $X1 $JOB_URL"; printf hunt; sleep 0.4; printf 'e%s/%s\n' r2 xyz; printf %s "$T" | base64
			echo "::error file=$T::it is $T"
			echo "token=$T" >>$MLOPS_OUTPUT; echo plain=1 >>$MLOPS_OUTPUT
			echo "# $T" >>$MLOPS_SUMMARY; echo "$T=1" >>$MLOPS_METRICS; echo auc=0.5 >>$MLOPS_METRICS`},
		Step{Name: "read", Shell: "sh", Env: []Var{{"T", "${{ steps.a.outputs.token }}${{ env.JOB_URL }}"}}, Run: `h=hunt; h=${h}e; h=${h}r2; h=$h/xyz; test "$T" = "${h}https://u:$h@h" && cat "/no/$T"`},
		Step{Name: "never", Shell: "sh", If: "always()", Dir: "${{ secrets.TOKEN }}", Run: "echo"},
	)
	b.Secrets = &Secrets{Values: map[string]string{"TOKEN": token}, Env: []Var{{"JOB_URL", "https://u:" + token + "@h"}}}
	return b
}

func checkSecretJob(t *testing.T, b *bench, r Result) {
	t.Helper()
	all := b.everything(r)
	for _, part := range []string{"hunter2", "er2/xyz", `r2\/x`, "aHVudGVy"} {
		if i := strings.Index(all, part); i >= 0 {
			t.Errorf("%q can be read in %q", part, all[max(0, i-100):min(len(all), i+100)])
		}
	}
	if want := "*** <***> https://u:***@h\nhunt***\n***\n::error file=***::it is ***\ncat: "; !strings.HasPrefix(strings.ReplaceAll(b.log(), "\n***\n***", "\nhunt***\n***"), want) {
		t.Errorf("log %q", b.log())
	}
	if r.Failed != 1 || r.Reason != ReasonExit || !strings.Contains(r.Steps[2].Error, "***") {
		t.Errorf("result %+v", r)
	}
	if d := cmp.Diff(map[string]string{"plain": "1"}, r.Outputs); d != "" || r.MetricText != "auc=0.5\n" || r.Summary != "# ***\n" {
		t.Errorf("outputs %s, metrics %q, summary %q", d, r.MetricText, r.Summary)
	}
	if !strings.Contains(all, "output token is dropped") || !strings.Contains(all, "1 of the lines of MLOPS_METRICS are dropped") {
		t.Errorf("no notices in %s", all)
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	b := secretJob(t)
	checkSecretJob(t, b, b.run(t.Context()))
}

// TestSecretsFollow hands them to an agent of its own.
func TestSecretsFollow(t *testing.T) {
	t.Parallel()
	b := secretJob(t)
	b.SecretsFollow = true
	r, _ := b.start().end(b)
	checkSecretJob(t, b, r)
}

// TestSecretsThatDoNotCome shows that the job fails and does not wait.
func TestSecretsThatDoNotCome(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "EOF", "{\"values\":\n": "not as this version", "{\"values\":{\"A\":\"hunter2\"}": "EOF"} {
		if _, err := readSecrets(strings.NewReader(text), time.Second); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", text, err)
		}
	}
	r, w := io.Pipe()
	defer w.Close()
	if _, err := readSecrets(r, 10*time.Millisecond); err == nil || !strings.Contains(err.Error(), "none came within") {
		t.Errorf("silence: %v", err)
	}
}

func TestSecretsTravel(t *testing.T) {
	t.Parallel()
	want := &Secrets{Values: map[string]string{"A": "line\nline\n<&>é"}, Env: []Var{{"B", "x"}}, Masks: []string{"other"}}
	var b bytes.Buffer
	if err := WriteSecrets(&b, want); err != nil {
		t.Fatal(err)
	}
	got, err := readSecrets(&b, time.Second)
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
}

func TestParseMasks(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"a\nb\r\n\nc":               {"a", "b", "c"},
		"n<<E\none\n\ntwo\nE\nrest": {"one\n\ntwo", "rest"},
		"pass<<word\nnext":          {"pass<<word", "next"},
		"<<E\nx\nE\n":               {"x"},
	} {
		if d := cmp.Diff(want, parseMasks(text)); d != "" {
			t.Errorf("%q: %s", text, d)
		}
	}
}

// TestMaskFile shows that values count from the moment they are written, and in
// later steps, and that short ones are refused aloud.
func TestMaskFile(t *testing.T) {
	t.Parallel()
	b := newBench(t,
		sh(`echo first-value; echo first-value >>$MLOPS_MASK; echo first-value; printf 'k<<E\nsecond-line\nthird-line\nE\nabc\n' >>$MLOPS_MASK; echo "x third-line"`),
		sh("cat $MLOPS_MASK; echo first-value second-line abc"))
	r := b.run(t.Context())
	if log := b.log(); r.Status != Success || !strings.HasSuffix(log, "***\nx ***\n*** *** abc\n") {
		t.Errorf("%s, log %q", r.Status, log)
	}
	if all := b.everything(r); !strings.Contains(all, "MLOPS_MASK: the value has fewer than 6 bytes and is not masked") {
		t.Errorf("no warning in %s", all)
	}
}

// TestQuietPrompt shows half a line before its end comes, although it could be
// the beginning of a secret.
func TestQuietPrompt(t *testing.T) {
	t.Parallel()
	b := newBench(t, sh("mkfifo p; printf 'go hun'; read x <p; echo $x"))
	b.Secrets = &Secrets{Masks: []string{token}}
	b.when("go hun", func() { go func() { _ = os.WriteFile(filepath.Join(b.Workspace, "p"), []byte("on\n"), 0) }() })
	b.want(Success, ReasonNone)
	if b.log() != "go hunon\n" {
		t.Errorf("log %q", b.log())
	}
}
