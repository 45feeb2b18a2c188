package docker

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
)

// Chown gives every file below the paths (and the paths themselves) to a user
// and a group. Links are changed and not followed. It is what "mlops chown UID
// GID PATH..." runs inside the helper container.
func Chown(uid, gid int, paths ...string) error {
	for _, p := range paths {
		err := filepath.WalkDir(p, func(name string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			return chown(name, d, uid, gid)
		})
		if err != nil {
			return fmt.Errorf("chown: %w", err)
		}
	}
	return nil
}

// chown spares files that are right already: a write for nothing would copy
// them on some file systems.
func chown(name string, d fs.DirEntry, uid, gid int) error {
	info, err := d.Info()
	if err != nil {
		return err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) == uid && int(st.Gid) == gid {
		return nil
	}
	return os.Lchown(name, uid, gid)
}

// handBack gives files that a job wrote as root to the caller, by a container
// that can do that and nothing else, or takes back what was lent. If it fails it is tried once more with
// somebody who listens to what it says, which costs a request.
func (j *job) handBack(ctx context.Context) error {
	owner, err := j.e.owner(j.task)
	if err == nil && owner.lent {
		return j.takeBack()
	}
	if err != nil || !owner.root || os.Getuid() == 0 || j.e.isRootless() {
		return err
	}
	err = j.runHelper(ctx, j.box.name+"-chown", nil)
	if err == nil || ctx.Err() != nil {
		return err
	}
	return j.runHelper(ctx, j.box.name+"-chown-again", &listener{})
}

// runHelper runs the helper to its end. heard, if not nil, takes what it says.
func (j *job) runHelper(ctx context.Context, name string, heard *listener) error {
	fail := func(op string, err error) error {
		return config(fmt.Sprintf("sudo chown -R %d:%d %s", os.Getuid(), os.Getgid(), j.task.Workspace),
			"docker: hand back files that root wrote: %s %s: %w", op, name, err)
	}
	c, h := j.helper()
	made, err := j.e.cli.ContainerCreate(ctx, &c, &h, nil, nil, name)
	if err != nil {
		return fail("create", err)
	}
	if err := heard.listen(ctx, j.e, made.ID); err != nil {
		j.e.remove(name, made.ID)
		return fail("attach to", err)
	}
	defer heard.close()
	// It removes itself, so the wait must be there before it starts.
	ended, failed := j.e.cli.ContainerWait(ctx, made.ID, container.WaitConditionRemoved)
	if err := j.e.cli.ContainerStart(ctx, made.ID, container.StartOptions{}); err != nil {
		j.e.remove(name, made.ID)
		return fail("start", err)
	}
	select {
	case r := <-ended:
		if r.StatusCode != 0 {
			return fail("wait for", fmt.Errorf("exit status %d%s", r.StatusCode, heard.words()))
		}
		return nil
	case err := <-failed:
		j.e.remove(name, made.ID)
		return fail("wait for", err)
	}
}

// helper describes the container for handBack. It sees the job's folders, the
// agent and nothing of the job's program.
func (j *job) helper() (container.Config, container.HostConfig) {
	pids, no := int64(64), false
	c := container.Config{
		User:       "0:0",
		Image:      imageRef(j.task.Image),
		Entrypoint: []string{program, "chown", strconv.Itoa(os.Getuid()), strconv.Itoa(os.Getgid())},
		Labels:     labels(j.task),
	}
	h := container.HostConfig{
		AutoRemove:     true,
		NetworkMode:    "none",
		LogConfig:      container.LogConfig{Type: "none"},
		CapDrop:        []string{"ALL"},
		CapAdd:         []string{"CHOWN", "DAC_OVERRIDE", "FOWNER"},
		SecurityOpt:    securityOptions(),
		ReadonlyRootfs: true,
		Init:           &no,
		Resources:      container.Resources{PidsLimit: &pids},
		Mounts:         []mount.Mount{{Type: mount.TypeBind, Source: j.task.Agent, Target: program, ReadOnly: true}},
	}
	for i, dir := range j.ownDirs() {
		to := fmt.Sprintf("/mlops/%d", i)
		h.Mounts = append(h.Mounts, mount.Mount{Type: mount.TypeBind, Source: dir, Target: to})
		c.Entrypoint = append(c.Entrypoint, to)
	}
	return c, h
}

// ownDirs lists the host folders that the job could write to.
func (j *job) ownDirs() []string {
	dirs := []string{j.task.Workspace, j.task.Control}
	for _, m := range j.task.Mounts {
		if m.Writable {
			dirs = append(dirs, m.Source)
		}
	}
	return dirs
}
