// Package record keeps what is known of a run: what it was asked, on which
// code, data and machine it ran, what each job did and which metrics came out.
// It reads the metrics that jobs report. It executes nothing, judges nothing,
// and holds no secrets: whoever fills in a record must leave them out.
//
// # Layout
//
// A record is a folder of plain files below a root, such as .mlops. Its place
// follows from the run's id, a UUID version 7, which begins with the time:
//
//	runs/YYYY/MM/<id>/
//	  run.json              what was asked, when it ran, how it ended; a line for each job
//	  source.json           repository, commit, branch, whether there were changes
//	  env.json              mlops, machine, executor, CI service
//	  params.json           dotted name → value
//	  metrics.jsonl         a metric a line, in the order of the jobs
//	  inputs.json           data that the run read and did not write
//	  outputs.json          job → what it wrote
//	  jobs.jsonl            jobs that were not executed, reused or skipped: one a line
//	  jobs/<job>/           of each job that was executed; see [JobFolder] for the name
//	    job.json            status, steps, attempts, inputs, outputs, use of the machine
//	    fingerprint         its ingredients, "kind name value", one a line
//	    log                 what it printed; of more than 64 KiB log.zst (Zstandard, RFC 8878)
//	    log.index           byte offset (unpacked), time and step of its parts
//	    <name>              further files: logs of services, what steps handed over
//	  <name>                further files, see [Writer.AddFile]
//	  SHA256SUMS            the seal
//	  attest/               statements about the run's digest; they cannot be under it
//
// Files that have nothing to say are absent in jobs/ and empty in the folder
// of the run. The log of a reused job is in the record of the run that
// executed it, which [Run.Log] finds.
//
// # Canonical JSON
//
// Equal values have equal bytes, so that equal runs have equal digests and two
// records can be compared with diff: keys are sorted, numbers have one spelling,
// times are UTC, durations are whole nanoseconds. NaN and the infinities, which
// JSON lacks and trainings produce, are the strings "NaN", "Infinity" and
// "-Infinity". [Canonical] has the rules. Readers take any JSON and ignore
// fields that they do not know; [Version] is raised only when an older reader
// would misunderstand.
//
// # The seal
//
// SHA256SUMS names every file with its SHA-256, as sha256sum prints it, so an
// auditor needs no mlops: sha256sum -c SHA256SUMS. The digest of that file is
// the digest of the run; it is what an attestation signs. A record that has it
// is finished and its files are read-only; one that lacks it never claims to
// have succeeded. [Load] compares what it reads, [Verify] everything. Both
// notice damage; only a digest that is known from elsewhere proves more, since
// whoever can write the files can write SHA256SUMS as well.
//
// # Kills and power cuts
//
// A record is written while the run goes on, so that a run that was killed can
// still be looked at. The folder is filled under runs/.new and appears complete
// under its name. Each file is written under another name and renamed. Metrics
// are appended when their job has ended, and a line that was cut off does not
// count. The seal comes last, after everything has reached the disk. Hence
// after kill -9 at any moment every file is whole or absent; after a power cut
// a file may be torn, but only in a record without a seal, and reading it says
// so in [Run].Problems.
//
// The writer keeps little of a job in memory once it has ended: where its files
// and lines are, and their digests. The files that sum up the jobs are made from
// those when the record is sealed, and a file that is not as it was written is
// an error then.
//
// The writer holds a lock on the folder, which the kernel gives back when the
// process dies: that tells a run that is [Running] from one that was
// [Interrupted]. Where locks do not work, the process number and its start time
// do, and for another machine's record its last change.
//
// Any number of processes may write below one root, each its own runs; of two
// that create the same id one gets [ErrExists].
//
// # Metrics
//
// [ReadMetrics] reads a file that a job wrote, in the format that its name
// tells; [MetricReader.Lines] the lines of MLOPS_METRICS. The readers take what
// people and libraries already write:
//
//   - JSON, YAML, TOML: numbers, by their dotted path: {"val": {"auc": 0.9}} is
//     val.auc, {"conf": [[5, 1]]} is conf.0.0 and conf.0.1. Booleans are 1 and 0,
//     NaN and the infinities are taken bare as Python writes them, and as
//     strings. Text and null are no metrics; a notice counts them.
//   - A list of objects with a step, and JSON Lines with one, are histories: the
//     last value is the metric's. The step is the first of step, global_step,
//     iteration, iter, epoch.
//   - CSV and TSV are wide, a metric a column and a point a row (without a
//     step, rows are counted from 0), or long, with the columns metric (or
//     name) and value: there each row is a metric, unit, better and step say
//     what they do elsewhere, and other columns name its slice.
//   - An object with name and value spells a metric out: {"name": "auc",
//     "value": 0.91, "unit": "", "better": "higher", "slice": {"region": "EU"},
//     "step": 4, "history": [[1, 0.5], [2, 0.91]]}.
//   - A line of MLOPS_METRICS is NAME=NUMBER pairs, loss=0.3 step=10, or JSON.
//
// The same name twice with different values, in one place without steps or in
// two files, is an error that names both. Histories of more than [MaxPoints]
// are thinned evenly, and more than [MaxMetrics] names are an error, because
// then the file is something else.
package record
