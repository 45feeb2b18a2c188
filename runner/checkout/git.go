package checkout

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
	"time"
)

// A git runs git commands in one repository, with nothing but our own
// configuration.
type git struct {
	dir     string // of the repository or its working tree
	home    string // an empty folder
	getenv  func(string) string
	allowed string // transports, as GIT_ALLOW_PROTOCOL has them
	// still forbids to fetch what a partial clone lacks when it is asked for.
	still bool
	own   bool // with the configuration and the environment of the person, see OpenOwn
}

// inherited are the variables that git needs to find itself and the network.
func inherited() []string {
	return []string{
		"PATH", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
		"GIT_SSL_CAINFO", "TMPDIR",
	}
}

// settings are given on the command line, where nothing in a repository can
// change them.
func settings() []string {
	return []string{
		"core.hooksPath=/dev/null", "core.fsmonitor=false", "core.attributesFile=/dev/null", "core.excludesFile=/dev/null",
		"core.protectNTFS=true", "core.protectHFS=true", "core.askPass=", "core.sshCommand=false", "core.gitProxy=", "core.pager=cat",
		"credential.helper=", "protocol.allow=never", "protocol.https.allow=always", "protocol.file.allow=always", "protocol.ext.allow=never",
		"http.followRedirects=initial", "submodule.recurse=false", "fetch.recurseSubmodules=false", "fetch.fsckObjects=true", "transfer.bundleURI=false",
		"fetch.fsck.zeroPaddedFilemode=ignore", "fetch.fsck.badTimezone=ignore", "fetch.fsck.missingSpaceBeforeDate=ignore",
		"safe.directory=*", "gc.auto=0", "maintenance.auto=false", "advice.detachedHead=false", "safe.bareRepository=all", "uploadpack.packObjectsHook=",
		"diff.external=", "merge.renames=false", "filter.lfs.smudge=", "filter.lfs.process=", "filter.lfs.required=false",
	}
}

// ownSettings keep what only looks from starting programs of its own accord.
func ownSettings() []string {
	return []string{"core.hooksPath=/dev/null", "core.fsmonitor=false", "gc.auto=0", "maintenance.auto=false", "core.pager=cat"}
}

// ownEnvironment is the person's, without what ties git to another repository,
// as in a hook, and without a way to ask for a password.
func ownEnvironment() []string {
	tied := []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE", "GIT_CEILING_DIRECTORIES"}
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains(tied, name)
	})
	return append(env, "LC_ALL=C", "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=/bin/false", "SSH_ASKPASS=/bin/false", "SSH_ASKPASS_REQUIRE=force")
}

// environment is all that git sees of the outside.
func (g *git) environment() []string {
	if g.own {
		return ownEnvironment()
	}
	env := []string{
		"HOME=" + g.home, "XDG_CONFIG_HOME=" + g.home, "LC_ALL=C",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_ATTR_NOSYSTEM=1",
		"GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=/bin/false", "SSH_ASKPASS=/bin/false", "GIT_PROTOCOL_FROM_USER=0",
		"GIT_ALLOW_PROTOCOL=" + g.allowed, "GIT_LFS_SKIP_SMUDGE=1", "GIT_OPTIONAL_LOCKS=0",
		// Whoever keeps a repository inside of another must not lend it that one's.
		"GIT_CEILING_DIRECTORIES=" + filepath.Dir(g.dir),
	}
	if g.still {
		env = append(env, "GIT_NO_LAZY_FETCH=1")
	}
	for _, name := range inherited() {
		if v := g.getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// command prepares a git command. It is killed when ctx ends, and given up two
// seconds later: a child could hold its output open.
func (g *git) command(ctx context.Context, args ...string) *exec.Cmd {
	var all []string
	given := settings()
	if g.own {
		given = ownSettings()
	}
	for _, s := range given {
		all = append(all, "-c", s)
	}
	c := exec.CommandContext(ctx, "git", append(all, args...)...)
	c.Dir, c.Env, c.WaitDelay = g.dir, g.environment(), 2*time.Second
	return c
}

// run runs a git command and returns what it prints.
func (g *git) run(ctx context.Context, args ...string) (string, error) {
	c := g.command(ctx, args...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		return "", gitError(ctx, commandOf(args), err, errs.String())
	}
	return out.String(), nil
}

// commandOf is the command among arguments: the first that is no setting.
func commandOf(args []string) string {
	for len(args) > 2 && args[0] == "-c" {
		args = args[2:]
	}
	return args[0]
}

// line is run for a command that prints one line.
func (g *git) line(ctx context.Context, args ...string) (string, error) {
	out, err := g.run(ctx, args...)
	return strings.TrimSpace(out), err
}

// A commandError is a git command that failed.
type commandError struct {
	command string
	exit    int
	text    string // what git printed, secrets of addresses apart
	last    string // the end of it
}

func (e *commandError) Error() string {
	if e.last == "" {
		return fmt.Sprintf("git %s: exit status %d", e.command, e.exit)
	}
	return fmt.Sprintf("git %s: %s", e.command, e.last)
}

func gitError(ctx context.Context, command string, err error, printed string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var exit *exec.ExitError
	if errors.Is(err, exec.ErrNotFound) {
		return &Error{Fix: "install git", Err: errors.New("git is not in PATH")}
	}
	if !errors.As(err, &exit) {
		return fmt.Errorf("git %s: %w", command, err)
	}
	return &commandError{command, exit.ExitCode(), redact(printed), lastLines(redact(printed), 3)}
}

// lastLines keeps the end of a text: git says there what was wrong.
func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	lines = lines[max(0, len(lines)-n):]
	for i, l := range lines {
		lines[i] = strings.TrimPrefix(strings.TrimSpace(l), "fatal: ")
	}
	return strings.Join(lines, "; ")
}

// An Error is a failure with its cure.
type Error struct {
	Fix string // may be empty
	Err error
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Cure says what to do about it; "" if nothing is known.
func (e *Error) Cure() string { return e.Fix }

// emptyHome makes the home of git's processes. The caller removes it.
func emptyHome() (dir string, remove func(), err error) {
	dir, err = os.MkdirTemp("", "mlops-git-")
	return dir, func() { _ = os.RemoveAll(dir) }, err
}
