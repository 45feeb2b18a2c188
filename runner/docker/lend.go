package docker

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// nobody is the user and group that an untrusted job has where the caller is
// root: on all systems the one without files, without rights and without a name.
const nobody = 65534

// lend gives nobody what an untrusted job of root must write: workspace, control
// directory and the writable mounts themselves. Nothing of the job runs yet.
//
// What lies in the writable mounts stays as it is: other jobs of the run may be at
// work there, as nobody too. A file with further names stays the caller's, since it
// may be one of the store's, and so do the read-only mounts.
func (j *job) lend() error {
	owner, err := j.e.owner(j.task)
	if err != nil || !owner.lent || j.box.remote {
		return err
	}
	if err := j.readable(); err != nil {
		return err
	}
	dirs := []string{j.task.Control}
	if j.part == 0 {
		dirs = append(dirs, j.task.Workspace)
	}
	for _, dir := range dirs {
		if err := rechown(dir, owner.uid, owner.gid, mayLend); err != nil {
			return j.unlent(err)
		}
	}
	for _, m := range j.task.Mounts {
		if !m.Writable {
			continue
		}
		if err := os.Lchown(m.Source, owner.uid, owner.gid); err != nil {
			return j.unlent(err)
		}
	}
	return nil
}

// takeBack makes what the job leaves in workspace and control directory the
// caller's, before it is collected. Writable mounts stay nobody's: see lend.
func (j *job) takeBack() error {
	for _, dir := range []string{j.task.Workspace, j.task.Control} {
		if err := rechown(dir, os.Getuid(), os.Getgid(), isNobodys); err != nil {
			return config("", "docker: take back the files of an untrusted job: %w", err)
		}
	}
	return nil
}

func (j *job) unlent(err error) error {
	return config("run mlops as somebody else than root, or on a file system where root may give files away",
		"docker: task %s: give its files to uid %d, as which root's untrusted jobs run: %w", j.task.Name, nobody, err)
}

// readable fails for an agent that only its owner may start.
func (j *job) readable() error {
	st, err := os.Stat(j.task.Agent)
	if err == nil && st.Mode()&0o005 != 0o005 {
		return config("chmod a+rx "+j.task.Agent, "docker: %s cannot be the agent of an untrusted job, which runs as uid %d: others may not read and start it", j.task.Agent, nobody)
	}
	return nil
}

// mayLend reports whether a file is the workspace's alone.
func mayLend(st *syscall.Stat_t) bool {
	return st.Mode&syscall.S_IFMT == syscall.S_IFDIR || st.Nlink == 1
}

func isNobodys(st *syscall.Stat_t) bool { return st.Uid == nobody }

// deepest is how many folders inside each other are walked: each costs a file
// descriptor, and no path of the system's calls can name what lies deeper.
const deepest = 2048

// rechown changes the owner of a folder and of all below it for which the filter
// says so. Links are changed and never left by, whoever moves things meanwhile, and
// names may be any bytes.
func rechown(dir string, uid, gid int, which func(*syscall.Stat_t) bool) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	r := rechowner{uid, gid, which}
	if _, err := r.one(root, "."); err != nil {
		return err
	}
	return r.below(root, 0)
}

type rechowner struct {
	uid, gid int
	which    func(*syscall.Stat_t) bool
}

// below changes what a folder holds.
func (r rechowner) below(dir *os.Root, depth int) error {
	if depth == deepest {
		return nil
	}
	names, err := namesIn(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		folder, err := r.one(dir, name)
		if err == nil && folder {
			err = r.into(dir, name, depth+1)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // a job that still runs removed it
			return err
		}
	}
	return nil
}

func (r rechowner) into(dir *os.Root, name string, depth int) error {
	sub, err := dir.OpenRoot(name)
	if err != nil {
		return err
	}
	defer sub.Close()
	return r.below(sub, depth)
}

// one changes a file and reports whether it is a folder.
func (r rechowner) one(dir *os.Root, name string) (folder bool, err error) {
	info, err := dir.Lstat(name)
	if err != nil {
		return false, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false, fmt.Errorf("%s has no owner", name)
	}
	if (int(st.Uid) != r.uid || int(st.Gid) != r.gid) && r.which(st) {
		err = dir.Lchown(name, r.uid, r.gid)
	}
	return info.IsDir(), err
}

func namesIn(dir *os.Root) ([]string, error) {
	f, err := dir.Open(".")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Readdirnames(-1)
}
