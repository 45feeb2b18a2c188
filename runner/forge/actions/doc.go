// Package actions talks to the runner of GitHub Actions, Gitea or Forgejo in
// whose step mlops runs: by the files whose names are in GITHUB_OUTPUT,
// GITHUB_ENV and GITHUB_STEP_SUMMARY, and by annotations on standard output.
//
// Files are written through go-githubactions' IssueFileCommand, and never
// through its SetOutput and SetEnv: those end a value with a word that is in
// their source, so a metric's name or a line of a log that contains it could set
// whichever output it likes. Here each value has a word of its own that nobody
// can know. The library panics when a file cannot be written; here that is an
// error.
package actions
