package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/runner/forge"
	"github.com/mlops-runner/mlops/runner/forge/forgetest"
)

// TestActions runs the project's own GitHub actions in workflows by act, without
// containers, against a fake GitHub: a pull request of a branch gets its comment
// from the run action, one of a fork from the report action.
func TestActions(t *testing.T) {
	act, binary := actAndBinary(t)
	for _, fork := range []bool{false, true} {
		t.Run(map[bool]string{false: "branch", true: "fork"}[fork], func(t *testing.T) {
			w := newWorkflows(t, act, binary, fork)
			out := w.act("pull_request", w.event())
			if !strings.Contains(out, "decision=promote") {
				t.Fatalf("the next step does not know what was decided:\n%s", out)
			}
			if got := len(w.comments()); got != map[bool]int{false: 1, true: 0}[fork] {
				t.Fatalf("%d comments after the run:\n%s", got, out)
			}
			if !fork {
				return
			}
			out = w.act("workflow_run", w.afterwards())
			if got := w.comments(); len(got) != 1 || !strings.Contains(got[0].Body, "PROMOTE (reported by the fork eve/churn, not verified)") {
				t.Fatalf("%d comments after the report:\n%s", len(got), out)
			}
		})
	}
}

// TestTableActions runs the actions that look at a table, each once on one that is
// fine and once on one that is not.
func TestTableActions(t *testing.T) {
	act, binary := actAndBinary(t)
	out := newWorkflows(t, act, binary, false).act("push", `{"ref": "refs/heads/main"}`)
	for _, want := range []string{
		`people\.csv: 3 rows, 2 columns, 10 checks passed`,
		`fail  age range: 1 of 3 values \(33\.3%\) do not fit; wanted 0\.\.50`, `people\.csv:4: 70`, `checked=failure`,
		`auc +up +0\.75`, `profit +up +0\.5`,
		`score: there is no column "predictd"; the columns are y, p`, `evaluated=failure`,
	} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
}

// actAndBinary are the paths of act and of the program, as this machine has or makes them.
func actAndBinary(t *testing.T) (act, binary string) {
	act, err := filepath.Abs("../../bin/act")
	if err == nil {
		_, err = os.Stat(act)
	}
	if err != nil {
		if os.Getenv("MLOPS_NEED_ACT") == "1" {
			t.Fatal("there is no bin/act; \"make act\" installs it")
		}
		t.Skip("there is no bin/act; \"make act\" installs it")
	}
	binary = filepath.Join(t.TempDir(), "mlops")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return act, binary
}

// workflows are those of a small repository on a fake GitHub.
type workflows struct {
	t      *testing.T
	act_   string
	folder string
	hub    *forgetest.GitHub
	kept   string   // where artifacts go
	others []string // act's flags for the actions of others
	head   string
	pull   forge.Change
}

func newWorkflows(t *testing.T, act, binary string, fork bool) *workflows {
	w := &workflows{t: t, act_: act, folder: t.TempDir(), kept: t.TempDir(), hub: forgetest.NewGitHub(t)}
	fill := strings.NewReplacer("BINARY", binary, "ADDRESS", w.hub.Start())
	w.run("", "cp", "-r", "../../actions", w.folder)
	w.standIns()
	for name, text := range map[string]string{
		"mlops.yaml":                   actionsPipeline,
		".github/workflows/ci.yml":     fill.Replace(actionsWorkflow),
		".github/workflows/tables.yml": fill.Replace(actionsTables),
		"people.csv":                   "id,age\n1,20\n2,30\n3,70\n",
		"predictions.csv":              "y,p\n1,0.9\n0,0.4\n1,0.3\n0,0.1\n",
		".github/workflows/report.yml": fill.Replace(actionsReport),
		".gitignore":                   ".mlops/\nmetrics.json\n",
	} {
		path := filepath.Join(w.folder, name)
		if err := cmp.Or(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	w.run(w.folder, "git", "init", "-q", "-b", "main")
	w.run(w.folder, "git", "remote", "add", "origin", "https://github.com/acme/churn")
	w.run(w.folder, "git", "add", "-A")
	w.run(w.folder, "git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-qm", "first")
	w.head = strings.TrimSpace(w.run(w.folder, "git", "rev-parse", "HEAD"))
	w.pull = w.hub.OpenFork(map[bool]string{false: "acme/churn", true: "eve/churn"}[fork], "faster")
	w.hub.Write("mlops.yaml", actionsPipeline)
	w.hub.Set(w.pull.Number, func(c *forge.Change) { c.Head = w.head })
	return w
}

// standIns take the place of the actions of others, which act would fetch: a
// cache that has nothing, and artifacts that are a folder. That they are pinned
// as the actions of the project say is seen by act asking for just those.
func (w *workflows) standIns() {
	for place, script := range map[string]string{
		"actions/cache@0057852bfaa89a56745cba8c7296529d2fc39830 restore":     "true",
		"actions/cache@0057852bfaa89a56745cba8c7296529d2fc39830 save":        "test -d .mlops",
		"actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02":   `cp -r "${{ inputs.path }}/." "$KEPT"`,
		"actions/download-artifact@d3f86a106a0bac45b974a628896c90dbdf5c8093": `mkdir -p "${{ inputs.path }}" && cp -r "$KEPT/." "${{ inputs.path }}"`,
	} {
		action, below, _ := strings.Cut(place, " ")
		folder := filepath.Join(w.folder, "..", "others", strings.ReplaceAll(action, "/", "-"))
		text := "name: stand-in\ninputs: {path: {}, key: {}, restore-keys: {}, name: {}, run-id: {}, github-token: {}, if-no-files-found: {}}\n" +
			"runs:\n  using: composite\n  steps:\n    - shell: bash\n      run: " + script + "\n"
		path := filepath.Join(folder, below, "action.yml")
		if err := cmp.Or(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			w.t.Fatal(err)
		}
		w.others = append(w.others, "--local-repository", action+"="+folder)
	}
}

func (w *workflows) run(dir, name string, args ...string) string {
	w.t.Helper()
	c := exec.Command(name, args...)
	c.Dir = dir
	out, err := c.CombinedOutput()
	if err != nil {
		w.t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// act runs the workflows of an event, whose payload is JSON, and returns what they print.
func (w *workflows) act(event, payload string) string {
	w.t.Helper()
	file := filepath.Join(w.t.TempDir(), "event.json")
	if err := os.WriteFile(file, []byte(payload), 0o644); err != nil {
		w.t.Fatal(err)
	}
	token := w.hub.WorkflowToken(w.pull.Fork && event == "pull_request")
	c := exec.Command(w.act_, event, "-e", file, "-P", "ubuntu-latest=-self-hosted", "--no-cache-server", "--rm", "--pull=false", "-s", "GITHUB_TOKEN="+token,
		"--env", "KEPT="+w.kept, "--defaultbranch", "main")
	c.Args = append(c.Args, w.others...)
	c.Dir = w.folder
	home := w.t.TempDir()
	c.Env = append(os.Environ(), "HOME="+home, "XDG_CACHE_HOME="+filepath.Join(home, ".cache"), "XDG_CONFIG_HOME="+filepath.Join(home, ".config"))
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Run(); err != nil {
		w.t.Fatalf("act %s: %v\n%s", event, err, out.String())
	}
	return out.String()
}

func (w *workflows) comments() []forgetest.Remark {
	return w.hub.World(nil).Comments(w.t, w.pull.Number)
}

func (w *workflows) event() string {
	return fmt.Sprintf(`{"action": "opened", "number": %[1]d, "repository": {"full_name": "acme/churn", "default_branch": "main"},
		"pull_request": {"number": %[1]d, "head": {"sha": %[2]q, "ref": "faster", "repo": {"full_name": %[3]q, "fork": %[4]v}},
		"base": {"sha": %[2]q, "ref": "main", "repo": {"full_name": "acme/churn"}}}}`, w.pull.Number, w.head, w.pull.HeadRepo, w.pull.Fork)
}

func (w *workflows) afterwards() string {
	return fmt.Sprintf(`{"action": "completed", "repository": {"full_name": "acme/churn", "default_branch": "main"},
		"workflow_run": {"id": 812, "event": "pull_request", "head_sha": %q, "head_branch": "faster", "head_repository": {"full_name": %q}}}`, w.head, w.pull.HeadRepo)
}

const actionsPipeline = `name: churn
metrics: {auc: {better: higher}}
gates: [auc >= 0.7]
jobs:
  train:
    inputs: []
    outputs: [metrics.json]
    steps:
      - run: |
          echo '::set-output name=decision::evil'
          echo '{"auc": 0.8}' > metrics.json
`

const actionsWorkflow = `on: pull_request
jobs:
  model:
    runs-on: ubuntu-latest
    env:
      MLOPS_FORGE_API: ADDRESS # act has an opinion of its own on GITHUB_API_URL
    steps:
      - uses: actions/checkout@v5
      - id: mlops
        uses: ./actions/run
        with: {binary: BINARY, executor: host, args: --untrusted=false}
      - run: echo "decision=${{ steps.mlops.outputs.decision }}"
`

const actionsReport = `on: workflow_run
jobs:
  report:
    runs-on: ubuntu-latest
    env:
      MLOPS_FORGE_API: ADDRESS # act has an opinion of its own on GITHUB_API_URL
    steps:
      - uses: actions/checkout@v5
      - uses: ./actions/report
        with: {binary: BINARY}
`

const actionsTables = `on: push
jobs:
  tables:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - uses: ./actions/data-check
        with:
          binary: BINARY
          data: people.csv
          key: id
          rows: 3..
          rules: "[age > 0]"
          columns: |
            id: int 1..
            age: int 0..120
      - id: narrow
        continue-on-error: true
        uses: ./actions/data-check
        with: {binary: BINARY, data: people.csv, columns: "{id: int, age: int 0..50}"}
      - run: echo "checked=${{ steps.narrow.outcome }}"
      - uses: ./actions/evaluate
        with:
          binary: BINARY
          predictions: predictions.csv
          label: y
          score: p
          metrics: "[auc, {name: profit, mean: y * 2 - 0.5, better: higher}]"
      - id: typo
        continue-on-error: true
        uses: ./actions/evaluate
        with: {binary: BINARY, predictions: predictions.csv, label: y, score: predictd}
      - run: echo "evaluated=${{ steps.typo.outcome }}"
`
