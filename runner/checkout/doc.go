// Package checkout brings a commit of a git repository into a fresh folder,
// and reads files and merge bases from one, without running anything that the
// repository, the person's own configuration or the machine's asks for.
//
// It does not decide whom to trust, and what it writes is as untrusted as the
// repository: a job that runs there needs its container all the same.
//
// # What does not run
//
// Git starts other programs by configuration (hooks, filters, fsmonitor,
// textconv, credential helpers, pagers, ssh and ext:: transports), and takes
// configuration from five places. Here git gets an environment of its own: no
// system or global file, an empty home, nothing inherited but PATH, proxies and
// certificates. The folder's .git is made by us, from an empty template; the
// configuration and hooks of the repository that is read stay where they are.
// .gitattributes can name a filter, but nothing defines one.
//
// Submodules are not brought by `git submodule`, which obeys .gitmodules in many
// ways: each is one more checkout, of an address that is checked first.
//
// One function does otherwise: [OpenOwn] is for the person's own repository, whose
// history can be had only with their credentials.
//
// # What is refused
//
// Symbolic links whose target leaves the folder or enters .git; names that git
// itself refuses; more files than Options.MaxFiles, so that a tree of trees that
// unfolds to billions of files ends early; objects that git's own checks call
// malformed; transports other than https and files of this machine.
//
// # Why there is a .git at all
//
// The runner asks git which files are tracked. Why not `git archive`: it obeys
// export-ignore and export-subst, so that its files are not those of the commit.
package checkout
