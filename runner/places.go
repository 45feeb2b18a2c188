package runner

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
)

// places lends attempts a workspace and a control folder on the store's file
// system, so that outputs move into the store without a copy.
//
// Where jobs run on this machine, the folders are emptied and lent again:
// making and removing an inode costs an ext4 up to 0.3 ms, because it steps
// over those that were freed in the last seconds.
type places struct {
	scratch func() (string, error)
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
	if !p.reuse || empty(filepath.Join(dir, workspaceName)) != nil || empty(filepath.Join(dir, controlName, "tmp")) != nil {
		return os.RemoveAll(dir)
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
		errs = append(errs, os.RemoveAll(dir))
	}
	p.free = nil
	return errors.Join(errs...)
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
