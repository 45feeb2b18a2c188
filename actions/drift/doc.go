// Package drift tells whether the rows of a table have changed since an earlier
// one, from the profiles of both and nothing else: no data is read, and two
// profiles of a dozen columns are compared in milliseconds.
//
// All columns are measured by one unit, the share of the rows that moved, and an
// alarm needs both a size that matters and a probability that chance does not
// explain; see [Compare]. The distances and tests that other tools use are here
// under their names ([PSI], [JS], [KS], [ChiSquare] …), so that figures can be
// compared and a column can be watched by one of them instead ([Tests]).
//
// What changed of the form of the table, its columns, types, categories and ranges,
// is told by [Schema].
//
// Why not their defaults: in a simulation of unchanged columns a one-sample
// chi-square test, as some use, flags 30 to 100 % of those with categories, and a
// PSI of 0.1 flags 84 % of normal columns of 100 rows; the rule here flags less
// than one in two hundred; TestStudy draws ten thousand and prints what it finds.
//
// Everything is pure and safe for concurrent use.
package drift
