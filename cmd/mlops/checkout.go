package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner/checkout"
)

func newCheckout(a *app) *cobra.Command {
	var o checkout.Options
	c := &cobra.Command{
		Use:   "checkout REPO[@REF] DIR",
		Short: "Bring a commit into a fresh folder, without running anything of its repository",
		Long: `Bring the commit that REF names (a branch, a tag or a whole commit id; HEAD
without one) of a repository into a folder that is empty or does not exist. REPO
is a path, a file:// or an https:// address. No hook, filter or other program
that the repository or git's configuration names is run; symbolic links that
lead out of the folder are refused.`,
		Example: "  mlops checkout . /tmp/clean\n  mlops checkout https://github.com/o/r@refs/pull/7/merge pr --depth 1\n  mlops checkout /srv/r.git@v1.2 v1.2 --filter tree:0",
		Args:    cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return a.checkout(c.Context(), o, args[0], args[1])
		},
	}
	f := c.Flags()
	f.IntVar(&o.Depth, "depth", 0, "commits of history (default: all)")
	f.StringVar(&o.Filter, "filter", "", "leave out of the history what nobody asked for: blob:none or tree:0")
	f.BoolVar(&o.Submodules, "submodules", false, "also the commits of submodules")
	f.BoolVar(&o.LFS, "lfs", false, "replace LFS pointers by their files; needs git-lfs")
	return c
}

func (a *app) checkout(ctx context.Context, o checkout.Options, what, dir string) error {
	repo, ref := checkout.Split(what)
	r, err := checkout.Checkout(ctx, repo, ref, dir, o)
	if err != nil {
		return cured(err)
	}
	if n := len(r.Pointers); n > 0 {
		fmt.Fprintf(a.stderr, "mlops: %s is an LFS pointer%s; --lfs brings the files\n", r.Pointers[0], others(n))
	}
	if n := len(r.Left); n > 0 {
		fmt.Fprintf(a.stderr, "mlops: %s is a submodule%s; --submodules brings them\n", r.Left[0], others(n))
	}
	_, err = fmt.Fprintf(a.stdout, "%s  %s files in %s\n", r.Commit, view.Count(r.Files), dir)
	return err
}

// others says that there are more of a kind than the one that is named.
func others(n int) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf(", and so are %d more", n-1)
}

// cured shows the cure of an error of package checkout, or of one that knows its own.
func cured(err error) error {
	var curable interface{ Cure() string }
	if errors.As(err, &curable) && curable.Cure() != "" {
		return fixError{err, curable.Cure()}
	}
	var known *checkout.Error
	if errors.As(err, &known) && known.Fix != "" {
		return fixError{err, known.Fix}
	}
	return err
}
