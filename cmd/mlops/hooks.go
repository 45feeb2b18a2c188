package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/spec"
)

func newHooks(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "hooks",
		Short: "Let git check mlops.yaml before a commit, and that all is cached before a push",
		Long: `Write two hooks into the repository: pre-commit runs "mlops validate", pre-push runs
"mlops run --cached-only". A hook that somebody else wrote is left as it is.`,
		Example: "  mlops hooks install\n  mlops hooks uninstall",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(
		&cobra.Command{
			Use: "install", Short: "Write the hooks pre-commit and pre-push", Args: cobra.NoArgs,
			RunE: func(c *cobra.Command, _ []string) error { return a.installHooks(c.Context()) },
		},
		&cobra.Command{
			Use: "uninstall", Short: "Remove the hooks that install wrote", Args: cobra.NoArgs,
			RunE: func(c *cobra.Command, _ []string) error { return a.uninstallHooks(c.Context()) },
		},
	)
	return c
}

// A hook is a file that git runs.
type hook struct {
	name    string
	command string // of mlops, without --file
}

func hooks() []hook {
	return []hook{{"pre-commit", "validate"}, {"pre-push", "run --cached-only"}}
}

// ours is the line by which a hook is known that install wrote.
const ours = `# Written by "mlops hooks install"; "mlops hooks uninstall" removes it.`

// line is the command of a hook. git starts hooks in the top folder.
func (h hook) line(file string) string {
	if file == spec.FileName {
		return "mlops " + h.command
	}
	word, rest, _ := strings.Cut(h.command, " ")
	return strings.TrimSpace(fmt.Sprintf("mlops %s --file %s %s", word, quoted(file), rest))
}

func (h hook) text(file string) string {
	return "#!/bin/sh\n" + ours + "\nexec " + h.line(file) + "\n"
}

// quoted is a word for the shell.
func quoted(word string) string {
	if strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

func (a *app) installHooks(ctx context.Context) error {
	dir, file, err := a.hooksFolder(ctx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	foreign := 0
	for _, h := range hooks() {
		path := filepath.Join(dir, h.name)
		is, err := ownerOf(path)
		switch {
		case err != nil:
			return err
		case is == somebody:
			foreign++
			fmt.Fprintf(a.stderr, "mlops: %s is there already and was left as it is\n  fix: add this line to it: %s\n", path, h.line(file))
			continue
		}
		if err := writeHook(path, h.text(file)); err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "%s: %s\n", path, h.line(file))
	}
	if _, err := exec.LookPath("mlops"); err != nil {
		fmt.Fprintln(a.stderr, "mlops: warning: git will not find mlops: it is not in the PATH\n  fix: put its folder into PATH, or commits and pushes are refused")
	}
	if foreign > 0 {
		return failedError{exitFailed}
	}
	return nil
}

func (a *app) uninstallHooks(ctx context.Context) error {
	dir, _, err := a.hooksFolder(ctx)
	if err != nil {
		return err
	}
	removed := false
	for _, h := range hooks() {
		path := filepath.Join(dir, h.name)
		is, err := ownerOf(path)
		if err != nil {
			return err
		}
		if is != us {
			continue
		}
		if err := os.Remove(path); err != nil {
			return err
		}
		removed = true
		fmt.Fprintf(a.stdout, "removed %s\n", path)
	}
	if !removed {
		a.say("there is no hook of mlops in %s", dir)
	}
	return nil
}

// An owner is who wrote a hook.
type owner int

const (
	nobody owner = iota
	us
	somebody
)

// ownerOf looks who wrote a hook. A link is somebody's, wherever it leads.
func ownerOf(path string) (owner, error) {
	st, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nobody, nil
	case err != nil:
		return nobody, err
	case !st.Mode().IsRegular():
		return somebody, nil
	}
	text, err := readLimited(path, 1<<20)
	if err != nil {
		return somebody, nil // too large to be ours, or not ours to read
	}
	if lines := strings.Split(string(text), "\n"); len(lines) <= 4 && slices.Contains(lines, ours) {
		return us, nil
	}
	return somebody, nil // also one of ours that was added to
}

// writeHook writes a program, whole or not at all.
func writeHook(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".mlops-hook-")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Chmod(0o755), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// hooksFolder asks git where hooks are (core.hooksPath may say so), and returns
// the mlops.yaml as it is seen from the top of the repository.
func (a *app) hooksFolder(ctx context.Context) (dir, file string, err error) {
	p, err := a.findProject("")
	if err != nil {
		return "", "", err
	}
	ask := func(args ...string) (string, error) {
		c := exec.CommandContext(ctx, "git", args...)
		c.Dir = p.root
		out, err := c.Output()
		return strings.TrimSuffix(string(out), "\n"), err
	}
	top, err := ask("rev-parse", "--show-toplevel")
	if errors.Is(err, exec.ErrNotFound) {
		return "", "", fixError{errors.New("git is not in PATH"), "install git"}
	}
	if err != nil || top == "" {
		return "", "", fixError{fmt.Errorf("%s is in no git working tree", p.root), `make one with "git init"`}
	}
	if dir, err = ask("rev-parse", "--git-path", "hooks"); err != nil {
		return "", "", fmt.Errorf("ask git for the folder of hooks: %w", err)
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(p.root, dir)
	}
	folder, name, err := p.inRepository(top)
	return dir, filepath.ToSlash(filepath.Join(folder, name)), err
}
