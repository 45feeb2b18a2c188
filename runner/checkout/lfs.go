package checkout

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// pointerStart is how an LFS pointer begins; see
// https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md.
const pointerStart = "version https://git-lfs.github.com/spec/v1\n"

const (
	maxPointer  = 1024 // bytes; pointers are shorter
	maxPointers = 100  // that are named
)

// needLFS fails where git-lfs is missing, before anything is fetched.
func needLFS(getenv func(string) string) error {
	for _, dir := range filepath.SplitList(getenv("PATH")) {
		if _, err := exec.LookPath(filepath.Join(dir, "git-lfs")); err == nil {
			return nil
		}
	}
	return &Error{Fix: "install git-lfs, or leave out --lfs to keep the pointers", Err: errors.New("git-lfs is not in PATH")}
}

// lfs replaces pointers by their files, if that was asked for, and otherwise
// notes where there are some.
func (c *checkout) lfs(ctx context.Context, t tree, r *Result) error {
	if c.opts.LFS {
		if err := c.pull(ctx); err != nil {
			return err
		}
	}
	var err error
	r.Pointers, err = pointers(c.dir)
	return err
}

// pull asks git-lfs for the files. It is told the address by us: .lfsconfig of
// the commit could name another one.
func (c *checkout) pull(ctx context.Context) error {
	endpoint := strings.TrimSuffix(fileURL(c.source), "/")
	if !c.source.local {
		endpoint = strings.TrimSuffix(endpoint, ".git") + ".git/info/lfs"
	}
	args := []string{"-c", "lfs.url=" + endpoint, "-c", "lfs.fetchexclude=", "-c", "lfs.fetchinclude="}
	// Without all four git-lfs takes itself for not installed, and does nothing.
	// They stay in the folder's configuration, so that its files count as unchanged.
	for _, kv := range [][2]string{
		{"filter.lfs.clean", "git-lfs clean -- %f"}, {"filter.lfs.smudge", "git-lfs smudge -- %f"},
		{"filter.lfs.process", "git-lfs filter-process"}, {"filter.lfs.required", "true"},
	} {
		if _, err := c.run(ctx, "config", "--local", kv[0], kv[1]); err != nil {
			return err
		}
		args = append(args, "-c", kv[0]+"="+kv[1])
	}
	_, err := c.run(ctx, append(args, "lfs", "pull")...)
	return err
}

// pointers finds the LFS pointers below a folder, up to maxPointers.
func pointers(dir string) ([]string, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	var found []string
	err = fs.WalkDir(root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == ".git":
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		case len(found) >= maxPointers:
			return fs.SkipAll
		}
		st, err := d.Info()
		if err != nil || st.Size() > maxPointer || st.Size() < int64(len(pointerStart)) {
			return err
		}
		text, err := root.ReadFile(p)
		if bytes.HasPrefix(text, []byte(pointerStart)) {
			found = append(found, p)
		}
		return err
	})
	return found, err
}
