// Package trigger reads the events of a forge and decides whether one starts a
// run, as `on:` of an mlops.yaml says. It starts nothing itself, and asks for
// nothing but the files that changed between two commits, through [Changes].
//
// # Events
//
// [Parse] reads a webhook payload of GitHub, [Environ] what GitHub Actions
// tells a job. Five events start runs: push, pull_request, merge_group,
// schedule and workflow_dispatch; a sixth, data, is made here (see [Data]). Any
// other is an [*UnknownEventError].
//
// # Filters
//
// [Decide] has the meaning of GitHub's workflow syntax:
//
//   - branches of a pull request or merge group are those it goes into.
//   - With branches alone, tags start nothing; with tags alone, branches do not;
//     with both, either does; with neither, all do.
//   - Patterns are looked at in their order and the last that matches decides; one
//     with ! takes away what those before it let in. See [Pattern].
//   - paths lets a run start if one changed file is matched, paths-ignore if one is
//     not. Tags are not held to them. A push is compared with the commit before
//     it, a new branch with the parent of its first commit, a pull request with
//     the commit where it left its base.
//   - What was deleted starts nothing.
//
// If nobody can tell which files changed, the run starts, and the verdict says
// why: a run too many costs time, a run too few lets something pass unseen.
// GitHub does the same above its limits, which do not exist here.
//
// One thing differs: paths are relative to the folder of the mlops.yaml, like
// every path in it, and files outside of it do not count.
package trigger
