// Package index answers questions over many runs from an SQL database that is
// made from a store's files and can be thrown away at any time. Nothing is in it
// that the files do not say; it decides nothing and is never read by a run.
//
// # Where
//
// By default it is the SQLite file index.db in the store. A team gives the address
// of a PostgreSQL database; the tables are the same, and hold the runs of every
// store that was opened with it. A run leaves the database when the last of the
// stores that hold it has none any more.
//
// # How it keeps up
//
// Opening compares what the folders runs/YYYY/MM look like with what they looked
// like when they were read, and lists only those that changed; so does it with
// models and datasets. Runs that are new are read, runs that are gone removed, and
// runs without a seal read again. A folder that changed within the last two
// seconds is listed again next time, because its time of change may not tell.
//
// Each batch of runs is one transaction, and a folder counts as read only after the
// last of its batches; so after a kill the next opening goes on. Who has something to write
// takes a lock, and looks again under it.
//
// # Names
//
// A [Query] is an expression of spec/expression over names:
//
//	run.status run.branch run.commit run.actor run.started …   also without "run."
//	metrics.<name>            over all rows; metrics['auc{plan=pro}'] of a slice
//	params.<name>
//	jobs.<id>.status, .cached, .seconds
//	data.<name>               version of the dataset that the run read
//	models.<name>             version that the run became; models.<name>.<alias> whether the alias points to it
//
// Where several jobs report one metric, legs that a select did not choose are left
// out, and of the rest the last in the order of the plan counts.
//
// What a run does not have, or is NaN, equals nothing, is neither less nor greater than
// anything and holds no text; only == null and != null ask whether it is there. In
// ${{ }} null counts as 0, and loss < 0.5 would find all runs without a loss.
//
// # Why an expression and no SQL
//
// One language in the file and on the command line. It is translated into SQL of
// which every part is written here; what a person typed goes in as bound values alone.
//
// # Why goose, modernc.org/sqlite and pgx
//
// No cgo. All three together weigh 8.3 MB of the program and 0.5 ms of its start (of
// 7): mathutil and libc 0.23, goose 0.06, go-humanize (of sqlite) 0.05, pgx 0.04.
package index
