package docker

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

// upload copies into a created container all that would have been mounted: the
// agent, the spec, the workspace and further mounts, as one archive.
func (j *job) upload(ctx context.Context) error {
	owner, err := j.e.owner(j.task)
	if err != nil {
		return err
	}
	r, w := io.Pipe()
	go func() { w.CloseWithError(j.pack(w, owner)) }()
	defer r.Close()
	err = j.e.cli.CopyToContainer(ctx, j.box.id, "/", r, container.CopyToContainerOptions{})
	return j.e.explain("docker: copy the job's files to", j.box.name, err)
}

// pack writes the archive for upload.
func (j *job) pack(w io.Writer, owner identity) error {
	p := packer{tar.NewWriter(w), owner}
	root := packer{p.Writer, identity{}}
	steps := []func() error{
		func() error { return root.dir("mlops", 0o755) },
		func() error { return root.dir("mlops/bin", 0o755) },
		func() error { return root.path(j.task.Agent, program[1:], 0o755) },
		func() error { return p.dir(control[1:], 0o755) },
		func() error { return p.bytes(path.Join(control[1:], agent.SpecFile), j.spec) },
		func() error { return j.packHome(p) },
		func() error { return root.dir("tmp", 0o1777) },
		func() error { return j.packUsers(root, owner) },
	}
	if j.part == 0 {
		steps = append(steps, func() error { return p.path(j.task.Workspace, Workspace[1:], 0) })
	}
	kept := volumeTargets(j.task)
	for _, m := range j.task.Mounts {
		if j.part == 0 || !slices.Contains(kept, target(m.Target)) && !strings.HasPrefix(target(m.Target), Workspace+"/") {
			steps = append(steps, func() error { return p.mount(m) })
		}
	}
	for _, step := range append(steps, p.Close) {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// packHome adds the home and the parents of what lies below it, which the engine
// would else make for root alone.
func (j *job) packHome(p packer) error {
	dirs := []string{Home}
	for _, m := range j.task.Mounts {
		for dir := path.Dir(target(m.Target)); strings.HasPrefix(dir, Home+"/"); dir = path.Dir(dir) {
			dirs = append(dirs, dir)
		}
	}
	slices.Sort(dirs)
	for _, dir := range slices.Compact(dirs) {
		if err := p.dir(dir[1:], 0o1777); err != nil {
			return err
		}
	}
	return nil
}

// packUsers adds the passwd and group files of a user without a name.
func (j *job) packUsers(p packer, owner identity) error {
	if owner.uid == 0 {
		return nil
	}
	passwd, group := users(owner)
	return errors.Join(p.bytes("etc/passwd", passwd), p.bytes("etc/group", group))
}

// collect makes the job's files the caller's: those in a remote container are
// copied back, those that root wrote are handed over.
func (j *job) collect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), createTimeout)
	defer cancel()
	if !j.box.remote {
		return j.handBack(ctx)
	}
	if err := j.fetchControl(ctx); err != nil {
		return err
	}
	if j.seen.result == nil {
		if err := j.log.read(j.seen); err != nil {
			return err
		}
	}
	if err := j.fetchOutputs(ctx); err != nil {
		return err
	}
	return j.fetchMounts(ctx)
}

// fetchControl copies log, events and result here.
func (j *job) fetchControl(ctx context.Context) error {
	names := []string{agent.LogFile, agent.IndexFile, agent.EventsFile, agent.ResultFile, agent.LearntFile}
	return j.fetch(ctx, control, func(rel string, h *tar.Header, r io.Reader) error {
		if !slices.Contains(names, rel) || h.Typeflag != tar.TypeReg {
			return nil
		}
		if rel == agent.LogFile {
			return j.completeLog(r)
		}
		return unpack(j.control.root, rel, h, r)
	})
}

// completeLog appends to the log here what its stream did not bring.
func (j *job) completeLog(r io.Reader) error {
	log, err := j.control.appendLog()
	if err != nil {
		return err
	}
	defer log.Close()
	st, err := log.Stat()
	if err != nil {
		return err
	}
	if _, err := io.CopyN(io.Discard, r, st.Size()); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	_, err = io.Copy(log, r)
	return err
}

// appendLog opens the log for appending.
func (c controlDir) appendLog() (*os.File, error) {
	f, err := c.root.OpenFile(agent.LogFile, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("docker: open log: %w", err)
	}
	return f, nil
}

// fetchOutputs copies the artifacts that the agent's result names, and metric
// files, into the workspace here.
func (j *job) fetchOutputs(ctx context.Context) error {
	r, err := agent.LoadResult(j.control.root)
	if err != nil {
		return nil // outcome says why
	}
	want := map[string]bool{}
	for _, a := range r.Artifacts {
		want[a.Path] = true
	}
	root, err := os.OpenRoot(j.task.Workspace)
	if err != nil {
		return config("", "docker: open workspace: %w", err)
	}
	defer root.Close()
	for _, base := range bases(j.task.Spec) {
		err := j.fetch(ctx, path.Join(Workspace, base), func(rel string, h *tar.Header, r io.Reader) error {
			rel = path.Join(base, rel)
			if !want[rel] && !h.FileInfo().IsDir() && !matchesAny(j.task.Spec.Metrics, rel) {
				return nil
			}
			return unpack(root, rel, h, r)
		})
		if err != nil && !errdefs.IsNotFound(err) {
			return err
		}
	}
	return nil
}

// bases returns the longest paths without wildcards that cover all outputs and
// metrics, none inside another, so that each file travels once.
func bases(s agent.Spec) []string {
	var list []string
	for _, pattern := range append(slices.Clone(s.Outputs), s.Metrics...) {
		list = append(list, path.Clean(literal(pattern)))
	}
	slices.Sort(list)
	var out []string
	for _, b := range slices.Compact(list) {
		if !slices.ContainsFunc(out, func(o string) bool { return o == "." || strings.HasPrefix(b+"/", o+"/") }) {
			out = append(out, b)
		}
	}
	return out
}

func matchesAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := doublestar.Match(path.Clean(p), name)
		return ok && err == nil
	})
}

// fetchMounts copies writable mounts (caches) back.
func (j *job) fetchMounts(ctx context.Context) error {
	for _, m := range j.task.Mounts {
		if !m.Writable {
			continue
		}
		if err := j.fetchMount(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

func (j *job) fetchMount(ctx context.Context, m runner.Mount) error {
	dir, file := m.Source, ""
	if st, err := os.Stat(m.Source); err == nil && !st.IsDir() {
		dir, file = path.Split(m.Source)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return config("", "docker: open mount %s: %w", m.Source, err)
	}
	defer root.Close()
	return j.fetch(ctx, target(m.Target), func(rel string, h *tar.Header, r io.Reader) error {
		return unpack(root, path.Join(file, rel), h, r)
	})
}

// fetch reads a path of the container as an archive. each gets every entry's
// path relative to name, "." for name itself.
func (j *job) fetch(ctx context.Context, name string, each func(rel string, h *tar.Header, r io.Reader) error) error {
	body, _, err := j.e.cli.CopyFromContainer(ctx, j.box.id, name)
	if errdefs.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return j.e.explain("docker: copy "+name+" from", j.box.name, err)
	}
	defer body.Close()
	in := tar.NewReader(body)
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return j.e.explain("docker: copy "+name+" from", j.box.name, err)
		}
		_, rel, _ := strings.Cut(path.Clean(h.Name), "/") // the first part is name's last
		if err := each(path.Clean(rel), h, in); err != nil {
			return err
		}
	}
}
