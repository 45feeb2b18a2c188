// Package dataset keeps the versions of datasets: which files each had, where
// they came from, and which run saw them first. The bytes lie in the store's
// blobs; whether they are still there says the store alone. It reads no data
// and knows nothing of rows or columns: a profile is somebody else's file.
//
// # Layout
//
// Below the store's folder, each file canonical JSON ([record.Canonical]):
//
//	datasets/<name>/versions/<64 hex>.json   a Version; written once, flushed before it has its name
//	datasets/<name>/read/<16 hex>.json       a Reading: what the newest run of a pipeline read
//	datasets/<name>/profiles/<64 hex>.json   a profile of that version, if somebody made one
//
// The name of a version is the digest of its manifest: see [Digest]. Names of
// datasets are written as [record.JobFolder] writes ids, so that case is kept on
// every file system.
//
// Why a file for each version and no journal: versions are found by their
// digests, writers need no lock because equal versions have equal files but for
// who saw them first, and an auditor reads one with cat. Why the manifest stands
// in the version and not in a blob: it must outlive the blobs, which a limit
// on the store's size may take away.
package dataset
