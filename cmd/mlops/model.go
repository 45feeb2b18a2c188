package main

import "github.com/spf13/cobra"

func newModel(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "model",
		Short: "Look after the models",
		Args:  cobra.NoArgs, // without it and RunE a mistyped subcommand would print the help and succeed
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	for _, make := range []func(*app) *cobra.Command{
		newModelScan,
	} {
		c.AddCommand(make(a))
	}
	return c
}
