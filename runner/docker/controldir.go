package docker

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

// Files in the control directory that are ours and not the agent's.
const (
	passwdFile = "passwd"
	groupFile  = "group"
)

// A controlDir is the folder that runner and agent share. The job can write to
// it, so nothing in it is followed outside and only regular files are read.
type controlDir struct{ root *os.Root }

func openControl(name string) (controlDir, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return controlDir{}, config("", "docker: open control directory: %w", err)
	}
	return controlDir{root}, nil
}

func (c controlDir) close() { c.root.Close() }

// open opens a regular file for reading. A job could leave a pipe there, and
// opening that must not wait for a writer.
func (c controlDir) open(name string) (*os.File, error) {
	f, err := c.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		f.Close()
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	return f, nil
}

// write replaces a file.
func (c controlDir) write(name string, b []byte) error {
	if err := c.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("docker: control directory: %w", err)
	}
	f, err := c.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("docker: control directory: %w", err)
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("docker: write %s: %w", name, err)
	}
	return nil
}

// begin removes what an earlier attempt left.
func (c controlDir) begin() error {
	for _, name := range []string{agent.LogFile, agent.IndexFile, agent.EventsFile, agent.ResultFile, agent.LearntFile} {
		if err := c.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("docker: control directory: %w", err)
		}
	}
	return nil
}

// users writes the passwd and group files of a container whose user is not
// root, so that programs find a name and a home for it.
func (c controlDir) users(id identity) error {
	passwd, group := users(id)
	return errors.Join(c.write(passwdFile, passwd), c.write(groupFile, group))
}

// users returns /etc/passwd and /etc/group with root, the user and nobody.
func users(id identity) (passwd, group []byte) {
	passwd = fmt.Appendf(nil, "root:x:0:0:root:/root:/bin/sh\nmlops:x:%d:%d:mlops:%s:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n", id.uid, id.gid, Home)
	group = fmt.Appendf(nil, "root:x:0:\nmlops:x:%d:\nnogroup:x:65534:\n", id.gid)
	return passwd, group
}

// logSize is the length of the log in bytes, 0 if there is none.
func (c controlDir) logSize() int64 {
	st, err := c.root.Lstat(agent.LogFile)
	if err != nil || !st.Mode().IsRegular() {
		return 0
	}
	return st.Size()
}

// mountpoints creates in the workspace what mounts will cover, as the caller:
// the engine would create it as root.
func mountpoints(t runner.Task) error {
	root, err := os.OpenRoot(t.Workspace)
	if err != nil {
		return config("", "docker: open workspace: %w", err)
	}
	defer root.Close()
	for _, m := range t.Mounts {
		rel, ok := strings.CutPrefix(target(m.Target), Workspace+"/")
		if !ok {
			continue
		}
		if err := mountpoint(root, rel, m.Source); err != nil {
			return config("", "docker: mount %s at %s: %w", m.Source, m.Target, err)
		}
	}
	return nil
}

func mountpoint(root *os.Root, rel, source string) error {
	st, err := os.Stat(source)
	if err != nil {
		return err
	}
	if st.IsDir() {
		return root.MkdirAll(rel, 0o755)
	}
	if err := root.MkdirAll(path.Dir(rel), 0o755); err != nil {
		return err
	}
	f, err := root.OpenFile(rel, os.O_RDONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	return f.Close()
}
