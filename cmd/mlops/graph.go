package main

import (
	"github.com/spf13/cobra"
)

func newGraph(a *app) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:     "graph",
		Short:   "Draw what waits for what",
		Example: "  mlops graph\n  mlops graph --format mermaid\n  mlops graph --format dot | dot -Tsvg > graph.svg",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return a.graph(format) },
	}
	c.Flags().StringVar(&format, "format", "text", "text, mermaid or dot")
	return c
}

func (a *app) graph(format string) error {
	_, pl, err := a.planned(nil)
	if err != nil {
		return err
	}
	switch format {
	case "text":
		return pl.WriteText(a.stdout)
	case "mermaid":
		return pl.WriteMermaid(a.stdout)
	case "dot":
		return pl.WriteDOT(a.stdout)
	}
	return usagef("unknown format %q; write text, mermaid or dot", format)
}
