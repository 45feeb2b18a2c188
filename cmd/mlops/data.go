package main

import (
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newData(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "data",
		Short: "Look after the datasets: versions, checks, profiles, what changed",
		Args:  cobra.NoArgs, // without it and RunE a mistyped subcommand would print the help and succeed
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	for _, make := range []func(*app) *cobra.Command{
		newDataLs,
		newDataLog,
		newDataRestore,
		newDataPin,
		newDataInit,
		newDataProfile,
		newDataDiff,
		newDataCheck,
		newDataChecks,
	} {
		below := make(a)
		run := below.RunE
		below.RunE = func(c *cobra.Command, args []string) error {
			debug.SetGCPercent(tableGC)
			return run(c, args)
		}
		c.AddCommand(below)
	}
	return c
}
