// Package datacheck checks a table against what mlops.yaml says of it: how many
// rows, which columns with which values, keys, references to other tables,
// conditions on each row, freshness, and how far columns have moved.
//
// One table, [Checks], names each check with its documentation; the inputs of the
// action, its action.yml, its part of the schema and the reference come from it.
//
// # Memory
//
// Rows are read some thousand at a time. Checks that must remember all rows (key,
// unique, distinct, refs, disjoint, duplicates) keep a hash of 128 bits and a row
// number for each, 24 bytes, together at most [MaxHashBytes]; beyond that they are
// sorted out into files of the temporary folder, of which one at a time is read
// back. Equal hashes count as equal values: with 10 billion rows the chance that
// any two different values have one hash is below 1e-18, and since the hash is
// keyed anew in each process nobody can prepare such values.
//
// # Nulls
//
// A line without a `null` clause allows no nulls: the first data decides nothing
// silently, and the message says what to write. All other checks of a column look
// at the values that are there. A rule that reads a null is not judged for that
// row, unless it names null itself.
//
// # Freshness and the cache
//
// A check of `fresh` depends on the clock, which no fingerprint holds. What is
// fresh now is so until the newest time plus the allowed age, and just until then
// the result of the job may be reused: [action.Outcome.Until]. With the input `now`
// there is no clock, and the result holds forever.
package datacheck
