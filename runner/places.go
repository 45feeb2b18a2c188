package runner

import (
	"errors"
	"os"
	"path/filepath"
	"sync"

	"github.com/mlops-runner/mlops/runner/agent"
)

// places lends attempts a workspace and a control folder on the store's file
// system, so that outputs move into the store without a copy.
//
// Where jobs run on this machine, the folders are emptied and lent again:
// making and removing an inode costs an ext4 up to 0.3 ms, because it steps
// over those that were freed in the last seconds.
type places struct {
	scratch func() (string, error)
	remove  func(dir string) error
	reuse   bool

	mu   sync.Mutex // guards free
	free []string
}

const (
	workspaceName = "workspace"
	controlName   = "control"
)

// lend returns an empty workspace and a control folder without a log.
func (p *places) lend() (dir string, err error) {
	p.mu.Lock()
	if n := len(p.free); n > 0 {
		dir, p.free = p.free[n-1], p.free[:n-1]
	}
	p.mu.Unlock()
	if dir != "" {
		return dir, nil
	}
	if dir, err = p.scratch(); err != nil {
		return "", err
	}
	return dir, errors.Join(os.Mkdir(filepath.Join(dir, workspaceName), 0o755), os.Mkdir(filepath.Join(dir, controlName), 0o700))
}

// giveBack ends the use of what lend returned.
func (p *places) giveBack(dir string) error {
	control := filepath.Join(dir, controlName)
	if !p.reuse || empty(filepath.Join(dir, workspaceName)) != nil || empty(filepath.Join(control, "tmp")) != nil || clean(control) != nil {
		return p.remove(dir)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, dir)
	return nil
}

// close removes the folders that wait to be lent again.
func (p *places) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, dir := range p.free {
		errs = append(errs, p.remove(dir))
	}
	p.free = nil
	return errors.Join(errs...)
}

// clean removes from a control folder what is none of the agent's own files: a
// job may have left there what the next one must not find.
func clean(control string) error {
	es, err := os.ReadDir(control)
	for _, e := range es {
		switch e.Name() {
		case agent.LogFile, agent.IndexFile, "step", "tmp":
		default:
			err = errors.Join(err, os.RemoveAll(filepath.Join(control, e.Name())))
		}
	}
	return err
}

// empty removes what is in a folder, and gives it back the mode it had.
func empty(dir string) error {
	es, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for _, e := range es {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}
