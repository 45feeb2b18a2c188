// Package github speaks to GitHub, GitHub Enterprise Server, and to Gitea and
// Forgejo, whose API has the same shape. See [New] for one repository, [App] for
// the token of a GitHub App, [ParseEvent] for what a webhook or a workflow's
// event says.
//
// # What Gitea does otherwise
//
// It says where a pull request left its base with the pull request, and not when
// two commits are compared; it lists all comments on one page; it has no
// GraphQL, no check runs and no pull requests of a commit; it answers 500 to an
// edit that lost against another one. Its limits of comments are none.
//
// # Check runs
//
// Only an App may make them, and a workflow's own token is an App's, but what it
// makes shows up below whichever workflow of the commit GitHub picks. So check
// runs are made with an [App] alone; a workflow has its exit code for a check.
package github
