// Package metric computes what predictions are worth: the usual metrics of binary
// and multiclass classification, regression, ranking and forecasts, and the curves
// that explain them. It is arithmetic alone: rows go in as slices ([Rows]), numbers
// come out ([Value]); nothing is read or written.
//
// A [Metric] is found by the name that people write ([Find]), such as "f1 at 0.5" or
// "ndcg@10", and has one that gates can read, f1_at_0_5 and ndcg_at_10. It says of
// which kind its arithmetic is ([Kind]) and gives the pieces it is made of, so that
// intervals and tests of two models can choose the method that fits and need not
// know a single metric.
//
// There is no silent number. What has no value on some rows, such as AUC where all
// labels are equal, is an [Undefined] error with the reason; scores that are no
// numbers or no probabilities, and labels of unknown classes, are a [RowsError] with
// their count and the first row.
//
// Definitions follow scikit-learn, with which all are compared in the tests, where it
// has the metric; weights are taken as its sample_weight is. What differs is told in
// [Metric.Edge].
//
// Rows are not changed by anything here, and all functions are safe for concurrent
// use, also on the same rows.
package metric
