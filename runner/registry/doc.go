// Package registry keeps which models there are: their versions, the names that
// point to versions, and who did what when and why. The bytes lie in the store's
// blobs. It trains nothing, judges nothing and never reads a model: whoever
// registers one says what run made it and how its gates came out.
//
// # Layout
//
// Below the store's folder; model stands for the name as record.JobFolder writes
// it:
//
//	models/<model>/versions/<n>.json   a [Version]; written once
//	models/<model>/journal.jsonl       an [Entry] a line; lines are only added
//	models/<model>/head                the digest of the journal's last line
//	models/<model>/lock                held by whoever writes (flock)
//	refs/models/<model>/<n>            the version's tree, so that store.GC keeps it
//
// Files are canonical JSON, so an auditor needs cat, jq and sha256sum.
//
// # What is true
//
// The journal is. A version exists when a line registers it; where an alias
// points follows from the lines about it. Each line holds the digest of the one
// before, the line that registers a version the digest of its file, the version
// the digest of its tree, and the tree those of its files. So whoever changes a byte
// anywhere has to change all that follows, up to head, and [Registry.Verify] tells
// the line. That shows damage and careless edits; who can write all files can write
// them all anew, and only a head that is known from elsewhere proves more.
//
// # Kills and power cuts
//
// Registering writes the ref, then the version, then the journal, then head; each
// file appears whole, by rename, after it has reached the disk. What a kill in the
// middle leaves is a ref or a version that no line names, which the next one to
// register replaces, or a head that is one line behind, which the next writer
// moves up.
//
// Why not append to the journal in place: a line cut short by a power cut would have
// to be told from one that somebody cut, and repaired. A journal has some hundred
// lines, and writing it anew costs less than the sync.
//
// # Two at once
//
// A writer holds the model's lock. That alone would let the slower of two promoters
// overwrite what it has never seen, so [Registry.Move] takes the version that the
// caller saw under the alias and fails with a [*ConflictError], which names the
// other one, if it moved meanwhile.
package registry
