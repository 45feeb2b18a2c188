// Package early answers a run in which nothing changed before the rest of the
// program is initialised. What it does not understand in full it leaves to main,
// without a word and without a trace; main's answer, by (*app).noop, is the same
// to the byte.
//
// # Why before main
//
// This is the program's one exception to having no work in init. The program has
// some 700 packages, and a third of them do something when they are initialised:
// Docker's client compiles regular expressions, others make tables. None of it is
// needed to say that nothing changed, and it was most of the time of saying so:
// such a run of ten jobs had 960 page faults and now has 340 (a Go program that
// does nothing has 170, ninja 200), and takes 1.9 times as long as ninja where it
// took 4.6 times as long, measured one after the other on one machine.
//
// Go initialises packages in a defined order: sorted by import path, and again and
// again the first one whose imports are all initialised (Go's specification,
// "Program initialization"). So a package that imports little comes early, and may
// end the program. This one may import, directly or not, only what a test names:
// already strings (by package unicode, the last but one in that order) puts
// it behind all packages that need less, which costs 90 page faults more.
//
// Why not lazily initialised dependencies: they are other people's packages, and
// a fork of each is more to look after than this package. Why not a second, small
// program: users install and copy one file.
//
// # What is here
//
// Key and Shown are what main writes and both read: what a snapshot is good for,
// and what a run shows that finds it true. The files' stats are compared by
// package snapshot, which both use, too.
package early
