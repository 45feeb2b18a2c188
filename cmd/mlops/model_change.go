package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/runner/registry"
)

// A change is a command that adds a line to a model's journal.
type change struct {
	use, short, example string
	args                int
	do                  func(ctx context.Context, p *pick, args []string, by registry.By) (said string, err error)
}

func (a *app) newChange(ch change) *cobra.Command {
	var by registry.By
	c := &cobra.Command{
		Use: ch.use, Short: ch.short, Example: ch.example,
		Args: cobra.ExactArgs(ch.args),
		RunE: func(c *cobra.Command, args []string) error {
			by.Actor = cmp.Or(by.Actor, a.person(c.Context()))
			return a.change(c.Context(), ch, args, by)
		},
		ValidArgsFunction: a.completeModels(true),
	}
	c.Flags().StringVar(&by.Actor, "actor", "", "who does it (default: the CI service's actor, or you)")
	if !strings.HasPrefix(ch.use, "note") {
		c.Flags().StringVarP(&by.Reason, "reason", "m", "", "why")
	}
	return c
}

// change does it, on top of what the shared store has and there too where that is set.
func (a *app) change(ctx context.Context, ch change, args []string, by registry.By) error {
	out, err := a.modelOutlet()
	if err != nil {
		return err
	}
	model, _ := registry.Split(args[0])
	lines := 0
	if out.on() {
		var moved []string
		lines, moved, err = out.take(ctx, model)
		a.sayAll(moved)
		if err != nil {
			return curedFar(err)
		}
	}
	p, err := a.pickModel(args[0])
	if err != nil {
		return err
	}
	said, err := ch.do(ctx, p, args[1:], by)
	if err != nil {
		return cured(err)
	}
	if err := a.publish(ctx, out, model, lines); err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.stdout, foreign(said))
	return err
}

// modelOutlet is the one of the store that is worked in.
func (a *app) modelOutlet() (*outlet, error) {
	s, err := a.openStore()
	if err != nil {
		return nil, err
	}
	p, err := a.here()
	if err != nil {
		return nil, err
	}
	return a.outlet(p, s)
}

// publish lets the shared store have what a person did, or says how it gets it.
func (a *app) publish(ctx context.Context, out *outlet, model string, lines int) error {
	if !out.on() {
		if out != nil {
			a.say("%s is changed in this store alone: %s", model, out.off)
		}
		return nil
	}
	said, lost, err := out.push(ctx, model, lines)
	a.sayAll(said)
	if lost {
		return fixError{fmt.Errorf("somebody else changed %s in the shared store at the same time; it is here as it is there, and this was not done", model), "look at it, and do it again if it is still wanted"}
	}
	return curedFar(err)
}

func (a *app) sayAll(texts []string) {
	for _, text := range texts {
		a.say("%s", foreign(text))
	}
}

func newModelAlias(a *app) *cobra.Command {
	remove := false
	c := a.newChange(change{
		use: "alias MODEL@REF ALIAS", short: "Let an alias point to a version, or remove it", args: 2,
		example: "  mlops model alias churn@3 staging\n  mlops model alias churn@staging production -m 'a week without complaints'\n  mlops model alias churn@staging --remove",
		do: func(ctx context.Context, p *pick, args []string, by registry.By) (string, error) {
			if remove {
				return a.removeAlias(ctx, p, by)
			}
			name, alias := p.model.Name, args[0]
			key, err := a.signingKey() // one that is no good is told before something has moved
			if err != nil {
				return "", err
			}
			from, err := p.registry.Move(ctx, name, alias, p.model.Aliases[alias], p.version, by)
			if err == nil {
				err = a.vouchMove(ctx, key, p, alias, by.Actor)
			}
			if err == nil && from == p.version {
				return fmt.Sprintf("%s@%d is %s already", name, p.version, alias), nil
			}
			return fmt.Sprintf("%s@%d is %s now, which was %s", name, p.version, alias, versionName(name, from)), err
		},
	})
	c.Flags().BoolVar(&remove, "remove", false, "let the alias that MODEL@ALIAS names point to nothing")
	c.Args = func(c *cobra.Command, args []string) error {
		if remove {
			return cobra.ExactArgs(1)(c, args)
		}
		return cobra.ExactArgs(2)(c, args)
	}
	return c
}

func (a *app) removeAlias(ctx context.Context, p *pick, by registry.By) (string, error) {
	name := p.model.Name
	if _, ok := p.model.Aliases[p.ref]; !ok {
		return "", usagef("%s@%s is a version; name the alias that is to go, such as %s@production", name, p.ref, name)
	}
	key, err := a.signingKey()
	if err != nil {
		return "", err
	}
	from, err := p.registry.Remove(ctx, name, p.ref, p.version, by)
	if err == nil {
		err = a.vouchMove(ctx, key, p, p.ref, by.Actor)
	}
	return fmt.Sprintf("%s is removed, which was %s", p.ref, versionName(name, from)), err
}

func newModelRollback(a *app) *cobra.Command {
	return a.newChange(change{
		use: "rollback MODEL@ALIAS", short: "Let an alias point to the version before", args: 1,
		example: "  mlops model rollback churn@production -m 'complaints from the north'",
		do: func(ctx context.Context, p *pick, _ []string, by registry.By) (string, error) {
			name := p.model.Name
			if _, ok := p.model.Aliases[p.ref]; !ok {
				return "", usagef("%s@%s is a version; name the alias that is to go back, such as %s@production", name, p.ref, name)
			}
			key, err := a.signingKey()
			if err != nil {
				return "", err
			}
			from, to, err := p.registry.Rollback(ctx, name, p.ref, by)
			if err == nil {
				err = a.vouchMove(ctx, key, p, p.ref, by.Actor)
			}
			return fmt.Sprintf("%s@%d is %s again, which was %s", name, to, p.ref, versionName(name, from)), err
		},
	})
}

func newModelRetire(a *app) *cobra.Command {
	return a.newChange(change{
		use: "retire MODEL@REF", short: "Say that a version is not to be used any more", args: 1,
		example: "  mlops model retire churn@2 -m 'trained on leaked data'",
		do: func(ctx context.Context, p *pick, _ []string, by registry.By) (string, error) {
			return fmt.Sprintf("%s@%d is retired", p.model.Name, p.version), p.registry.Retire(ctx, p.model.Name, p.version, by)
		},
	})
}

func newModelNote(a *app) *cobra.Command {
	return a.newChange(change{
		use: "note MODEL@REF TEXT", short: "Add a note to a version", args: 2,
		example: "  mlops model note churn@2 'audited by risk, ticket 1234'",
		do: func(ctx context.Context, p *pick, args []string, by registry.By) (string, error) {
			by.Reason = args[0]
			return fmt.Sprintf("noted of %s@%d", p.model.Name, p.version), p.registry.Note(ctx, p.model.Name, p.version, by)
		},
	})
}
