package trigger

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/spec"
)

// changed is a repository in which every range has changed the same files.
type changed []string

func (c changed) Changed(context.Context, Range) ([]string, error) { return c, nil }

// blind is a repository that can tell nothing.
type blind struct{}

func (blind) Changed(context.Context, Range) ([]string, error) {
	return nil, errors.New("the clone is shallow")
}

func fileWith(t testing.TB, on string) *spec.File {
	t.Helper()
	text := "on: " + on + "\njobs: {a: {inputs: [], image: x, run: x}}\n"
	if on == "" {
		text = "jobs: {a: {inputs: [], image: x, run: x}}\n"
	}
	if strings.Contains(on, "data:") {
		text += "data: {customers: {path: c.csv}, plans: {path: p.csv}}\n"
	}
	f, ds := spec.Parse("mlops.yaml", []byte(text), spec.Options{})
	if err := ds.Err(); err != nil {
		t.Fatal(err)
	}
	return f
}

func push(ref string) *Event {
	return &Event{Name: Push, Ref: ref, Head: later, Before: first}
}

func pull(action, base string) *Event {
	return &Event{Name: PullRequest, Action: action, Base: base, Ref: "refs/pull/1/merge", Head: later, Before: first}
}

// TestDecide holds what GitHub documents for each filter; want is why a run
// does not start, "" that it does, "?…" that it does although something is not known.
func TestDecide(t *testing.T) {
	docs := changed{"docs/a.md", "README.md"}
	for _, c := range []struct {
		name, on string
		event    *Event
		files    Changes
		want     string
	}{
		{"no filter", "push", push("refs/heads/x"), nil, ""},
		{"no filter, a tag", "push", push("refs/tags/x"), nil, ""},
		{"another event", "push", pull("opened", "main"), nil, "on: names only push, not pull_request"},
		{"several events", "[push, pull_request, workflow_dispatch]", &Event{Name: MergeGroup}, nil, "on: names only push, pull_request, workflow_dispatch, not merge_group"},
		{"no on", "", push("refs/heads/x"), nil, "the file has no on:, so no event starts it"},
		{"an empty on", "{}", push("refs/heads/x"), nil, "on: names no event, not push"},

		{"branches", "{push: {branches: [main, 'release/**']}}", push("refs/heads/release/1/2"), nil, ""},
		{"no such branch", "{push: {branches: [main, 'release/*']}}", push("refs/heads/release/1/2"), nil,
			"on.push.branches [main, release/*] does not match the branch release/1/2"},
		{"a tag of a branch's name", "{push: {branches: [main]}}", push("refs/tags/main"), nil,
			"on.push.tags is not given and branches are, so the tag main starts nothing"},
		{"tags", "{push: {tags: ['v*']}}", push("refs/tags/v1"), nil, ""},
		{"a branch where only tags are given", "{push: {tags: ['v*']}}", push("refs/heads/v1"), nil,
			"on.push.branches is not given and tags are, so the branch v1 starts nothing"},
		{"both, a branch", "{push: {tags: ['v*'], branches: [main]}}", push("refs/heads/main"), nil, ""},
		{"both, a tag", "{push: {tags: ['v*'], branches: [main]}}", push("refs/tags/v1"), nil, ""},
		{"both, neither", "{push: {tags: ['v*'], branches: [main]}}", push("refs/tags/x"), nil, "on.push.tags [v*] does not match the tag x"},
		{"ignored branches let tags fall", "{push: {branches-ignore: [wip]}}", push("refs/tags/x"), nil,
			"on.push.tags is not given and branches are, so the tag x starts nothing"},
		{"an ignored branch", "{push: {branches-ignore: ['wip/**']}}", push("refs/heads/wip/a"), nil, "on.push.branches-ignore [wip/**] matches the branch wip/a"},
		{"a branch that is not ignored", "{push: {branches-ignore: ['wip/**']}}", push("refs/heads/main"), nil, ""},
		{"an ignored tag", "{push: {tags-ignore: [nightly]}}", push("refs/tags/nightly"), nil, "on.push.tags-ignore [nightly] matches the tag nightly"},
		{"a ref of another kind", "push", push("refs/notes/x"), nil, `on.push asks for a branch or tag, and "refs/notes/x" is neither`},
		{"! takes away", "{push: {branches: ['releases/**', '!releases/**-alpha']}}", push("refs/heads/releases/beta/3-alpha"), nil,
			"on.push.branches [releases/**, !releases/**-alpha] takes away the branch releases/beta/3-alpha by !releases/**-alpha"},
		{"the last one decides", "{push: {branches: ['r/**', '!r/**-alpha', r/x-alpha]}}", push("refs/heads/r/x-alpha"), nil, ""},
		{"order counts", "{push: {branches: ['!main', '**']}}", push("refs/heads/main"), nil, ""},
		{"! alone lets nothing in", "{push: {branches: ['!main']}}", push("refs/heads/x"), nil,
			"on.push.branches [!main] lets nothing in, as all its patterns begin with !; put '**' before them; the branch x"},
		{"what is deleted", "push", &Event{Name: Push, Ref: "refs/heads/x", Deleted: true}, nil, "on.push starts nothing for what is gone, and refs/heads/x was deleted"},

		{"a path", "{push: {paths: ['src/**', '*.md']}}", push("refs/heads/x"), docs, ""},
		{"no path", "{push: {paths: ['src/**']}}", push("refs/heads/x"), docs, "on.push.paths [src/**] matches none of 2 changed files"},
		{"no path of one", "{push: {paths: ['src/**']}}", push("refs/heads/x"), docs[:1], "on.push.paths [src/**] matches none of 1 changed file"},
		{"all paths taken away", "{push: {paths: ['docs/**', '!docs/*.md']}}", push("refs/heads/x"), docs, "on.push.paths [docs/**, !docs/*.md] matches none of 2 changed files"},
		{"one path left", "{push: {paths: ['**', '!docs/*.md']}}", push("refs/heads/x"), docs, ""},
		{"only negations of paths", "{push: {paths: ['!docs/**']}}", push("refs/heads/x"), docs,
			"on.push.paths [!docs/**] lets nothing in, as all its patterns begin with !; put '**' before them"},
		{"nothing changed", "{push: {paths: ['**']}}", push("refs/heads/x"), changed{}, "on.push.paths [**]: no file changed"},
		{"all paths ignored", "{push: {paths-ignore: ['docs/**', '*.md']}}", push("refs/heads/x"), docs, "on.push.paths-ignore [docs/**, *.md] matches all of 2 changed files"},
		{"one path not ignored", "{push: {paths-ignore: ['docs/**']}}", push("refs/heads/x"), docs, ""},
		{"branch and path", "{push: {branches: [main], paths: ['src/**']}}", push("refs/heads/main"), docs, "on.push.paths [src/**] matches none of 2 changed files"},
		{"tags are not held to paths", "{push: {paths: ['src/**']}}", push("refs/tags/v1"), docs, ""},
		{"tags and paths", "{push: {tags: ['v*'], paths: ['src/**']}}", push("refs/tags/v1"), docs, ""},
		{"paths nobody knows", "{push: {paths: ['src/**']}}", push("refs/heads/x"), blind{},
			"?on.push.paths [src/**] lets the run start, because the changed files are not known: the clone is shallow"},
		{"a branch made of known commits", "{push: {paths: ['src/**']}}", &Event{Name: Push, Ref: "refs/heads/x", Head: later, Created: true}, docs,
			"?on.push.paths [src/**] lets the run start, because the changed files are not known: the branch is new, and the event names no commit that is its first"},
		{"a path that is let in again", "{push: {paths: ['docs/**', '!docs/*.md', docs/a.md]}}", push("refs/heads/x"), docs, ""},
		{"a path that is taken away and was never let in", "{push: {paths: ['!docs/**', '*.py']}}", push("refs/heads/x"), docs, "on.push.paths [!docs/**, *.py] matches none of 2 changed files"},
		{"a * holds at the folder", "{push: {paths: ['*.md']}}", push("refs/heads/x"), docs[:1], "on.push.paths [*.md] matches none of 1 changed file"},
		{"a ** does not", "{push: {paths: ['**.md']}}", push("refs/heads/x"), docs[:1], ""},
		{"an exception to ignored paths", "{push: {paths-ignore: ['docs/**', '*.md', '!docs/a.md']}}", push("refs/heads/x"), docs, ""},
		{"tags are not held to ignored paths", "{push: {paths-ignore: ['**']}}", push("refs/tags/v1"), docs, ""},
		{"branches and paths let tags fall", "{push: {branches: ['**'], paths: ['docs/**']}}", push("refs/tags/v1"), docs,
			"on.push.tags is not given and branches are, so the tag v1 starts nothing"},
		{"tags alone let branches fall, whatever their paths", "{push: {tags: ['**'], paths: ['docs/**']}}", push("refs/heads/x"), docs,
			"on.push.branches is not given and tags are, so the branch x starts nothing"},
		{"ignored tags let branches fall", "{push: {tags-ignore: [v1]}}", push("refs/heads/x"), nil,
			"on.push.branches is not given and tags are, so the branch x starts nothing"},
		{"an exception to ignored branches", "{push: {branches-ignore: ['wip/**', '!wip/ci']}}", push("refs/heads/wip/ci"), nil, ""},
		{"a class and a +", "{push: {tags: ['v[12].[0-9]+']}}", push("refs/tags/v2.10"), nil, ""},
		{"a + is once or more", "{push: {tags: ['v[12].[0-9]+']}}", push("refs/tags/v2."), nil, "on.push.tags [v[12].[0-9]+] does not match the tag v2."},

		{"no repository", "{push: {paths: ['src/**']}}", push("refs/heads/x"), nil,
			"?on.push.paths [src/**] lets the run start, because the changed files are not known: there is no repository to compare its commits in"},

		{"a pull request", "pull_request", pull("synchronize", "main"), nil, ""},
		{"a pull request that is closed", "pull_request", pull("closed", "main"), nil,
			`on.pull_request.types [opened, synchronize, reopened], as nothing else is given, has no "closed"`},
		{"types", "{pull_request: {types: [closed]}}", pull("closed", "main"), nil, ""},
		{"other types", "{pull_request: {types: [labeled]}}", pull("opened", "main"), nil, `on.pull_request.types [labeled] has no "opened"`},
		{"the base branch counts", "{pull_request: {branches: [main]}}", pull("opened", "dev"), nil, "on.pull_request.branches [main] does not match the base branch dev"},
		{"paths of a pull request", "{pull_request: {paths: ['src/**']}}", pull("opened", "main"), docs, "on.pull_request.paths [src/**] matches none of 2 changed files"},
		{"the first filter that says no is told", "{pull_request: {branches: [main], paths: ['src/**']}}", pull("opened", "dev"), docs,
			"on.pull_request.branches [main] does not match the base branch dev"},

		{"a merge group", "merge_group", &Event{Name: MergeGroup, Action: "checks_requested", Base: "main"}, nil, ""},
		{"a merge group that is gone", "merge_group", &Event{Name: MergeGroup, Action: "destroyed", Base: "main"}, nil,
			`on.merge_group.types [checks_requested], as nothing else is given, has no "destroyed"`},
		{"the base of a merge group", "{merge_group: {branches: [main]}}", &Event{Name: MergeGroup, Action: "checks_requested", Base: "dev"}, nil,
			"on.merge_group.branches [main] does not match the base branch dev"},

		{"a time", `{schedule: [{cron: "0 3 * * 1"}]}`, &Event{Name: Schedule, Cron: "0  3 * * 1"}, nil, ""},
		{"another time", `{schedule: [{cron: "0 3 * * 1"}]}`, &Event{Name: Schedule, Cron: "0 4 * * 1"}, nil, `on.schedule has no "0 4 * * 1"`},
		{"an unknown time", `{schedule: [{cron: "0 3 * * 1"}]}`, &Event{Name: Schedule}, nil, "?on.schedule the event does not say which time has come"},
		{"no time", "push", &Event{Name: Schedule}, nil, "on: names only push, not schedule"},
		{"data", "{data: [customers]}", &Event{Name: Data, Dataset: "customers"}, nil, ""},
		{"other data", "{data: [customers]}", &Event{Name: Data, Dataset: "plans"}, nil, `on.data [customers] has no "plans"`},
		{"by hand", "workflow_dispatch", &Event{Name: Dispatch}, nil, ""},
		{"not by hand", "push", &Event{Name: Dispatch}, nil, "on: names only push, not workflow_dispatch"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, err := Decide(t.Context(), fileWith(t, c.on), c.event, Options{Changes: c.files})
			if err != nil {
				t.Fatal(err)
			}
			got := v.Why
			if v.Start && got != "" {
				got = "?" + got
			}
			if got != c.want || v.Start != (c.want == "" || c.want[0] == '?') {
				t.Errorf("start %v: %s\nwant %s", v.Start, got, c.want)
			}
			for _, f := range v.Filters {
				if v.Start && !f.Pass || f.Why == "" {
					t.Errorf("filter %+v", f)
				}
			}
		})
	}
}

func TestDecideRefusesBadPatterns(t *testing.T) {
	f := fileWith(t, "{push: {branches: [main, 'a[b']}}")
	_, err := Decide(t.Context(), f, push("refs/heads/main"), Options{})
	var ds spec.Diagnostics
	if !errors.As(err, &ds) || len(ds) != 1 || ds[0].Pos != (spec.Pos{Line: 1, Col: 30}) || ds[0].Code != spec.CodeBadValue {
		t.Errorf("%v", err)
	}
}

// What no event is needed for is found when the file is checked.
func TestCheck(t *testing.T) {
	f := fileWith(t, "{push: {branches: ['a[b', main], tags: ['!v1'], paths-ignore: ['[]']}, pull_request: {branches: ['**', '!x']}}")
	want := []string{
		`mlops.yaml:1:24: the pattern "a[b" has a [ without ]; write \[ for the character itself [bad-value]`,
		"mlops.yaml:1:45: warning: all patterns of the list begin with !, so it lets nothing in [bad-value]",
		`mlops.yaml:1:68: the pattern "[]" has an empty [] [bad-value]`,
	}
	if d := cmp.Diff(strings.Join(want, "\n"), Check(f).Error()); d != "" {
		t.Error(d)
	}
	if ds := Check(fileWith(t, "[push, pull_request]")); len(ds) > 0 {
		t.Error(ds)
	}
}

// ranges notes what it is asked.
type ranges struct{ asked []Range }

func (r *ranges) Changed(_ context.Context, one Range) ([]string, error) {
	r.asked = append(r.asked, one)
	return nil, errors.New("asked")
}

func TestWhatIsCompared(t *testing.T) {
	f := fileWith(t, "{push: {paths: [x]}, pull_request: {paths: [x]}}")
	for _, c := range []struct {
		name  string
		event *Event
		want  []Range
	}{
		{"a push, with the commit before it", push("refs/heads/x"), []Range{{From: first, To: later}}},
		{"a pull request, with where it began", &Event{Name: PullRequest, Head: later, Before: first, Sha: "trial"}, []Range{{From: first, To: later, Base: MergeBase, Trial: "trial"}}},
		{"a new branch, with the parent of its first commit", &Event{Name: Push, Ref: "refs/heads/x", Head: later, Deepest: first, Created: true}, []Range{{From: first, To: later, Base: Parent}}},
		{"a new branch without commits", &Event{Name: Push, Ref: "refs/heads/x", Head: later, Created: true}, nil},
	} {
		var r ranges
		if _, err := Decide(t.Context(), f, c.event, Options{Changes: &r}); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(c.want, r.asked); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
}

// Without git, the names in the payload count, if none is missing.
func TestPathsOfThePayload(t *testing.T) {
	f := fileWith(t, "{push: {paths: ['*.py']}}")
	for _, c := range []struct {
		name   string
		change func(p map[string]any)
		folder string
		want   string
	}{
		{"no match", nil, "", "false on.push.paths [*.py] matches none of 1 changed file"},
		{"a match", func(p map[string]any) { commit(p)["added"] = []any{"a.py"} }, "", "true "},
		{"a match in the pipeline's folder", func(p map[string]any) { commit(p)["removed"] = []any{"ml/a.py"} }, "ml", "true "},
		{"a match outside of it", func(p map[string]any) { commit(p)["modified"] = []any{"a.py"} }, "ml", "false on.push.paths [*.py]: no file changed"},
		{"names left out", func(p map[string]any) { delete(commit(p), "added") }, "",
			"true on.push.paths [*.py] lets the run start, because the changed files are not known: the clone is shallow"},
	} {
		v, err := Decide(t.Context(), f, event(t, "push_branch.json", c.change), Options{Changes: blind{}, Folder: c.folder})
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(v.Start, " ", v.Why); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func commit(p map[string]any) map[string]any { return p["commits"].([]any)[0].(map[string]any) }
