package worktree

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A repository is where git keeps what it knows of a folder.
type repository struct {
	top    string // of the working tree
	dir    string // .git, or what the file .git names
	common string // shared by linked working trees; dir if there are none
	prefix string // the folder below top, with slashes; "" for top itself
}

// findRepository looks for the repository that the folder belongs to; nil if
// there is none. No git is needed.
func findRepository(root string) *repository {
	real, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil
	}
	for top := real; ; top = filepath.Dir(top) {
		if dir := gitFolder(top); dir != "" {
			rel, err := filepath.Rel(top, real)
			if err != nil {
				return nil
			}
			r := &repository{top: top, dir: dir, common: dir}
			if rel != "." {
				r.prefix = filepath.ToSlash(rel)
			}
			if c := firstLine(filepath.Join(dir, "commondir")); c != "" {
				r.common = resolve(dir, c)
			}
			return r
		}
		if top == filepath.Dir(top) {
			return nil
		}
	}
}

// gitFolder returns git's folder of a working tree, or "".
func gitFolder(top string) string {
	dir := filepath.Join(top, ".git")
	if to, ok := strings.CutPrefix(firstLine(dir), "gitdir: "); ok { // submodules and linked working trees
		dir = resolve(top, to)
	}
	if _, err := os.Lstat(filepath.Join(dir, "HEAD")); err != nil {
		return ""
	}
	return dir
}

func resolve(base, p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(base, p)
}

// firstLine returns the first line of a small file, or "".
func firstLine(file string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	line, _, _ := bytes.Cut(b, []byte("\n"))
	return strings.TrimSpace(string(line))
}

// head returns the commit that is checked out and, unless it is detached, its
// ref. Either is "" if it cannot be told without git.
func (r *repository) head() (commit, ref string) {
	line := firstLine(filepath.Join(r.dir, "HEAD"))
	ref, named := strings.CutPrefix(line, "ref: ")
	if !named {
		return objectName(line), ""
	}
	if ref == "refs/heads/.invalid" { // a reftable; only git reads those
		return "", ""
	}
	for _, dir := range []string{r.dir, r.common} {
		if c := objectName(firstLine(filepath.Join(dir, filepath.FromSlash(ref)))); c != "" {
			return c, ref
		}
	}
	return r.packed(ref), ref
}

// packed looks the ref up in packed-refs.
func (r *repository) packed(ref string) string {
	b, err := os.ReadFile(filepath.Join(r.common, "packed-refs"))
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		if c, name, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name == ref {
			return objectName(c)
		}
	}
	return ""
}

// objectName returns s if it is the full name of an object, else "".
func objectName(s string) string {
	if len(s) != 40 && len(s) != 64 || strings.Trim(s, "0123456789abcdef") != "" {
		return ""
	}
	return s
}

// shallow reports whether the history was cut off.
func (r *repository) shallow() bool {
	info, err := os.Stat(filepath.Join(r.common, "shallow"))
	return err == nil && info.Size() > 0
}

// hashLen returns the length of object names in bytes.
func (r *repository) hashLen() int {
	for line := range r.config() {
		if line.section == "extensions" && line.key == "objectformat" && line.value == "sha256" {
			return 32
		}
	}
	return 20
}

// localVariables tie git to a repository; mlops may run in a hook, which has them.
func localVariables() []string {
	return []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR",
		"GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE", "GIT_CEILING_DIRECTORIES"}
}

// git runs the git program in the folder and returns what it prints. Optional
// locks are off: a look at the state must not write git's index.
func git(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...)
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains(localVariables(), name)
	})
	cmd.Env = append(env, "GIT_OPTIONAL_LOCKS=0", "LC_ALL=C", "GIT_PAGER=cat")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil && !errors.Is(err, exec.ErrNotFound) {
		err = fmt.Errorf("git %s: %w: %s", args[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, err
}
