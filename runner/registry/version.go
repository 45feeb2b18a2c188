package registry

import (
	"cmp"
	"encoding/json"
	"io/fs"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// Format is the version of the files' format. It is raised when an older reader
// would misunderstand a newer file; new fields alone do not raise it.
const Format = 1

// A Version is one content of a model, and where it came from. It never changes.
type Version struct {
	Format  int          `json:"format"`
	Model   string       `json:"model"`
	Version int          `json:"version"` // counts from 1
	Digest  store.Digest `json:"digest"`  // of the tree of Files
	Path    string       `json:"path"`    // file or folder of the repository that it was
	Size    int64        `json:"size"`    // bytes of all files
	Files   []File       `json:"files"`   // sorted bytewise by path
	Time    time.Time    `json:"time"`    // of registration
	Actor   string       `json:"actor,omitempty"`
	Checked *Check       `json:"checked,omitempty"` // nil if nobody looked into the files
	Origin  `json:"origin"`
}

// A Check says that the files were looked into before they were registered, and
// that nothing spoke against loading them.
type Check struct {
	Format string   `json:"format"`          // that was asked for: onnx, safetensors, sklearn, pickle or any
	Found  []string `json:"found,omitempty"` // formats that the files have, sorted
}

// An Origin is the run that made a model.
type Origin struct {
	Run       string          `json:"run,omitempty"`
	RunDigest store.Digest    `json:"runDigest,omitzero"` // of the sealed record
	Job       string          `json:"job,omitempty"`      // id of the instance that wrote it
	Pipeline  string          `json:"pipeline,omitempty"`
	Source    record.Source   `json:"source,omitzero"`
	Departs   []string        `json:"departs,omitempty"` // how the run differs from what its commit says
	Params    record.Values   `json:"params,omitempty"`
	Metrics   []record.Metric `json:"metrics,omitempty"` // last values, also of slices
	Gates     []record.Gate   `json:"gates,omitempty"`
}

// A File is one file of a version.
type File struct {
	Path   string       `json:"path"`   // slash-separated, relative to the model's folder
	Digest store.Digest `json:"digest"` // of the bytes, or of a link's target
	Size   int64        `json:"size"`   // bytes
	Exec   bool         `json:"exec,omitempty"`
	Link   string       `json:"link,omitempty"` // target of a symbolic link
}

// Entries are the files as the store knows them.
func (v *Version) Entries() []store.Entry {
	es := make([]store.Entry, len(v.Files))
	for i, f := range v.Files {
		mode := fs.FileMode(0o644)
		switch {
		case f.Link != "":
			mode = fs.ModeSymlink
		case f.Exec:
			mode = 0o755
		}
		es[i] = store.Entry{Path: f.Path, Mode: mode, Size: f.Size, Digest: f.Digest, Link: f.Link}
	}
	return es
}

// Metric returns the value of a metric over all rows.
func (v *Version) Metric(name string) (float64, bool) {
	for _, m := range v.Metrics {
		if m.Name == name && len(m.Slice) == 0 {
			return m.Value, true
		}
	}
	return 0, false
}

// From finds the model at path, a file or folder of the repository, among what a
// job of a sealed run read or wrote, and says where it came from: the run's job
// that wrote just these files, else the job itself. It fails with a *StateError
// if there is no such file. What remains to be filled in is the model's name.
func From(run *record.Run, job *record.Job, path string) (*Version, error) {
	path = strings.TrimSuffix(path, "/")
	files := below(job.Inputs, path)
	if len(files) == 0 {
		files = below(job.Outputs, path)
	}
	if len(files) == 0 {
		return nil, &StateError{path + " is no file that " + job.ID + " reads or writes", "name an output of a job in from:"}
	}
	v := &Version{Format: Format, Path: path, Files: files}
	for _, f := range files {
		v.Size += f.Size
	}
	v.Origin = Origin{
		Run: run.ID, RunDigest: run.Digest, Job: maker(run, job, path, files), Pipeline: run.Pipeline, Source: run.Source, Departs: run.Departs,
		Params: run.Params, Gates: run.Gates, Metrics: lastValues(run),
	}
	return v, nil
}

// Written finds what a run wrote at path, a file or folder of the repository: the job
// with that id, else the leg that was selected, else the first that wrote something
// there. It is nil if none did. The model's name and digest remain to be filled in.
func Written(run *record.Run, job, path string) *Version {
	var found *Version
	rank := 0
	for _, j := range run.Jobs {
		files := below(j.Outputs, path)
		n := 1
		switch {
		case len(files) == 0:
			continue
		case j.ID == job:
			n = 3
		case run.Selected[j.Job] == j.ID:
			n = 2
		}
		if n > rank {
			found, rank = &Version{Path: path, Files: files, Origin: Origin{Run: run.ID, RunDigest: run.Digest, Job: j.ID}}, n
		}
	}
	return found
}

// below are the files of a folder by their paths in it, or the one file.
func below(as []record.Artifact, path string) (out []File) {
	for _, a := range as {
		rel, inside := strings.CutPrefix(a.Path, path+"/")
		if a.Path == path {
			rel, inside = path[strings.LastIndexByte(path, '/')+1:], true
		}
		f := File{Path: rel, Digest: a.Digest, Size: a.Size, Exec: a.Mode&0o100 != 0, Link: a.Link}
		if f.Link != "" { // whose text stands in the tree: it has neither size nor mode
			f.Size, f.Exec, f.Digest = 0, false, store.Sum([]byte(f.Link))
		}
		if inside {
			out = append(out, f)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Path < out[j].Path })
	return slices.CompactFunc(out, func(a, b File) bool { return a.Path == b.Path })
}

// maker is the job that wrote the files: of legs that wrote the same, the one
// that was selected, else the first.
func maker(run *record.Run, job *record.Job, path string, files []File) string {
	made := ""
	for _, j := range run.Jobs {
		if !slices.Equal(below(j.Outputs, path), files) {
			continue
		}
		if made == "" || run.Selected[j.Job] == j.ID {
			made = j.ID
		}
	}
	return cmp.Or(made, job.ID)
}

// lastValues are a run's metrics without their histories.
func lastValues(run *record.Run) []record.Metric {
	ms := slices.Clone(run.Metrics())
	for i := range ms {
		ms[i].History, ms[i].Points, ms[i].Step, ms[i].File = nil, 0, nil, ""
	}
	return ms
}

// parseVersion reads what a version's file holds.
func parseVersion(data []byte) (*Version, error) {
	var v Version
	if err := json.Unmarshal(data, &v); err != nil {
		return nil, err
	}
	return &v, nil
}
