// Package store keeps content by its digest in a folder of plain files, and
// remembers which result belongs to which fingerprint. It knows nothing of
// jobs, runs or git. Several processes may use one folder at once, and each
// may be killed at any moment.
//
// # Layout
//
//	cas/sha256/ab/<64 hex>   blobs, mode 0444, named by the SHA-256 of their bytes
//	actions/ab/<64 hex>      what a fingerprint led to; see below
//	last/ab/<64 hex>         the fingerprint that ran last under a key; the name is the key's SHA-256
//	refs/<name>              a digest as text, changed by compare-and-swap
//	trees/<64 hex>/          a tree as a read-only folder of hard links, for bind mounts
//	pins/<name>              what a living process still needs; see Pin
//	bad/<64 hex>             blobs that no longer matched their name
//	tmp/<process>-<random>/  what a process is writing; swept when it is dead
//	lock                     shared by writers, exclusive for GC (flock)
//	claims                   empty; who does which work holds a lock on a byte of it (Linux)
//
// A blob has no executable bit: one content is one file, whatever mode its
// users gave it. The bit stands in the tree's entry. Because a hard link
// cannot have a mode of its own, entries with the bit are restored as copies.
// Other permission bits are not kept: 0644 and 0755 are all there is, as in
// git, so that a umask does not change a digest.
//
// # Stamps: how an edited blob is noticed
//
// Hard links let a person edit a blob in place. So the modification time of
// each blob carries a mark: its seconds are the file's own, its nanoseconds
// are computed from the digest (see Stamped). Any write replaces them with the
// clock's. One stat, which using the file costs anyway, therefore tells whether
// the content is still the named one; the chance of a false yes is 1 in 10
// million. A blob without its mark is hashed again: if it is intact it gets the
// mark back, otherwise it moves to bad/ and counts as missing, with the reason.
//
// Why not a side index of stats: it would have to be locked, flushed and kept
// in step by several processes, and would cost a look-up on top of the stat. A
// mark on the file costs one utimensat at publishing (1.5 µs), needs no second
// file, survives a copy that keeps times, and lets the worktree's own index
// trust published outputs at once instead of waiting for its time stamps to age.
//
// # Publishing, and what a crash leaves
//
// A Batch collects new blobs in tmp/ or where they already lie, flushes the
// file system once (syncfs; a lone blob gets an fsync), renames the blobs to
// their names and then renames the action records, which are the commit point.
// A crash before that leaves only files under tmp/, or blobs nobody refers to;
// Sweep and GC remove them. Why not fsync per file: 0.8 ms each on ext4,
// against 0.43–0.79 s for 1,000 files with one syncfs, renames included.
//
// # Formats
//
// A tree is one blob per folder, its entries sorted bytewise by name, without
// times; equal folders have equal digests:
//
//	"mlops tree 1\n" entry...
//	entry = "f " size " " hex " " name NUL     file
//	      | "x " size " " hex " " name NUL     executable file
//	      | "d " size " " hex " " name NUL     folder; size is that of all files below
//	      | "l " name NUL target NUL           symbolic link
//
// An action record is "mlops action 1 <hex of the data's SHA-256>\n" and the
// data, which are the caller's. A torn record does not match and counts as
// missing. Text of the form sha256:<64 hex> in the data is a reference: GC
// keeps what it names, and if that is a tree, what the tree holds.
//
// last/ files are "sha256:<hex>\n" of the fingerprint and the key, one line each.
package store
