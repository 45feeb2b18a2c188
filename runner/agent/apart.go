package agent

import (
	"os"
	"path/filepath"
	"strconv"
)

// ownFolders gives a step of a job with Isolate a home and a folder for
// temporary files of its own, where it shares a place with the other steps, and
// kills what the step before it left. drop removes them.
func (j *job) ownFolders(i int) (vars []Var, drop func(), err error) {
	if !j.spec.Isolate || j.place.relay != nil {
		return nil, func() {}, nil
	}
	if err := j.endProcesses(); err != nil {
		return nil, nil, err
	}
	dir := filepath.Join(j.spec.Control, "apart-"+strconv.Itoa(i))
	home, tmp := filepath.Join(dir, "home"), filepath.Join(dir, "tmp")
	drop = func() { _ = os.RemoveAll(dir) } // else it goes with the control directory
	for _, d := range []string{home, tmp} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, drop, err
		}
	}
	for _, l := range j.spec.HomeLinks {
		at := filepath.Join(home, l.Name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return nil, drop, err
		}
		if err := os.Symlink(l.Value, at); err != nil {
			return nil, drop, err
		}
	}
	return []Var{{"HOME", home}, {"TMPDIR", tmp}}, drop, nil
}
