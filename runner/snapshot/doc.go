// Package snapshot tells whether a set of files looks as it did, by their stats
// alone. Its table of files is also the form of runner/worktree's index, whose
// documentation says why stats can be relied on and how a table is laid out.
//
// # Why it imports so little
//
// The command answers a run in which nothing changed before most packages of the
// program are initialised (see cmd/mlops/early). Go initialises a package after
// those it imports and otherwise by import path, and so strings or fmt here
// would put this one behind most of the others: strings alone costs 90 page
// faults, a quarter of the whole answer. A test of cmd/mlops/early holds the list.
package snapshot
