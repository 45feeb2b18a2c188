// Package evaluate is the built-in action evaluate: it reads a table of
// predictions, one row for each example, says what they are worth overall and by
// slice, and finds where they are bad. [Compare] holds the predictions of two runs
// against each other, row by row, and tells what of the difference is no luck.
//
// The action looks at one run's predictions alone, so that its job is reused as
// long as they are the same, whatever they are compared with. The comparison is
// made where a run is judged or shown, from the predictions of both runs in the
// store: with any earlier run, also with one that nobody thought of.
//
// What metrics mean is in actions/metric, the statistics of pairs in
// actions/paired, slices in actions/slice. Here is what connects them: the inputs
// of the action, rows, ids and their join, and words for people.
package evaluate
