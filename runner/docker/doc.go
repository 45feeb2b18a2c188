// Package docker runs tasks in containers of a Docker-compatible engine:
// Docker 20.10 and later (API 1.41), rootless Docker, Podman's Docker socket.
// It implements runner.Executor and its optional interfaces.
//
// It knows nothing of jobs, caches or machine learning: a Task says what to
// place, the agent inside the container does the work and proves how it ended.
//
// # What a job costs
//
// Create, attach, start, wait and remove: five requests for a job of any
// number of steps, and one inspect when a container ended without the agent's
// result. Removal does not delay the job; [Executor.Close] waits for it. The
// API version is negotiated once per Executor with one more request.
// [Executor.Requests] counts, and a test holds the limit of eight.
//
// # Steps apart
//
// A task whose steps are kept apart is a chain of containers that differ in
// nothing but their names, with five requests each. One is removed when the next
// exists. Where files are mounted they share the folders; where files are copied,
// named volumes that the first upload fills and from which the outputs are read in
// the end. Taking over the volumes of the container before would be simpler, and
// would bring those of the image along, with what a step left there.
//
// Why no container is made ahead of its turn: what it mounts lies where the step
// before it can still remove it, and a container that does not start for that
// reason would look like a failure of the engine. Making one is an eighth of what
// it costs to make, run and remove it.
//
// # Services
//
// A task with services costs a network, and per service a container and a few
// execs until it is ready. The network is private to the task and bears its
// name; it is closed unless the task has the network. Services see no file of
// ours but the agent, whose "mlops probe" finds out whether a port is open: from
// here the network need not be reachable, and the image needs no tools. They
// run as their image's user on a writable root, without new privileges and with
// the six capabilities that images need which start as root, give a folder to
// their own user and become it, or listen below 1024. The engine keeps what they
// print (the last 8 to 16 MiB), since nobody reads it before their end.
//
// # Why health is asked by us
//
// The engine's own check begins one interval late, which with the usual 30 s is
// longer than most services take, and goes on for as long as the job runs.
//
// # Why the log driver is none
//
// Log bytes are written by the agent to a file on a bind mount; the engine
// carries only events, through an attach made before the start. With json-file
// and a follower the same log moves a hundred times slower, and the "local"
// driver drops data when it rotates while somebody follows.
//
// # Why mounts and not binds
//
// The API has two ways to say "bind". The older one creates a missing source
// as an empty directory owned by root, so a typing error becomes an empty
// input. The newer one refuses, and that refusal also tells, without asking,
// that the engine does not see our files (it runs in another container, in a
// virtual machine or on another host): the executor then copies files in and
// out through the archive API instead.
//
// # Why the container's user is the caller
//
// Files that a job writes must be deletable by the person who started it. The
// caller's uid and gid need no name in the image, so a passwd file with that
// one name is mounted, and HOME is a tmpfs that anybody may write to. For an
// engine that runs as the caller (rootless Docker, rootless Podman) the caller
// is uid 0 inside. That the socket is the caller's does not prove it: such
// sockets also lead into virtual machines and tunnels, so the engine is asked.
// Jobs that say "user: root" get back the few capabilities that package managers
// need, and a helper container without network hands the files back.
//
// # Why the empty image is loaded and not imported
//
// An imported image carries the time of its import, hence another ID on each
// machine, and image IDs are part of fingerprints. Loading a whole image with a
// fixed configuration gives the same ID everywhere.
//
// # How images come
//
// An image that is here is used, and no registry is asked. A pull that fails in
// a way that may pass (time-outs, resets, 5xx, too many requests) is tried
// again three times with growing pauses; all else is reported at once. Engines
// give no codes for either, so their words decide, which a test holds as they
// were seen. Credentials are those of "docker login" and "podman login".
//
// A pinned image ([runner.Pin]) is asked for by its digest, whatever became of
// its tag.
//
// # Why starts are bounded by the number of CPUs
//
// Measured on two cores: 3.9 containers a second with two starts at once, 2.1
// with sixteen. Starting a container is work for the engine, not waiting.
//
// # Why a wait is not believed alone
//
// An exit status says that a process ended, not that the job was done: evicted
// or killed containers report 0 or 137 for many reasons. A job has succeeded
// when the agent's result says so. Without a result the engine is asked whether
// memory ran out; all else is an error with what the agent printed last.
package docker
