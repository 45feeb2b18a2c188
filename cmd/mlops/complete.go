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
	_, pl, err := a.planned(nil)
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

// completeModels completes the name of a model, with its aliases where a version is meant.
func (a *app) completeModels(versions bool) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		r, err := a.openModels()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		names, _ := r.Names()
		for _, name := range slices.Clone(names) {
			m, err := r.Model(name)
			if err != nil || !versions {
				continue
			}
			for alias := range m.Aliases {
				names = append(names, name+"@"+alias)
			}
		}
		return names, cobra.ShellCompDirectiveDefault
	}
}
