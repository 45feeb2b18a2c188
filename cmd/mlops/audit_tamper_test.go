package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/schemas"
)

const tamperYAML = `name: churn
params: {lr: 0.1}
jobs:
  train:
    inputs: [data.txt]
    outputs: [model/]
    run: mkdir -p model && cp data.txt model/weights && echo '{}' > model/config.json && echo trained
  evaluate: {inputs: [model/], run: 'echo auc=0.8 >> $MLOPS_METRICS'}
  promote: {uses: promote, with: {model: churn, from: model/, alias: production}}
metrics: {auc: {better: higher}}
gates: [auc >= 0.5]
`

// TestAuditFindsTampering flips bits in all files that an audit covers (the
// journal, versions, refs, attestations, the record, the tree, the model's files and
// the data), one at a time, and demands that each is found.
func TestAuditFindsTampering(t *testing.T) {
	t.Parallel()
	dir := signedModel(t)
	a := &app{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, log: slog.New(slog.DiscardHandler), counters: new(store.Counters), file: filepath.Join(dir, "mlops.yaml")}
	if err := a.audit(t.Context(), auditOptions{}, "churn@production"); err != nil {
		var out bytes.Buffer
		a.stdout = &out
		t.Fatalf("before anything is changed: %v, %v\n%s", err, a.audit(t.Context(), auditOptions{}, "churn@production"), &out)
	}
	checkAuditSchema(t, a, auditOptions{json: true})
	files := covered(t, filepath.Join(dir, ".mlops"))
	random := rand.New(rand.NewPCG(1, 2))
	flips := 520
	if testing.Short() {
		flips = 100
	}
	for i := range flips {
		path := files[i%len(files)]
		old, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		at, bit := random.IntN(len(old)), random.IntN(8)
		bad := bytes.Clone(old)
		bad[at] ^= 1 << bit
		rewrite(t, path, bad)
		if err := a.audit(t.Context(), auditOptions{}, "churn@production"); err == nil {
			t.Errorf("%s: byte %d of %d, %q for %q, is not found", path, at, len(old), bad[at], old[at])
		}
		rewrite(t, path, old)
	}
	if err := a.audit(t.Context(), auditOptions{}, "churn@production"); err != nil {
		t.Errorf("all is put back, and yet: %v", err)
	}
	t.Logf("%d flips in %d files", flips, len(files))
}

// checkAuditSchema holds what --json prints, to the schema.
func checkAuditSchema(t *testing.T, a *app, o auditOptions) *auditAnswer {
	t.Helper()
	var out bytes.Buffer
	b := *a
	b.stdout = &out
	var failed failedError
	if err := b.audit(t.Context(), o, "churn@production"); err != nil && !errors.As(err, &failed) {
		t.Logf("%v", err)
	}
	var answer auditAnswer
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(schemas.Audit()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("audit.json", doc); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	v, err := jsonschema.UnmarshalJSON(&out)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.MustCompile("audit.json").Validate(v); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
	return &answer
}

// TestAuditRerunSchema holds each verdict of --rerun to the schema.
func TestAuditRerunSchema(t *testing.T) {
	t.Parallel()
	dir := signedModelOf(t, strings.Replace(tamperYAML, "cp data.txt model/weights", `date +0.%N1 > model/weights && echo loss=$(date +0.%N1) >> $MLOPS_METRICS`, 1))
	a := &app{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, log: slog.New(slog.DiscardHandler), counters: new(store.Counters), file: filepath.Join(dir, "mlops.yaml")}
	for _, c := range []struct {
		tolerance float64
		verdict   string
	}{{0, reproDifferent}, {1, reproWithin}} {
		got := checkAuditSchema(t, a, auditOptions{json: true, rerun: true, tolerance: c.tolerance}).Rerun
		if got == nil || got.Verdict != c.verdict || len(got.Outputs) != 2 || len(got.Metrics) != 1 {
			t.Errorf("tolerance %v: %+v, want %s", c.tolerance, got, c.verdict)
		}
	}
	if err := os.Rename(filepath.Join(dir, ".git"), filepath.Join(dir, "gone")); err != nil {
		t.Fatal(err)
	}
	if got := checkAuditSchema(t, a, auditOptions{json: true, rerun: true}).Rerun; got == nil || got.Verdict != rerunNotDone || got.Why == "" {
		t.Errorf("without a repository: %+v", got)
	}
}

// rewrite puts bytes into a file that may be read-only, or set aside since.
func rewrite(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o444); err != nil {
		t.Fatal(err)
	}
}

// signedModel is a repository whose run promoted a signed model.
func signedModel(t *testing.T) string { return signedModelOf(t, tamperYAML) }

func signedModelOf(t *testing.T, pipeline string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"mlops.yaml": pipeline, "data.txt": "some data\n", ".gitignore": "model/\n.config\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	do := func(name string, args ...string) {
		c := exec.Command(name, args...)
		c.Dir = dir
		c.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME=", "MLOPS_HOME=", "MLOPS_EXECUTOR=host", "MLOPS_SIGNING_KEY=", "GITHUB_ACTIONS=",
			"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.org", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.org")
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
	}
	do("mlops", "key", "new")
	do("git", "init", "-q", "-b", "main", ".")
	do("git", "add", "-A")
	do("git", "commit", "-q", "-m", "one")
	do("mlops", "run")
	return dir
}

// covered lists the files with bytes that an audit of the only model reads.
func covered(t *testing.T, root string) (files []string) {
	t.Helper()
	for _, top := range []string{"models", "runs", "refs/models"} {
		err := filepath.WalkDir(filepath.Join(root, filepath.FromSlash(top)), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || d.Name() == "lock" {
				return err
			}
			if fi, err := d.Info(); err != nil || fi.Size() > 0 {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	s, err := store.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	r := registry.Open(s, nil)
	m, err := r.Model("churn")
	if err != nil {
		t.Fatal(err)
	}
	v, err := r.Version(m, 1)
	if err != nil {
		t.Fatal(err)
	}
	blobs := []store.Digest{v.Digest, store.Sum([]byte("some data\n"))}
	for _, f := range v.Files {
		blobs = append(blobs, f.Digest)
	}
	for _, d := range blobs {
		path, err := filepath.Glob(filepath.Join(root, "cas", "sha256", d.Hex()[:2], d.Hex()+"*"))
		if err != nil || len(path) != 1 {
			t.Fatal(fmt.Errorf("blob %s: %v, %w", d, path, err))
		}
		files = append(files, path[0])
	}
	return files
}

// TestAuditClock tells of a move whose time cannot be right, beside what is right.
func TestAuditClock(t *testing.T) {
	t.Parallel()
	dir := signedModel(t)
	a := &app{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, log: slog.New(slog.DiscardHandler), counters: new(store.Counters), file: filepath.Join(dir, "mlops.yaml")}
	s, err := store.Open(filepath.Join(dir, ".mlops"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		alias string
		off   time.Duration
		want  string
	}{
		{"a", 0, ""},
		{"b", -time.Hour, "so that a clock was wrong"},
		{"c", 2 * time.Minute, ""},
		{"d", time.Hour, "later than it is here"},
	} {
		r := registry.Open(s, func() time.Time { return time.Now().Add(c.off) })
		if _, err := r.Move(t.Context(), "churn", c.alias, 0, 1, registry.By{Actor: "ada", Reason: "to see"}); err != nil {
			t.Fatal(err)
		}
		w, err := a.openAudit("churn@" + c.alias)
		if err == nil {
			err = w.walk(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(w.answer.Links, func(l auditLink) bool { return l.Link == "moved" })
		if l := w.answer.Links[i]; (l.Status == linkNote) != (c.want != "") || !strings.Contains(l.What, c.want) {
			t.Errorf("%v: %+v, want %q", c.off, l, c.want)
		}
		w.close()
	}
}
