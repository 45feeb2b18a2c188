package early

import (
	"os"
	"strconv"

	"github.com/mlops-runner/mlops/runner/snapshot"
)

// An Ask is what a run is asked for, as far as it decides what there is to do.
type Ask struct {
	Boot                  string // of the machine; see [snapshot.Boot]
	Root                  string // absolute folder of the mlops.yaml
	Path                  string // of the mlops.yaml, as shown to people
	Params, Inputs, Names []string
	Downstream            bool
	Executor              string
	Getenv                func(name string) string
	Source, Lock          []byte // of mlops.yaml and its lock file; no lock file is an empty one
}

// Key returns what a snapshot is good for, beside the files.
func (a Ask) Key() snapshot.Key {
	b := []byte("snapshot 7\n")
	for _, s := range []string{build(), a.Boot, a.Root, a.Path, strconv.FormatBool(a.Downstream), a.Executor} {
		b = strconv.AppendQuote(b, s)
		b = append(b, '\n')
	}
	for _, list := range [][]string{a.Params, a.Inputs, a.Names} {
		for _, s := range list {
			b = strconv.AppendQuote(b, s)
		}
		b = append(b, '\n')
	}
	for _, v := range GitHub {
		b = a.variable(b, v.Name)
	}
	for _, name := range []string{"GITHUB_EVENT_PATH", "DOCKER_HOST", "DOCKER_CONTEXT", "CI"} {
		b = a.variable(b, name)
	}
	return snapshot.Key{b, a.Source, a.Lock}
}

func (a Ask) variable(b []byte, name string) []byte {
	b = append(append(b, name...), '=')
	return append(strconv.AppendQuote(b, a.Getenv(name)), '\n')
}

// A Variable is one of a workflow that the github context repeats.
type Variable struct{ Name, Key string }

// GitHub lists these variables.
var GitHub = []Variable{
	{"GITHUB_ACTOR", "actor"}, {"GITHUB_BASE_REF", "base_ref"}, {"GITHUB_EVENT_NAME", "event_name"}, {"GITHUB_HEAD_REF", "head_ref"},
	{"GITHUB_JOB", "job"}, {"GITHUB_REF", "ref"}, {"GITHUB_REF_NAME", "ref_name"}, {"GITHUB_REF_TYPE", "ref_type"},
	{"GITHUB_REPOSITORY", "repository"}, {"GITHUB_RUN_ATTEMPT", "run_attempt"}, {"GITHUB_RUN_ID", "run_id"},
	{"GITHUB_RUN_NUMBER", "run_number"}, {"GITHUB_SERVER_URL", "server_url"}, {"GITHUB_SHA", "sha"}, {"GITHUB_WORKFLOW", "workflow"},
}

// Snapshot is where the snapshot of a key is kept in the store.
func Snapshot(store string, key snapshot.Key) string {
	return store + "/" + SnapshotFolder + "/" + key.Name()
}

// SnapshotFolder is the folder of snapshots in a store.
const SnapshotFolder = "snapshots"

// build tells builds of mlops apart, by the stat of the program's file. Its version
// would not do for those that are built while mlops is worked on.
func build() string {
	file, err := os.Executable()
	if err != nil {
		return ""
	}
	var st snapshot.Stat
	if st.OfPath(file) != nil {
		return ""
	}
	b := strconv.AppendUint(nil, st.Ino, 10)
	for _, n := range []int64{st.Size, st.Mtime, st.Ctime} {
		b = strconv.AppendInt(append(b, ' '), n, 10)
	}
	return string(b)
}
