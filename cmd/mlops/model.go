package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/store"
)

func newModel(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "model",
		Short: "Look after the registered models: versions, aliases, history",
		Long: `Look after the models that "uses: promote" registered. MODEL@REF is a version by its
number or by an alias, such as churn@3 or churn@production.`,
		Args: cobra.NoArgs, // without it and RunE a mistyped subcommand would print the help and succeed
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	for _, make := range []func(*app) *cobra.Command{
		newModelLs,
		newModelShow,
		newModelHistory,
		newModelDiff,
		newModelAlias,
		newModelRollback,
		newModelRetire,
		newModelNote,
		newModelPull,
		newModelPush,
		newModelCard,
		newModelVerify,
		newModelScan,
	} {
		c.AddCommand(make(a))
	}
	return c
}

// openModels opens the registry of the project's store.
func (a *app) openModels() (*registry.Registry, error) {
	s, err := a.openStore()
	if err != nil {
		return nil, err
	}
	return registry.Open(s, nil), nil
}

// A pick is a version that somebody named.
type pick struct {
	registry *registry.Registry
	model    *registry.Model
	version  int
	ref      string
}

// pickModel finds MODEL@REF.
func (a *app) pickModel(name string) (*pick, error) {
	model, ref := registry.Split(name)
	if ref == "" {
		return nil, usagef("%s: write MODEL@VERSION or MODEL@ALIAS, such as %s@1", name, model)
	}
	r, err := a.openModels()
	if err != nil {
		return nil, err
	}
	m, err := r.Model(model)
	if err != nil {
		return nil, cured(err)
	}
	n, err := m.Resolve(ref)
	if err != nil {
		return nil, cured(err)
	}
	return &pick{r, m, n, ref}, nil
}

func (p *pick) read() (*registry.Version, error) {
	v, err := p.registry.Version(p.model, p.version)
	return v, cured(err)
}

// readPicked finds MODEL@REF, and reads the version from the store that it is in.
func (a *app) readPicked(name string) (*pick, *registry.Version, *store.Dir, error) {
	p, err := a.pickModel(name)
	if err != nil {
		return nil, nil, nil, err
	}
	v, err := p.read()
	if err != nil {
		return nil, nil, nil, err
	}
	s, err := a.openStore()
	return p, v, s, err
}

func newModelLs(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "ls",
		Short: "List the models and where their aliases point",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return a.modelLs(asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// modelLine is a model in a list.
type modelLine struct {
	Model    string         `json:"model"`
	Versions int            `json:"versions"`
	Aliases  map[string]int `json:"aliases"`
	Changed  time.Time      `json:"changed"` // newest line of its journal
}

func (a *app) modelLs(asJSON bool) error {
	r, err := a.openModels()
	if err != nil {
		return err
	}
	names, err := r.Names()
	if err != nil {
		return err
	}
	lines := []modelLine{}
	var damaged []error
	for _, name := range names {
		m, err := r.Model(name)
		if err != nil {
			damaged = append(damaged, err)
			continue
		}
		lines = append(lines, modelLine{name, m.Versions(), m.Aliases, m.Journal[len(m.Journal)-1].Time})
	}
	if asJSON {
		return errors.Join(a.printJSON(lines), cured(errors.Join(damaged...)))
	}
	if len(lines) == 0 && len(damaged) == 0 {
		a.say("no model is registered here yet; \"uses: promote\" registers one")
		return nil
	}
	if len(lines) == 0 {
		return cured(errors.Join(damaged...))
	}
	rows := make([][]string, len(lines))
	for i, l := range lines {
		rows[i] = []string{l.Model, fmt.Sprint(l.Versions), aliasText(l.Aliases), l.Changed.Local().Format(time.DateTime)}
	}
	return errors.Join(view.Table(a.stdout, []string{"model", "versions", "aliases", "changed"}, rows, a.color()), cured(errors.Join(damaged...)))
}

// aliasText lists aliases with the versions they point to.
func aliasText(aliases map[string]int) string {
	var parts []string
	for name, n := range aliases {
		parts = append(parts, fmt.Sprintf("%s=%d", name, n))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

func newModelHistory(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "history MODEL",
		Short:   "Show who did what with a model, when and why, oldest first",
		Example: "  mlops model history churn",
		Args:    cobra.ExactArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return a.modelHistory(args[0], asJSON) },

		ValidArgsFunction: a.completeModels(false),
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the journal as JSON")
	return c
}

func (a *app) modelHistory(name string, asJSON bool) error {
	r, err := a.openModels()
	if err != nil {
		return err
	}
	m, err := r.Model(name)
	if err != nil {
		return cured(err)
	}
	if asJSON {
		return a.printJSON(m.Journal)
	}
	rows := make([][]string, len(m.Journal))
	for i, e := range m.Journal {
		rows[i] = []string{fmt.Sprint(e.Seq), e.Time.Local().Format(time.DateTime), string(e.Action), whatMoved(e), e.Actor, foreign(e.Reason), shortID(e.Run), gatesText(e)}
	}
	return view.Table(a.stdout, []string{"line", "time", "action", "what", "who", "why", "run", "gates"}, rows, a.color())
}

// whatMoved is what a line of a journal is about.
func whatMoved(e registry.Entry) string {
	version := versionName(e.Model, e.Version)
	switch e.Action {
	case registry.Aliased, registry.RolledBack:
		return fmt.Sprintf("%s: %s → %s", e.Alias, versionName(e.Model, e.From), version)
	case registry.Removed:
		return fmt.Sprintf("%s: %s → nothing", e.Alias, version)
	case registry.Rejected:
		return fmt.Sprintf("%s: not %s", e.Alias, version)
	}
	return version
}

// gatesText says how many gates passed.
func gatesText(e registry.Entry) string {
	if len(e.Gates) == 0 {
		return ""
	}
	passed := 0
	for _, g := range e.Gates {
		if g.Outcome == "passed" {
			passed++
		}
	}
	return fmt.Sprintf("%d of %d passed", passed, len(e.Gates))
}

// shortID is the beginning of a run's id, by which it is told from others.
func shortID(run string) string { return run[:min(len(run), 13)] }
