// Package baseline finds the run that another run is compared with, and says in
// one line which it is and why. It compares nothing, runs nothing and changes no
// record.
//
// # What is asked for
//
// merge-base is the commit where the change left the branch that it goes into,
// base-tip that branch's newest commit, ref:REV any commit; previous is the last
// successful run of the pipeline, of the same branch if it has one;
// promoted:MODEL@ALIAS the run that made a model; file:PATH a file of metrics, a
// record or a report.
//
// Which branch a change goes into is told by the event that started the run or
// by the CI service; elsewhere it is the branch that this one follows, or the
// remote's main branch. What runs is the trial merge of a pull request where the
// CI service checked that out: then the commit where it left the branch is its
// first parent, whatever the branches' own merge base is. A commit that lies on
// the branch itself is compared with the one before it, and changes that are in
// no commit with the commit that they were made in.
//
// # What counts
//
// A commit has one run: the newest of those that succeeded, else the newest that
// only a gate stopped. A run on changes that were in no commit, of some jobs only,
// or with parameters set by hand, stands for no commit; one without a seal has
// not ended; one in the store of an untrusted run is in no list. If the commit
// has no run, its first parents are tried in order.
//
// # The index
//
// Records are found by commit through an [Index], which reads each record's cover
// once and keeps what it learnt in one file of the store. It is a hint: the run
// that is chosen is read in full and held against what the index said of it.
package baseline
