// Package agent runs the steps of one job and proves how it ended.
//
// It is PID 1 of a job's container ([Main], started as `mlops agent DIR`) or
// runs inside the runner's own process ([Run], for jobs without a container).
// Both take a [Spec], run its steps one after another, each in a session of its
// own, and leave in the control directory the log, its index, the events and,
// last of all, a [Result]. A job without a Result has not succeeded, whatever
// its exit code says. The package knows nothing of machine learning, of images
// or of the graph that a job belongs to.
//
// # A step
//
// A step is `run` (a script and a shell) or `uses` (a built-in action, which is
// this very binary started again as `mlops action NAME`). Its condition,
// variables, directory and inputs may hold expressions, which are evaluated
// when its turn comes. It reads /dev/null and writes both its streams into one
// pipe, so that their order is kept. It talks back through seven files, named by
// MLOPS_OUTPUT, MLOPS_ENV, MLOPS_PATH, MLOPS_SUMMARY, MLOPS_METRICS, MLOPS_MASK
// and MLOPS_REPORT (the GITHUB_ names mean the same files), through lines such as
// "::warning file=a.py,line=3::text", and through the folder MLOPS_RECORD, whose
// files are kept with the record of the job.
//
// A process that a step leaves behind lives until the job ends, as on GitHub,
// unless it still holds the step's output two seconds after the step ended:
// then it is killed with the step's group, because the output could never be
// called complete. When the last step is over everything that still runs is
// killed, and only then are the outputs read.
//
// # Steps in the background
//
// A step in the background runs beside those after it, with files of its own to
// talk back through; lines of both go to the log in one piece. Its failure is
// the job's, and ends the step at the front unless that would run after a
// failure as well. Later steps wait for it or stop it by its id; one that was
// stopped so has not failed, whatever its exit status. The job ends when all
// have ended; once it has failed they are stopped.
//
// # Steps apart
//
// The steps of a job with Spec.Isolate share the workspace and what they hand on
// to each other, and nothing else. As each has a place of its own, so it has an
// agent of its own, and they go through the job one after the other: a [Relay].
// Whatever an agent knows at its end lies in a file, sealed, as steps can read it
// and some of it is secret: variables and PATH, results, summary and metrics,
// masks, when the job began, and where the log stands. The last one writes the
// Result, as if it had been there all the time. [Run], which has no place to
// leave, gives a step a home and a TMPDIR of its own instead.
//
// # Stopping
//
// When the context ends, or a timeout passes, the step's group gets SIGTERM
// (and SIGCONT, in case it was stopped). It then has Spec.Grace to finish: not
// the shell alone but every process of the group, because a shell dies of
// SIGTERM at once while the training below it still writes its checkpoint.
// What is left gets SIGKILL. Steps under `if: always()` or `cancelled()` still
// run, for five minutes in all. A context whose cause is [ErrKill], or a kill
// given by [WithKill], skips all of that.
//
// # Jobs that mean harm
//
// Steps run as the user who owns the control directory and can write there. So
// the agent's files are made anew in the place of whatever is under their names,
// a log that a step removed is written again from the open file, and such a job
// fails. Outputs are read when nothing of the job runs any more; links are not
// followed, and what is not a file, a folder or a link inside the output is
// refused. Their number and the bytes that they claim are bounded.
//
// Once a second the agent looks at what its folders take and at what is left of
// their file system, and kills a job that passes Spec.Disk or Spec.DiskFloor.
// What a step holds open and has removed shows in the second alone.
//
// # Why these choices
//
// Why a session per step and not only a process group: a background group that
// reads the terminal is stopped by SIGTTIN and would hang for ever. Without a
// controlling terminal, opening /dev/tty fails at once.
//
// Why scripts go through -c: the shell replaces itself by the last command and
// saves a fork, Python finds modules of the workspace, and nothing is written.
// Scripts over 64 KiB go through a file; an argument may have 128.
//
// Why command files are reused and not new for each step: six files made,
// read and removed cost more than the process. A file is truncated when, and
// only when, the step wrote to it.
//
// Why syscall.ForkExec and not os/exec: os/exec waits for one process by its
// own means and would race with the loop that reaps orphans as PID 1. Here
// waiting for a step never reaps (WNOWAIT), so a step's process id stays taken
// until the group was dealt with, and signals cannot hit a stranger.
//
// Why [Run] is no subreaper: orphans would become children of the runner, and
// reaping them would need wait(-1), which steals children that other code
// waits for. Instead each step's environment carries a mark, by which processes
// that left their group are found in /proc and killed. A process that also
// cleared its environment escapes; containers have no such gap, as there PID 1
// kills everything.
//
// Why PeakMemory may be 0: inside a container it is the growth of the control
// group's high-water mark, page cache included. A step that stays below an
// earlier peak leaves no trace there, and the kernel's ru_maxrss of a process
// started by vfork begins at the starter's own size. A figure at or below that
// is not known, and is left out.
//
// Why an out-of-memory kill does not fail a step that exits 0: the script saw
// its child die and chose to go on. The kill is counted and a warning says so.
// If the step fails, the kill is its reason.
//
// Why the agent masks and not the runner: everything that a step says comes
// through here first, so that no file ever holds a secret in clear. The values
// of Spec.Secrets, of ::add-mask:: lines and of MLOPS_MASK become three asterisks
// in the log, the events, the summary, errors and notices (see package mask for
// their forms); outputs and metric lines that hold one are dropped. A line of
// MLOPS_MASK counts as soon as it is written: the file's size is looked at before
// output is passed on. Masks given later do not reach back.
//
// Why secrets come over the standard input: a file could outlive the job, and an
// engine shows variables and arguments to whoever may ask it.
//
// Why a chain of agents and not one that sends steps elsewhere: an agent sees the
// step's processes, memory and kernel counters only from inside its place, and
// would have to be there twice. Conditions, masks and command files would need a
// second way to every answer.
//
// Why the baton is sealed and not sent through the event stream: a stream can
// break off during a step of many hours. The key is 32 bytes in memory.
//
// Why nothing is synced: the proof must outlive the daemon and the runner, not
// a power cut, after which the job runs again. Waiting for the disk would cost
// more than many jobs do, and the engine's own syncs would wait with it. The
// Result holds the log's length and LoadResult compares it, so that a result
// whose log is torn proves nothing.
package agent
