package store

import "sync/atomic"

// Counters say what work was done. The zero value is ready, one value may be
// shared by several stores and worktrees, and all fields may be read at any
// time. A run that changes nothing must leave all but Stats at zero.
type Counters struct {
	BytesHashed  atomic.Int64 // bytes of content that went through SHA-256
	BytesWritten atomic.Int64 // bytes of file content written or copied; links and clones count nothing
	FilesHashed  atomic.Int64
	FilesWritten atomic.Int64 // files created, linked or renamed into place
	Syncs        atomic.Int64 // fsync and syncfs calls
	Stats        atomic.Int64 // stat calls on content: blobs and files of the worktree
}

// Counts are the values of Counters at one moment.
type Counts struct {
	BytesHashed, BytesWritten, FilesHashed, FilesWritten, Syncs, Stats int64
}

// Read returns the present values.
func (c *Counters) Read() Counts {
	return Counts{
		BytesHashed: c.BytesHashed.Load(), BytesWritten: c.BytesWritten.Load(),
		FilesHashed: c.FilesHashed.Load(), FilesWritten: c.FilesWritten.Load(),
		Syncs: c.Syncs.Load(), Stats: c.Stats.Load(),
	}
}

// Sub returns what was done between an earlier reading and c.
func (c Counts) Sub(earlier Counts) Counts {
	return Counts{
		BytesHashed: c.BytesHashed - earlier.BytesHashed, BytesWritten: c.BytesWritten - earlier.BytesWritten,
		FilesHashed: c.FilesHashed - earlier.FilesHashed, FilesWritten: c.FilesWritten - earlier.FilesWritten,
		Syncs: c.Syncs - earlier.Syncs, Stats: c.Stats - earlier.Stats,
	}
}
