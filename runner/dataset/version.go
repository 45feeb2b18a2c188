package dataset

import (
	"io/fs"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner/store"
)

// Format is the version of the files' format. It is raised when an older reader
// would misunderstand a newer file; new fields alone do not raise it.
const Format = 1

// A Version is one content of a dataset.
type Version struct {
	Format  int          `json:"format"`
	Dataset string       `json:"dataset"`
	Digest  store.Digest `json:"digest"` // content version; of one with a pinned address, the pin
	Path    string       `json:"path"`   // file, glob or folder of the workspace
	Size    int64        `json:"size"`   // bytes of all files
	Files   []File       `json:"files"`  // sorted bytewise by path
	Origin  *Origin      `json:"origin,omitempty"`
	First   Sight        `json:"first"`
	// Kept says that the bytes of all files went into the store when the version
	// was seen first. A limit on the store's size may have taken them since.
	Kept bool `json:"kept"`
}

// A File is one file of a version.
type File struct {
	Path   string       `json:"path"`   // slash-separated, relative to the folder of the mlops.yaml
	Digest store.Digest `json:"digest"` // of the bytes, or of a link's target
	Size   int64        `json:"size"`   // bytes
	Exec   bool         `json:"exec,omitempty"`
	Link   string       `json:"link,omitempty"` // target of a symbolic link
	Tag    string       `json:"tag,omitempty"`  // of the server: ETag, or the version id where it has one
}

// An Origin is where a dataset outside of the repository came from.
type Origin struct {
	Address string `json:"address"` // without user, password, query and fragment
}

// A Sight says when and by what a version was seen first.
type Sight struct {
	Time     time.Time `json:"time"`
	Run      string    `json:"run"`
	Pipeline string    `json:"pipeline"`
	Commit   string    `json:"commit,omitempty"` // full hash; "" outside git
	Dirty    bool      `json:"dirty,omitempty"`  // whether tracked files differed from the commit
	Branch   string    `json:"branch,omitempty"`
}

// A Reading is what the newest run of a pipeline read of a dataset.
type Reading struct {
	Format   int          `json:"format"`
	Pipeline string       `json:"pipeline"`
	Version  store.Digest `json:"version"`
	Run      string       `json:"run"`
	Time     time.Time    `json:"time"` // when that run began
	Files    int          `json:"files"`
	Size     int64        `json:"size"` // bytes
}

// Digest is the content version of files given by path: the SHA-256 of the lines
// "sha256:<hex> <path>\n", sorted by path bytewise, which is also the manifest
// that pins a folder at an address. No files have the zero digest.
func Digest(files map[string]store.Digest) store.Digest {
	if len(files) == 0 {
		return store.Digest{}
	}
	return store.Sum(Manifest(files))
}

// Manifest is the text that [Digest] is the digest of.
func Manifest(files map[string]store.Digest) []byte {
	var b strings.Builder
	for _, path := range slices.Sorted(maps.Keys(files)) {
		b.WriteString(files[path].String() + " " + path + "\n")
	}
	return []byte(b.String())
}

// New makes a version of entries: its digest, files and size. Folders without
// files are left out.
func New(name, path string, es []store.Entry) Version {
	v := Version{Format: Format, Dataset: name, Path: path, Files: make([]File, 0, len(es))}
	digests := make(map[string]store.Digest, len(es))
	for _, e := range es {
		if e.Mode.IsDir() {
			continue
		}
		v.Files = append(v.Files, File{Path: e.Path, Digest: e.Digest, Size: e.Size, Exec: e.Link == "" && e.Mode&0o111 != 0, Link: e.Link})
		v.Size += e.Size
		digests[e.Path] = e.Digest
	}
	sort.Slice(v.Files, func(i, j int) bool { return v.Files[i].Path < v.Files[j].Path })
	v.Digest = Digest(digests)
	return v
}

// Entries returns the files as the store restores them.
func (v *Version) Entries() []store.Entry {
	out := make([]store.Entry, len(v.Files))
	for i, f := range v.Files {
		e := store.Entry{Path: f.Path, Mode: 0o644, Size: f.Size, Digest: f.Digest, Link: f.Link}
		switch {
		case f.Link != "":
			e.Mode, e.Size = fs.ModeSymlink, 0
		case f.Exec:
			e.Mode = 0o755
		}
		out[i] = e
	}
	return out
}

// Blobs returns the digests of the files' bytes, each once.
func (v *Version) Blobs() []store.Digest {
	var out []store.Digest
	seen := map[store.Digest]bool{}
	for _, f := range v.Files {
		if f.Link == "" && !seen[f.Digest] {
			seen[f.Digest] = true
			out = append(out, f.Digest)
		}
	}
	return out
}

// A Change says by how many files two versions differ.
type Change struct {
	Added   int `json:"added"`
	Removed int `json:"removed"`
	Changed int `json:"changed"`
}

// Since compares a version with an earlier one; nil stands for no files.
func (v *Version) Since(earlier *Version) Change {
	was := map[string]File{}
	if earlier != nil {
		for _, f := range earlier.Files {
			was[f.Path] = f
		}
	}
	var c Change
	for _, f := range v.Files {
		old, there := was[f.Path]
		switch {
		case !there:
			c.Added++
		case old.Digest != f.Digest || old.Link != f.Link:
			c.Changed++
		}
		delete(was, f.Path)
	}
	c.Removed = len(was)
	return c
}
