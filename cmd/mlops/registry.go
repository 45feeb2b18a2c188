package main

import "github.com/spf13/cobra"

func newRegistry(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "registry",
		Short: "Be a registry of models and images",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newRegistryServe(a))
	return c
}
