// Package report judges what a run has come to: it decides the gates of a
// mlops.yaml on the metrics that the jobs reported. It is pure: it reads no
// file, asks no clock and changes nothing, so the same metrics always get the
// same verdicts. It does not compute metrics, and it does not compare two runs
// yet: what a gate asks of a baseline has the outcome [NoBaseline].
//
// # What a gate may read
//
// A metric by its name, auc or val.auc, also as metrics.auc, and the contexts
// that the caller gives, such as params. Only metrics of all rows count, not
// those of a slice. If several jobs report a metric, the last of them in the
// order of the plan counts, and the verdict says whose value it is.
//
// # When a gate fails
//
// A gate fails if its expression is not true, and also if it cannot be judged
// for a reason that a baseline would not cure: a metric that it names was
// reported by no job, or is NaN, even in a part that short-circuiting would not
// reach; a value is null; the expression is wrong. A gate is a promise about
// numbers, and a number that is not there keeps none.
//
// # Without a baseline
//
// Parts that need a baseline are unknown, and && || ! treat unknown as it must
// be (Kleene's three-valued logic): auc >= 0.8 && better(auc) fails if auc is
// 0.7, whatever the baseline, and auc >= 0.8 || better(auc) passes if it is 0.9.
// Otherwise such a gate would never block the first run of a model.
package report
