// Package worktree is the folder of a project: which commit its files come
// from, their digests, and the ways of files into a job's workspace and of
// outputs back. It knows nothing of jobs, and writes nothing but workspaces,
// published outputs, its stat index and snapshots.
//
// # The stat index: how a file is known without reading it
//
// A file whose device, inode, size, mode, modification and change time are what
// they were when it was read has the digest it had then. Two more rules make
// this sound:
//
//   - A file that was written less than 2 s before it was read is read again
//     next time, because another write within the same tick of the clock would
//     have left its stat as it was (git calls such files racy).
//   - A file that bears its store's mark (see store.Stamped) is known at once,
//     whatever else its stat says: publishing links it, which moves the change
//     time, and any write would take the mark away.
//
// On file systems whose stats may be cached or invented (network, FUSE), every
// file is read every time.
//
// The index is one flat file. It is used as it lies in the kernel's memory:
// 100,000 files take 14 MB and no decoding. It is replaced by rename, without a
// lock and without a flush of its own: of two processes that save at once one is
// forgotten, and a torn file fails its checksum; both cost time and nothing
// else. Why not a database: nothing here needs a query or a transaction, and
// losing all of it costs one rehash.
//
// After a power cut a file may have the stat of its last version and the bytes
// of the one before. So files that changed lately are flushed before the index
// that knows them is saved. A snapshot knows more than inputs, and is good for
// one boot of the machine instead.
//
// # The table's format, of index and snapshot
//
// All numbers are little-endian.
//
// Package runner/snapshot has the code.
//
//	"mlopstab" version:u32 crc32c:u32 (of all that follows)
//	key:32 folders:u32 files:u32 names:u32 payload:u32 (counts; bytes)
//	folder = nameAt:u32 nameLen:u32 first:u32 count:u32     sorted by name
//	file   = dev:u64 ino:u64 size:i64 mtime:i64 ctime:i64 mode:u32 flags:u32
//	         nameAt:u32 nameLen:u32 digest:32 zero:u64      sorted by name within its folder
//	names, each with a NUL behind it, as system calls want them
//	payload; of a snapshot it begins with the key that is compared:
//	    parts:u32 length:u32 of each, and their bytes
//
// # Git
//
// HEAD, refs and git's index are read as they lie, so that a check of tracked
// files starts no process. What is rare or needs git's own judgement (split and
// sparse indexes, dirty state, the patch, a commit's author) is asked of the git
// program; where that is missing the answer stays empty.
package worktree
