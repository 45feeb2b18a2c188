// Package report tells what a run has come to beside an earlier one, its
// baseline, and judges the gates of a mlops.yaml on both. It is pure: it reads no
// file, asks no clock and changes nothing, so the same records always make the
// same report. It computes no metrics from data, and renders nothing: a [Report]
// is what Markdown, terminals and forges are written from, and what a bundle
// holds in JSON.
//
// # Which value of a metric counts
//
// Metrics are told apart by name and slice. If several jobs report one, the last
// of them in the order of the plan counts, of a job with select the leg that was
// chosen. Legs that differ only in a matrix key seed or random_state (in any
// case) are one model trained several times: the mean of the last such group
// counts. The report says which others there are.
//
// # How much a metric moved
//
// A change of two numbers says little without the noise that is in them. An
// [Interval] says where the true change lies, by the best that is known:
//
//  1. what the caller computed from the rows that both models were tried on;
//  2. seeds: with two or more on both sides, the t interval of the paired
//     differences where the baseline has all seeds of the run, of which the others
//     then do not count, else Welch's; what the caller knows of the rows of one of
//     them is added;
//  3. history: with [DefaultMinHistory] earlier runs that measured the metric
//     themselves, the prediction interval of the difference of two runs. A metric
//     that never moved in them does not move by itself: any move is a move;
//  4. noise: what repeated runs of one job showed of it, in the same way.
//
// Else the verdict rests on the two values alone, and the metric's note says so.
// Verdicts are better, same, worse and can't tell; an interval on one side of 0
// decides, and one within the margin of a gate same(auc, 0.002). Differences that
// the rounding of floating-point sums makes, a part of 10^-12, are none. Verdicts
// on metrics that no gate reads are corrected together by Benjamini and Hochberg,
// so that of a thousand metrics not fifty seem to have moved; those that gates
// read by Holm, and so are the answers of better, worse, same and not_worse that
// claim a difference: one of several gates is not decided by chance alone.
//
// # What a gate may read
//
// A metric by its name, auc or val.auc, also as metrics.auc; the same of the
// baseline as baseline.auc; and the contexts that the caller gives, such as
// params. Only metrics of all rows count, not those of a slice. The functions:
//
//	better(auc, m)        the gain is more than m; m may be left out
//	worse(auc, m)         the loss is more than m; m may be left out
//	same(auc, m)          gain and loss are at most m
//	not_worse(auc, m)     the loss is at most m
//	…(auc, m, slices)     so in each slice; of worse, in one of them
//	worst_slice(auc)      the run's value in its worst slice
//	ci_low(auc), ci_high(auc)  ends of the interval of the run's own value
//
// The first four are decided on the bounds of the interval: true if all of it
// says so, false if all of it denies it, and else unknown. Without an interval
// the value is all there is of it. A slice that contradicts the others counts
// only if Holm's correction over the slices leaves it; see also
// [github.com/mlops-runner/mlops/runner/report/history].
//
// # When a gate fails
//
// A gate fails if its expression is not true, and also if it cannot be judged
// for a reason that no baseline and no more data would cure: a metric that it
// names was reported by no job, or is NaN, even in a part that short-circuiting
// would not reach; a value is null; the direction of a metric is not known; the
// expression is wrong. A gate is a promise about numbers, and a number that is
// not there keeps none.
//
// # What is unknown
//
// Parts that need a baseline where there is none, or a metric that it lacks, and
// parts that an interval leaves open are unknown, and && || ! treat unknown as it
// must be (Kleene's three-valued logic): auc >= 0.8 && better(auc) fails if auc is
// 0.7, whatever the baseline, and auc >= 0.8 || better(auc) passes if it is 0.9.
// Otherwise such a gate would never block the first run of a model.
//
// # Reports of others
//
// [Decode] reads a report that whoever could write a bundle may have written. One
// tree of rules, made of the types of the model, is what it checks by, what the
// JSON Schema says and what [Compare] clips its texts and lists to.
package report
