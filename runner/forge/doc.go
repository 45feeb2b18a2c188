// Package forge is how mlops meets forges: GitHub, Gitea and Forgejo, GitLab,
// Bitbucket. It asks them about pull requests, and tells them what a run came
// to: by one comment that is kept up to date, and by a commit status. It knows
// nothing of reports: it gets text that is ready, and a [Marker].
//
// This package holds what all forges share; each forge has a package below.
//
// # The comment
//
// A report has one comment for each key (pipeline) on a pull request. Its last
// line is a marker, and only a comment that ends with one and was written by
// the token's own user is ever changed or removed: anybody can write a marker.
//
// No forge lets a comment be replaced only if it is still what one has read. So
// reporters that write at once, such as the legs of a matrix or two runs of one
// pull request, go by rules that lead all of them to the same end ([Sticky]):
// the lowest id stays, the newest (run, attempt) is what it says, others go,
// and who has written looks again after a while. Nobody replaces what a newer
// run has written. What remains is a reporter that stalls between reading and
// writing for longer than the other one waits before it looks again; its older
// text then stays until the next report.
//
// # Writing twice
//
// A request whose answer was lost may have been obeyed. [Transport] therefore
// sends again only what reads. A comment is written again only after another
// look at the thread, where the lost one may be; a status may be repeated.
//
// # Whom to trust
//
// What a forge answers, and what an event's payload says, was partly written by
// strangers: titles, branches, comments. Change has none of it but names of
// branches, repositories and users, which must not be shown unquoted. The number
// of a fork's pull request must come from [Source].Change and never from what
// the fork's run has written.
package forge
