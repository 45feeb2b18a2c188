package runner

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/runner/agent"
)

// A service's log of which it cannot be known what is secret in it is left out.
func TestServiceMasks(t *testing.T) {
	t.Parallel()
	x := &execution{Runner: &Runner{Secrets: map[string]string{"TOKEN": "given-secret"}}, key: agent.NewKey()}
	for _, c := range []struct{ name, learnt, want string }{
		{"nothing learnt", "", "*** learnt-secret"},
		{"no agent", "-", "*** learnt-secret"},
		{"tampered with", "bm90IHdyaXR0ZW4gYnkgdGhlIGFnZW50\n", "mlops: this log is left out, since it is not known what to mask in it: "},
	} {
		control := t.TempDir()
		if c.learnt != "-" {
			if err := os.WriteFile(filepath.Join(control, agent.LearntFile), []byte(c.learnt), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got := string(x.learn(control).apply([]byte("given-secret learnt-secret")))
		if !strings.HasPrefix(got, c.want) || len(c.want) > 40 && strings.Contains(got, "secret") {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}
