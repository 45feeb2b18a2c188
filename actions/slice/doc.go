// Package slice finds out where a model is worse: in which slices of the rows of
// a table of predictions. It is arithmetic on columns in memory; it reads no file
// and knows no metric.
//
// A [Column] becomes a [Feature] of few values by [Categorical], [Binned] or [Cut].
// From there it goes three ways:
//
//   - [Parse] reads what a person writes under "slices:" and [Spec.Of] tells which
//     rows each slice holds, so that any metric can be computed of them;
//   - [Discover] looks at all values and pairs of values of many features and tells
//     the few in which a loss, or a difference of two losses, is higher than elsewhere;
//   - [Fairness] compares the groups of one feature by the rates of decisions.
//
// Everything is pure and safe for concurrent use. Rows are told by their places,
// from 0, and every list of one entry for each row has the same length.
package slice
