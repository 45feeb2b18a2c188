package runner

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// resultVersion is raised when an older mlops would misread a stored result.
const resultVersion = 1

// A Result is what the store keeps of a job that succeeded, under its
// fingerprint. The digests of its outputs are references: the store keeps the
// blobs as long as the result.
type Result struct {
	Version    int               `json:"version"`
	Job        string            `json:"job"`   // instance
	Run        string            `json:"run"`   // id of the run that executed it; its record has the log
	Lines      []string          `json:"lines"` // of the fingerprint
	Outputs    []record.Artifact `json:"outputs,omitempty"`
	Values     map[string]string `json:"values,omitempty"` // outputs of its steps
	Metrics    []record.Metric   `json:"metrics,omitempty"`
	NotNumbers map[string]string `json:"notNumbers,omitempty"` // see [record.Job]
	Summary    string            `json:"summary,omitempty"`
	Report     []string          `json:"report,omitempty"`
	Kept       []record.Artifact `json:"kept,omitempty"`
	Until      time.Time         `json:"until,omitzero"` // until when it holds; zero means forever
	Image      record.Image      `json:"image,omitzero"`
	Wall       time.Duration     `json:"wall"` // nanoseconds
	CPU        time.Duration     `json:"cpu"`  // nanoseconds
	Peak       int64             `json:"peak,omitempty"`
	GPU        float64           `json:"gpuSeconds,omitempty"`
	Finished   time.Time         `json:"finished"`

	afar     []byte // as another machine keeps it, while its bytes are not here; nil for one of the store
	verified string // where, by whom and in which run it was made, if that was checked; see verify
}

// errVersion is the error of a result that another version of mlops wrote.
var errVersion = errors.New("result of another version")

// ParseResult reads what the store keeps under a fingerprint.
func ParseResult(data []byte) (*Result, error) {
	var r Result
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("read result: %w", err)
	}
	if r.Version != resultVersion {
		return nil, errVersion
	}
	return &r, nil
}

func (r *Result) encode() ([]byte, error) {
	r.Version = resultVersion
	return json.Marshal(r)
}

// entries returns outputs in the store's form.
func entries(as []record.Artifact) []store.Entry {
	out := make([]store.Entry, len(as))
	for i, a := range as {
		out[i] = store.Entry{Path: a.Path, Mode: fs.FileMode(a.Mode), Size: a.Size, Digest: a.Digest, Link: a.Link}
		if a.Link != "" {
			out[i].Mode, out[i].Size = fs.ModeSymlink, 0
		}
	}
	return out
}

// artifacts returns entries in the record's form.
func artifacts(es []store.Entry) []record.Artifact {
	out := make([]record.Artifact, len(es))
	for i, e := range es {
		out[i] = record.Artifact{Path: e.Path, Digest: e.Digest, Size: e.Size, Mode: uint32(e.Mode.Perm()), Link: e.Link}
	}
	return out
}

// lastKey is under which the store notes the latest fingerprint of an instance.
func (x *execution) lastKey(n *plan.Node) string { return "job " + x.Plan.Pipeline + " " + n.ID }

// Blobs are the files whose bytes the store keeps for a result.
func (r *Result) Blobs() []store.Entry {
	return slices.DeleteFunc(append(entries(r.Outputs), entries(r.Kept)...), func(e store.Entry) bool { return e.Link != "" })
}
