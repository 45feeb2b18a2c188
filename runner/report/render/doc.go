// Package render writes a report for people and machines: for a terminal, as
// Markdown for forges, as a page of HTML, as JSON, JUnit XML, OpenMetrics and
// as the one line of a commit status. It is pure: no clock, no environment, no
// request; the same report and options give the same bytes. It decides
// nothing: verdicts, order and words about the run are the report's.
//
// # One model
//
// What is said is written once, as sections of blocks of text ([page]), and
// laid out by each format in its own way. A section has forms, from all of it
// to one line.
//
// # Size
//
// Forges refuse comments that are too long, so a caller gives a budget in
// bytes, which is at least the number of characters in every way to count
// them. Text is never cut: the section that matters least takes its next
// shorter form until everything fits, and says how much is missing.
//
// # Foreign text
//
// Names, values, messages and logs are as people and programs wrote them, and
// a bundle may come from a fork. So control characters, changes of direction
// and invisible characters are replaced, names are shown as code, and of a
// sentence the words that a forge could take for mark-up, a mention, a
// reference or an address are. Links come from the caller only.
package render
