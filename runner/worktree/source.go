package worktree

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"time"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// Source says which commit the files come from, whether they differ from it,
// and the digest of the difference, which is that of [Tree.Patch]. What cannot
// be found out stays empty: outside git all of it, without the git program what
// git alone can tell (Tree, Author, Subject, Committed, Dirty, PatchDigest,
// Untracked). Base is the caller's to fill in. Nothing is written, and git is
// started two times, or three if the tree is dirty.
func (t *Tree) Source(ctx context.Context) record.Source {
	repo := findRepository(t.root)
	if repo == nil {
		return record.Source{}
	}
	s := record.Source{Directory: repo.prefix, Repository: repo.remote(), Shallow: repo.shallow()}
	s.Commit, s.Ref = repo.head()
	s.Branch, _ = strings.CutPrefix(s.Ref, "refs/heads/")
	if s.Branch == s.Ref {
		s.Branch = ""
	}
	if tr, err := t.readTracked(ctx); err == nil && tr != nil && len(tr.links) > 0 {
		s.Submodules = tr.links
	}
	var wg sync.WaitGroup
	var log, status []byte
	wg.Go(func() { log, _ = git(ctx, t.root, "log", "-1", "--no-show-signature", "--format="+logFormat) })
	wg.Go(func() {
		status, _ = git(ctx, t.root, "-c", "core.fsmonitor=false", "status", "--porcelain=v2", "-z", "--branch", "--untracked-files=all", "--no-renames")
	})
	wg.Wait()
	applyLog(&s, string(log))
	applyStatus(&s, string(status))
	if s.Dirty {
		if p, err := t.Patch(ctx); err == nil {
			s.PatchDigest = store.Sum(p)
		}
	}
	return s
}

// logFormat asks for commit, tree, author, time and subject.
const logFormat = "%H%x00%T%x00%an <%ae>%x00%cI%x00%s"

func applyLog(s *record.Source, out string) {
	f := strings.Split(strings.TrimSuffix(out, "\n"), "\x00")
	if len(f) != 5 {
		return
	}
	s.Commit, s.Tree, s.Author, s.Subject = f[0], f[1], f[2], f[4]
	if at, err := time.Parse(time.RFC3339, f[3]); err == nil {
		s.Committed = at.UTC()
	}
}

// applyStatus reads git-status(1)'s porcelain format, version 2.
func applyStatus(s *record.Source, out string) {
	for line := range strings.SplitSeq(out, "\x00") {
		switch {
		case strings.HasPrefix(line, "1 "), strings.HasPrefix(line, "2 "), strings.HasPrefix(line, "u "):
			s.Dirty = true
		case strings.HasPrefix(line, "? "):
			s.Untracked++
		case strings.HasPrefix(line, "# branch.head "):
			if name := line[len("# branch.head "):]; s.Ref == "" && name != "(detached)" {
				s.Branch, s.Ref = name, "refs/heads/"+name
			}
		}
	}
}

// emptyTree is the name of the tree without files, which every repository has:
// what a branch without a commit is compared with.
const (
	emptyTree       = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
	emptyTreeSHA256 = "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"
)

// Patch returns how the tracked files of the whole repository differ from the
// commit, in the form that git apply takes, or nothing if they do not. Equal
// states give equal bytes, whatever the user has configured.
func (t *Tree) Patch(ctx context.Context) ([]byte, error) {
	repo := findRepository(t.root)
	if repo == nil {
		return nil, nil
	}
	base := "HEAD"
	if commit, ref := repo.head(); commit == "" && ref != "" {
		base = emptyTree
		if repo.hashLen() == 32 {
			base = emptyTreeSHA256
		}
	}
	out, err := git(ctx, repo.top, "-c", "core.fsmonitor=false", "-c", "core.quotePath=true", "-c", "diff.suppressBlankEmpty=false",
		"-c", "diff.noprefix=false", "-c", "diff.mnemonicPrefix=false",
		"diff", "--binary", "--full-index", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--unified=3",
		"--inter-hunk-context=0", "--diff-algorithm=myers", "--no-indent-heuristic", "--src-prefix=a/", "--dst-prefix=b/",
		"--submodule=short", "-O/dev/null", base, "--")
	if err != nil {
		return nil, err
	}
	return bytes.Clone(out), nil
}

// Person is who would commit in the repository of a folder, as "Ada <ada@example.org>";
// "" if git does not know, or is not there.
func Person(ctx context.Context, dir string) string {
	out, err := git(ctx, dir, "var", "GIT_COMMITTER_IDENT")
	name, _, ok := bytes.Cut(out, []byte("> "))
	if err != nil || !ok {
		return ""
	}
	return string(name) + ">"
}
