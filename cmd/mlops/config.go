package main

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
)

func newConfig(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "config",
		Short: "Show each setting and where it comes from",
		Long: `Show each setting and where it comes from: a flag beats the environment, which beats
config.yaml in the store's folder (.mlops), which beats the default. Keys are not shown.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.config(asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	a.storeFlag(c.Flags())
	return c
}

func (a *app) config(asJSON bool) error {
	p, err := a.findProject("")
	if err != nil {
		return err
	}
	s, err := a.sharing(p)
	if err != nil {
		return err
	}
	file := setting{"file", p.path, "default"}
	switch env := os.Getenv("MLOPS_FILE"); {
	case a.file != "" && a.file != env:
		file.From = "--file"
	case a.file != "":
		file.From = "MLOPS_FILE"
	}
	home := variable("home", "MLOPS_HOME", filepath.Join(p.root, ".mlops"))
	o := s3Options()
	keys := setting{"keys", cmp.Or(o.Keys(), "none"), "default"}
	switch {
	case strings.HasPrefix(keys.Value, "profile "):
		keys.From = "~/.aws"
	case keys.Value != "none":
		keys.Value, keys.From = "set", keys.Value
	}
	all := []setting{file, home, variable("executor", "MLOPS_EXECUTOR", "docker"), s.address, s.readOnly, s.push, keys}
	if asJSON {
		return a.printJSON(all)
	}
	rows := make([][]string, len(all))
	for i, v := range all {
		rows[i] = []string{v.Name, foreign(cmp.Or(v.Value, "none")), v.From}
	}
	return view.Table(a.stdout, []string{"setting", "value", "from"}, rows, a.color())
}

// variable is a setting that the environment may make.
func variable(name, env, otherwise string) setting {
	if v := os.Getenv(env); v != "" {
		return setting{name, v, env}
	}
	return setting{name, otherwise, "default"}
}
