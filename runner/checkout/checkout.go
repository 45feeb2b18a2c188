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

// Options say how much is brought. The zero value brings the commit with its
// whole history, without submodules, and leaves LFS pointers as they are.
type Options struct {
	Depth      int                 // commits of history; 0 = all
	Filter     string              // "", blob:none or tree:0: what of the history is left out until it is asked for
	Submodules bool                // also those of submodules
	LFS        bool                // replace LFS pointers by their files; needs git-lfs
	MaxFiles   int                 // of the commit; 0 = 1,000,000
	Getenv     func(string) string // nil = os.Getenv; only the names of the network and PATH are asked for
}

// DefaultMaxFiles is how many files a commit may have.
const DefaultMaxFiles = 1_000_000

// maxSubmodules is how deep submodules may stand inside one another.
const maxSubmodules = 8

// A Result is what was brought.
type Result struct {
	Commit     string            // whole id
	Files      int               // of the commit, submodules apart
	Submodules map[string]string // path → commit, of those that were brought
	Left       []string          // paths of submodules that were not
	Pointers   []string          // paths of LFS pointers that were left as they are, the first hundred
}

// headRef is where the commit is kept in the new repository. Nothing a person
// works with has such a name.
const headRef = "refs/mlops/head"

// Checkout brings the commit that ref names in a repository into dir, which
// must be empty or not exist. repo is a path, a file:// or an https:// address;
// ref is a branch, a tag or a whole commit id. On failure nothing is left in
// dir. Errors with a cure are of type *[Error].
func Checkout(ctx context.Context, repo, ref, dir string, o Options) (Result, error) {
	s, err := newSource(repo)
	if err != nil {
		return Result{}, err
	}
	if err := checkOptions(ref, &o); err != nil {
		return Result{}, err
	}
	if o.LFS {
		if err := needLFS(o.Getenv); err != nil {
			return Result{}, err
		}
	}
	dir, made, err := freshFolder(dir)
	if err != nil {
		return Result{}, err
	}
	home, remove, err := emptyHome()
	if err != nil {
		return Result{}, err
	}
	defer remove()
	c := &checkout{source: s, dir: dir, opts: o, git: git{dir: dir, home: home, getenv: o.Getenv, allowed: s.transports()}}
	r, err := c.bring(ctx, ref, 0)
	if err != nil {
		return Result{}, errors.Join(fmt.Errorf("check out %s@%s: %w", redact(repo), ref, err), undo(dir, made))
	}
	return r, nil
}

func checkOptions(ref string, o *Options) error {
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.MaxFiles == 0 {
		o.MaxFiles = DefaultMaxFiles
	}
	if o.Depth < 0 {
		return &Error{Fix: "give a number of commits, or 0 for all", Err: fmt.Errorf("depth %d", o.Depth)}
	}
	if o.Filter != "" && o.Filter != "blob:none" && o.Filter != "tree:0" {
		return &Error{Fix: "write blob:none or tree:0", Err: fmt.Errorf("unknown filter %q", o.Filter)}
	}
	return checkRef(ref)
}

// freshFolder makes dir, or takes it if it is empty.
func freshFolder(dir string) (abs string, made bool, err error) {
	if abs, err = filepath.Abs(dir); err != nil {
		return "", false, err
	}
	if err := os.MkdirAll(filepath.Dir(abs), 0o755); err != nil {
		return "", false, err
	}
	err = os.Mkdir(abs, 0o755)
	if err == nil || !errors.Is(err, os.ErrExist) {
		return abs, true, err
	}
	es, err := os.ReadDir(abs)
	if err == nil && len(es) > 0 {
		err = &Error{Fix: "name a folder that does not exist yet", Err: fmt.Errorf("%s is not empty", dir)}
	}
	return abs, false, err
}

// undo removes what a checkout that failed has made.
func undo(dir string, made bool) error {
	if made {
		return os.RemoveAll(dir)
	}
	es, err := os.ReadDir(dir)
	for _, e := range es {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}

// A checkout is one commit on its way.
type checkout struct {
	git
	source source
	dir    string
	opts   Options
}

// bring does the work, in a folder that is empty.
func (c *checkout) bring(ctx context.Context, ref string, depth int) (Result, error) {
	if err := c.init(ctx); err != nil {
		return Result{}, err
	}
	commit, err := c.fetchHead(ctx, ref)
	if err != nil {
		return Result{}, err
	}
	t, err := c.tree(ctx, commit)
	if err != nil {
		return Result{}, err
	}
	if err := c.checkLinks(ctx, t.links); err != nil {
		return Result{}, err
	}
	if _, err := c.run(ctx, "update-ref", "--no-deref", "HEAD", commit); err != nil {
		return Result{}, err
	}
	if _, err := c.run(ctx, "read-tree", "--reset", "-u", commit); err != nil {
		return Result{}, err
	}
	// Jobs can read the folder: a token in the address is theirs not to have.
	if _, err := c.run(ctx, "config", "--local", "remote.origin.url", redactUser(fileURL(c.source))); err != nil {
		return Result{}, err
	}
	r := Result{Commit: commit, Files: t.files}
	if err := c.submodules(ctx, t, &r, depth); err != nil {
		return Result{}, err
	}
	return r, c.lfs(ctx, t, &r)
}

// init makes an empty repository whose configuration is ours alone.
func (c *checkout) init(ctx context.Context) error {
	if _, err := c.run(ctx, "init", "--quiet", "--template=", "--initial-branch=mlops", "."); err != nil {
		return err
	}
	for _, kv := range [][2]string{{"core.hooksPath", "/dev/null"}, {"core.fsmonitor", "false"}} {
		if _, err := c.run(ctx, "config", "--local", kv[0], kv[1]); err != nil {
			return err
		}
	}
	if c.opts.LFS {
		return nil
	}
	info := filepath.Join(c.dir, ".git", "info")
	if err := os.MkdirAll(info, 0o755); err != nil {
		return err
	}
	// This file goes before every .gitattributes.
	return os.WriteFile(filepath.Join(info, "attributes"), []byte("* -filter\n"), 0o644)
}

// redactUser takes the user and password out of an address that is kept: jobs
// can read the folder.
func redactUser(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	authority, p, _ := strings.Cut(rest, "/")
	return scheme + "://" + authority[strings.LastIndexByte(authority, '@')+1:] + "/" + p
}

// uploadPack names the program on the other side of a file:// address, which a
// repository's configuration could name too.
const uploadPack = "--upload-pack=git-upload-pack"

// fetchHead fetches the ref and returns its commit.
func (c *checkout) fetchHead(ctx context.Context, ref string) (string, error) {
	args := []string{"fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--no-recurse-submodules", uploadPack}
	if c.opts.Depth > 0 {
		args = append(args, "--depth="+strconv.Itoa(c.opts.Depth))
	}
	if c.opts.Filter != "" {
		if err := c.promise(ctx); err != nil {
			return "", err
		}
		args = append(args, "--filter="+c.opts.Filter)
	}
	if _, err := c.run(ctx, append(args, "--", c.fetchAddress(), "+"+ref+":"+headRef)...); err != nil {
		return "", c.explainFetch(err, ref)
	}
	commit, err := c.line(ctx, "rev-parse", "--verify", "--end-of-options", headRef+"^{commit}")
	if err != nil {
		return "", fmt.Errorf("%s is no commit: %w", ref, err)
	}
	if isCommit(ref) && commit != ref {
		return "", fmt.Errorf("%s names %s", ref, commit)
	}
	return commit, nil
}

// fetchAddress is what git fetches from. A filter and a depth are only obeyed
// for addresses, and git does not take a path for one.
func (c *checkout) fetchAddress() string {
	if c.opts.Filter != "" {
		return "origin"
	}
	return fileURL(c.source)
}

// fileURL is a source as an address: by a path git would link its objects, and
// not check them.
func fileURL(s source) string {
	if s.local && !strings.Contains(s.address, "://") {
		return "file://" + s.address
	}
	return s.address
}

// promise notes that what a filter leaves out may be had from the source later.
func (c *checkout) promise(ctx context.Context) error {
	for _, kv := range [][2]string{
		{"remote.origin.url", fileURL(c.source)}, {"remote.origin.promisor", "true"}, {"remote.origin.partialclonefilter", c.opts.Filter},
		{"core.repositoryformatversion", "1"}, {"extensions.partialClone", "origin"},
	} {
		if _, err := c.run(ctx, "config", "--local", kv[0], kv[1]); err != nil {
			return err
		}
	}
	return nil
}

// explainFetch adds the cure to what git says.
func (c *checkout) explainFetch(err error, ref string) error {
	var failed *commandError
	if !errors.As(err, &failed) {
		return err
	}
	switch text := failed.text; {
	case strings.Contains(text, "couldn't find remote ref"), strings.Contains(text, "not our ref"):
		return &Error{Fix: "look at its branches and tags, or give a whole commit id", Err: fmt.Errorf("the repository has no %s", ref)}
	case strings.Contains(text, "could not read Username"), strings.Contains(text, "Authentication failed"):
		return &Error{Fix: "put a token into the address: https://TOKEN@HOST/...", Err: errors.New("the repository does not exist or wants a login")}
	case strings.Contains(text, "dubious ownership"):
		return &Error{Fix: "check it out as its owner", Err: errors.New("the repository belongs to another user")}
	case strings.Contains(text, "does not appear to be a git repository"), strings.Contains(text, "not a git repository"):
		return &Error{Fix: "name the folder that holds .git, or a bare repository", Err: errors.New("there is no git repository")}
	}
	return err
}
