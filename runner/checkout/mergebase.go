package checkout

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A Repo is a repository of this machine that is asked, and not trusted: its
// configuration names no program that is run. It is safe for concurrent use, except
// that one MergeBase at a time may deepen it. It must be closed.
type Repo struct {
	git
	remove func()
}

// Open opens the repository that dir is the working tree of, or a folder in
// it, or the bare repository dir. getenv nil is os.Getenv. It fails with an
// *[Error] if there is none.
func Open(ctx context.Context, dir string, getenv func(string) string) (*Repo, error) {
	return openRepo(ctx, dir, getenv, false)
}

// OpenOwn opens a repository as its owner does: with their configuration,
// credentials and environment, which a fetch may need, and so with the programs
// that these name. It is for repositories that are trusted alone. Nobody is
// asked for a password.
func OpenOwn(ctx context.Context, dir string) (*Repo, error) { return openRepo(ctx, dir, nil, true) }

func openRepo(ctx context.Context, dir string, getenv func(string) string, own bool) (*Repo, error) {
	if getenv == nil {
		getenv = os.Getenv
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	home, remove, err := emptyHome()
	if err != nil {
		return nil, err
	}
	r := &Repo{git{dir: abs, home: home, getenv: getenv, allowed: "file:https", still: true, own: own}, remove}
	if err := r.find(ctx); err != nil {
		remove()
		return nil, &Error{Fix: "run it in a git repository", Err: fmt.Errorf("%s: %w", dir, err)}
	}
	return r, nil
}

// find goes up from the folder to the top of its working tree, and looks
// whether the configuration there would lead a fetch elsewhere.
func (r *Repo) find(ctx context.Context) error {
	for ; ; r.dir = filepath.Dir(r.dir) {
		_, err := os.Lstat(filepath.Join(r.dir, ".git"))
		_, bare := os.Lstat(filepath.Join(r.dir, "HEAD"))
		if err == nil || bare == nil {
			break
		}
		if r.dir == filepath.Dir(r.dir) {
			return errors.New("there is no git repository")
		}
	}
	if _, err := r.run(ctx, "rev-parse", "--git-dir"); err != nil {
		return err
	}
	_, err := r.run(ctx, "config", "--local", "--includes", "--get-regexp", `^(remote\..*\.(uploadpack|vcs|proxy)|url\..*|include.*)$`)
	var failed *commandError
	r.still = !errors.As(err, &failed) || failed.exit != 1
	return nil
}

// Close removes what the Repo needed beside the repository.
func (r *Repo) Close() { r.remove() }

// Commit returns the id of the commit that a branch, tag, remote branch or
// commit id names. ok is false if the repository has none.
func (r *Repo) Commit(ctx context.Context, ref string) (id string, ok bool) {
	if plain(ref) != nil {
		return "", false
	}
	id, err := r.line(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", ref+"^{commit}")
	return id, err == nil
}

// Shallow reports whether the history is cut off, so that commits may be missing.
func (r *Repo) Shallow(ctx context.Context) bool {
	cut, err := r.cut(ctx)
	return err == nil && len(cut) > 0
}

// ErrNotInCommit is the error of [Repo.File] for a path that the commit has not.
var ErrNotInCommit = errors.New("not in the commit")

// MaxFile is how much of a file [Repo.File] reads, in bytes.
const MaxFile = 16 << 20

// File returns a file of a commit, as it is in git: no filter is applied. name
// is slash-separated, from the top of the repository. It fails with
// [ErrNotInCommit] if it is not there or not a regular file.
func (r *Repo) File(ctx context.Context, commit, name string) ([]byte, error) {
	if !isCommit(commit) || plain(name) != nil {
		return nil, fmt.Errorf("%s of %s: %w", name, commit, ErrNotInCommit)
	}
	line, err := r.run(ctx, "ls-tree", "-z", "--full-tree", commit, "--", ":(literal,top)"+name)
	if err != nil {
		return nil, err
	}
	f := strings.Fields(line)
	if len(f) < 4 || f[1] != "blob" || f[0] == "120000" {
		return nil, fmt.Errorf("%s of %s: %w", name, commit[:12], ErrNotInCommit)
	}
	c := checkout{git: r.git}
	texts, err := c.blobs(ctx, []entry{{name, f[2]}}, MaxFile)
	if err != nil {
		return nil, err
	}
	return []byte(texts[0]), nil
}

// Top is the folder of the working tree, or of the bare repository.
func (r *Repo) Top() string { return r.dir }

const (
	firstDeepening = 32   // commits
	lastDeepening  = 1024 // commits, after which all are fetched
)

// MergeBase returns the best common ancestor of two commits. A shallow
// repository is deepened from its remote "origin", commits alone, step by step
// until the answer cannot change any more. It fails with an *[Error] if the two
// have none, or if the history that would tell cannot be had.
func (r *Repo) MergeBase(ctx context.Context, base, head string) (string, error) {
	var ids [2]string
	for i, ref := range []string{base, head} {
		id, ok := r.Commit(ctx, ref)
		if !ok {
			return "", &Error{Fix: "fetch it, or name another", Err: fmt.Errorf("merge base: the repository has no %s", ref)}
		}
		ids[i] = id
	}
	for depth := firstDeepening; ; depth *= 2 {
		found, certain, err := r.ancestor(ctx, ids[0], ids[1])
		if err != nil || certain {
			return found, err
		}
		if err := r.deepen(ctx, depth, ids[:]); err != nil {
			return "", &Error{Fix: "set fetch-depth: 0, or fetch the whole history: git fetch --unshallow", Err: fmt.Errorf("merge base of %s and %s: the history is cut off: %w", base, head, err)}
		}
	}
}

// ancestor looks for the merge base in what is here. It is certain if no path
// from the two commits that does not pass it is cut off: behind the cut there
// could be a better one.
func (r *Repo) ancestor(ctx context.Context, base, head string) (found string, certain bool, err error) {
	cut, err := r.cut(ctx)
	if err != nil {
		return "", false, err
	}
	found, err = r.line(ctx, "merge-base", base, head)
	var failed *commandError
	if errors.As(err, &failed) && failed.exit == 1 {
		if len(cut) > 0 {
			return "", false, nil
		}
		return "", true, &Error{Err: fmt.Errorf("%.12s and %.12s have no common ancestor", base, head), Fix: "name a base that the commit was made from"}
	}
	if err != nil || len(cut) == 0 {
		return found, err == nil, err
	}
	open, err := r.run(ctx, "rev-list", base, head, "--not", found)
	if err != nil {
		return "", false, err
	}
	for id := range strings.FieldsSeq(open) {
		if cut[id] {
			return "", false, nil
		}
	}
	return found, true, nil
}

// cut are the commits whose parents are not here.
func (r *Repo) cut(ctx context.Context) (map[string]bool, error) {
	file, err := r.line(ctx, "rev-parse", "--git-path", "shallow")
	if err != nil {
		return nil, err
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(r.dir, file)
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	cut := map[string]bool{}
	for id := range strings.FieldsSeq(string(text)) {
		cut[id] = true
	}
	return cut, err
}

// deepen fetches more commits, without their files.
func (r *Repo) deepen(ctx context.Context, depth int, ids []string) error {
	how := "--deepen=" + strconv.Itoa(depth)
	if depth > lastDeepening {
		how = "--unshallow"
	}
	address, err := r.origin(ctx)
	if err != nil {
		return err
	}
	return r.fetchFrom(ctx, address, how, ids)
}
