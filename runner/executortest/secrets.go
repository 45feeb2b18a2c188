package executortest

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/mlops-runner/mlops/runner/agent"
)

// secretCases are about what a job knows and nobody may read.
func secretCases() []testCase {
	return []testCase{
		{"secrets", "", secretsArrive},
		{"large secrets", "", func(s *suite) {
			tr := s.steps(`echo ${#BIG}; echo "$BIG" | cut -c1-20`)
			big := strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyz", 3000) // more than a pipe holds
			tr.Spec.Secrets = &agent.Secrets{Env: []agent.Var{{Name: "BIG", Value: big}}, Masks: []string{big, big[:20]}}
			tr.succeed()
			equal(s, "log", tr.log, "108000\n***\n")
		}},
	}
}

// secretsArrive shows that a step gets its secrets, that they are masked in all
// that comes out, and that no file of the job holds them, not even while it runs.
func secretsArrive(s *suite) {
	const value, env, other = "pa55w0rd=+/", "postgres://u:pa55w0rd=+/@db", "upstream-token"
	tr := s.trial(agent.Step{ID: "a", Name: "a", Shell: "sh", Env: []agent.Var{{Name: "P", Value: "${{ secrets.PASSWORD }}"}}, Run: `
		echo "$P $DB upstream-token"
		printf %s "$P" | base64
		printf 'pa55w0'; sleep 0.1; echo 'rd=+/'
		echo "::warning::$P"
		printf '%s\n' learnt-value >>$MLOPS_MASK; echo learnt-value
		echo "p=$P" >>$MLOPS_OUTPUT; echo length=${#DB} >>$MLOPS_OUTPUT
		echo "$P" >>$MLOPS_SUMMARY
		echo looked; sleep 0.3`})
	tr.Spec.Secrets = &agent.Secrets{
		Values: map[string]string{"PASSWORD": value}, Env: []agent.Var{{Name: "DB", Value: env}}, Masks: []string{other},
	}
	looked := false
	tr.when("looked", func() { looked = true; s.searchControl(tr, value, other) })
	r := tr.succeed()
	if !looked {
		s.Error("nobody looked while the job ran")
	}
	equal(s, "log", tr.log, "*** postgres://u:***@db ***\n***\n***\n::warning::***\n***\nlooked\n")
	equal(s, "length", r.Outputs["length"], "27")
	equal(s, "dropped output", r.Outputs["p"], "")
	equal(s, "summary", r.Summary, "***\n")
	s.contains("notices", tr.notices(), "warning ***")
	told, err := json.Marshal([]any{r, tr.events})
	if err != nil {
		s.Fatal(err)
	}
	if strings.Contains(string(told), value) {
		s.Errorf("the events tell the secret: %s", told)
	}
	s.searchControl(tr, value, other, "learnt-value")
}

// searchControl looks for secrets in the files that runner and agent share. The
// command files, which the step itself writes, are the step's own matter.
func (s *suite) searchControl(tr *trial, secrets ...string) {
	root := os.DirFS(tr.Control)
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || filepath.Dir(name) == "step" {
			return nil // may have gone meanwhile
		}
		text, err := fs.ReadFile(root, name)
		for _, secret := range secrets {
			if err == nil && strings.Contains(string(text), secret) && name != agent.SpecFile {
				s.Errorf("%s holds a secret", name)
			}
		}
		if name == agent.SpecFile && strings.Contains(string(text), `"PASSWORD":`) {
			s.Errorf("%s holds the secrets", name)
		}
		return nil
	})
	if err != nil {
		s.Error(err)
	}
}
