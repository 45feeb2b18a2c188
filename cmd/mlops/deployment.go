package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/mlops-runner/mlops/runner/forge"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
)

// deployed tells the forge what became of an alias, when that is certain.
func (p *promotion) deployed(one record.Promotion, v *registry.Version, failed error) {
	p.later = append(p.later, func(ctx context.Context, unpublished error) {
		if failed == nil {
			failed = unpublished
		}
		p.deploy(ctx, one, v, failed)
	})
}

// deploy lets the forge's log of deployments tell what became of an alias, where a
// token is there. The journal is the truth, so that it cannot be told is said once and
// fails nothing.
func (p *promotion) deploy(ctx context.Context, one record.Promotion, v *registry.Version, failed error) {
	if p.mute {
		return
	}
	f, ci := forgeOf(os.LookupEnv)
	d, ok := f.(forge.Deployer)
	if !ok || p.run.Source.Commit == "" {
		return
	}
	ctx, stop := context.WithTimeout(ctx, 30*time.Second)
	defer stop()
	told := deploymentOf(one, v, p.run, ci, failed)
	made, err := d.Deploy(ctx, told)
	var e *forge.Error
	switch {
	case errors.Is(err, forge.ErrUnsupported):
		p.mute = true
	case errors.Is(err, forge.ErrReadOnly), errors.Is(err, forge.ErrDenied):
		p.mute = true
		p.say("no deployment is recorded, as the token may not; give the job permissions: {deployments: write}")
	case errors.As(err, &e) && e.Fix != "":
		p.mute = true
		p.say("no deployment is recorded: %v; %s", err, e.Fix)
	case err != nil:
		p.mute = true
		p.say("no deployment is recorded: %v", err)
	case made:
		p.say("deployment of %s to %s: %s", versionName(one.Model, one.Version), one.Alias, told.State)
	}
}

func deploymentOf(one record.Promotion, v *registry.Version, run *record.Run, ci forge.CI, failed error) forge.Deployment {
	name := versionName(one.Model, one.Version)
	d := forge.Deployment{
		Commit: run.Source.Commit, Environment: one.Alias, Task: taskOf(one.Model, one.Version), URL: ci.URL, State: forge.Success,
		Description: fmt.Sprintf("%s is %s", name, one.Alias),
		Payload:     map[string]string{"model": one.Model, "version": fmt.Sprint(one.Version), "digest": v.Digest.String(), "run": run.ID},
	}
	if one.Was != 0 && one.Was != one.Version {
		d.Replaces = taskOf(one.Model, one.Was)
	}
	if failed != nil {
		d.State, d.Description = forge.Failure, fmt.Sprintf("%s is not %s: %v", name, one.Alias, failed)
	}
	return d
}

// taskOf tells the deployment of a version from others of the environment.
func taskOf(model string, version int) string {
	return fmt.Sprintf("promote:%s", versionName(model, version))
}
