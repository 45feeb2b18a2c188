// Package gitlab speaks to GitLab: merge requests are the pull requests of
// [forge.Forge], notes their comments.
//
// # What GitLab does otherwise
//
// A line of a note that begins with / is a command, which GitLab carries out
// with the token's rights: /merge, /close, /assign. A report quotes branches,
// parameters and logs that others wrote, so every such line is escaped before
// it is sent. GitLab does not tell a line of a code block from another before
// it looks for commands, or not in all versions, so lines of code get the
// backslash, too.
//
// A commit status cannot be set to what it is already; GitLab calls that an
// error, which here it is not.
//
// CI_JOB_TOKEN may neither write notes nor set a status: that needs a project
// access token with the scope api.
package gitlab
