package main

import (
	"slices"

	"github.com/spf13/cobra"
)

// completeData completes the name of a dataset.
func (a *app) completeData(_ *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
	p, err := a.openProject("", nil)
	if err != nil || len(given) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, d := range p.spec.Data {
		names = append(names, d.Name.Value)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeJobs completes the names of jobs and their instances.
func (a *app) completeJobs(_ *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
	p, err := a.openProject("", nil)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	pl, err := p.plan()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, n := range pl.Nodes {
		for _, name := range []string{n.Job, n.ID} {
			if !slices.Contains(names, name) && !slices.Contains(given, name) {
				names = append(names, name)
			}
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
