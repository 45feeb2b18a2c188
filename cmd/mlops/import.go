package main

import "github.com/spf13/cobra"

func newImport(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "import",
		Short: "Take over a project of another tool",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newImportDVC(a), newImportMLflow(a))
	return c
}
