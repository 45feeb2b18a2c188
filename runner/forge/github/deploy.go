package github

import (
	"context"

	"github.com/google/go-github/v60/github"

	"github.com/mlops-runner/mlops/runner/forge"
)

// inactive is the state of a deployment that another one took the place of.
const inactive forge.StatusState = "inactive"

// Deploy implements [forge.Deployer].
func (c *Client) Deploy(ctx context.Context, d forge.Deployment) (made bool, err error) {
	if c.opts.Gitea {
		return false, &forge.Error{Op: "deployment of " + d.Task, Kind: forge.ErrUnsupported, Detail: "a Gitea has no deployments"}
	}
	err = c.opts.Clock.Repeat(ctx, func() error {
		wrote, err := c.deploy(ctx, d)
		made = made || wrote
		return err
	})
	return made, err
}

// deploy looks for the deployment before it makes one: the answer to an earlier try
// may have been lost.
func (c *Client) deploy(ctx context.Context, d forge.Deployment) (made bool, err error) {
	one, err := c.deployment(ctx, d.Environment, d.Task)
	if err != nil {
		return false, err
	}
	if one == nil {
		if one, err = c.createDeployment(ctx, d); err != nil {
			return false, err
		}
		made = true
	}
	set, err := c.setState(ctx, one, d, d.State)
	if err != nil || d.Replaces == "" || d.Replaces == d.Task || d.State != forge.Success {
		return made || set, err
	}
	before, err := c.deployment(ctx, d.Environment, d.Replaces)
	if err != nil || before == nil {
		return made || set, err
	}
	retired, err := c.setState(ctx, before, d, inactive)
	return made || set || retired, err
}

// deployment is the newest one of a task; nil if there is none.
func (c *Client) deployment(ctx context.Context, environment, task string) (*github.Deployment, error) {
	list, _, err := c.api.ListDeployments(ctx, c.owner, c.name, &github.DeploymentsListOptions{Environment: environment, Task: task, ListOptions: github.ListOptions{PerPage: 1}})
	if err != nil || len(list) == 0 {
		return nil, c.reading(err, "deployments", "look for the deployment %s to %s", task, environment)
	}
	return list[0], nil
}

// createDeployment makes one. Left to itself, GitHub would merge the default branch
// into the commit's, and ask for all of its statuses, of which the run's own is one
// that is not there yet.
func (c *Client) createDeployment(ctx context.Context, d forge.Deployment) (*github.Deployment, error) {
	one, _, err := c.api.CreateDeployment(ctx, c.owner, c.name, &github.DeploymentRequest{
		Ref: &d.Commit, Task: &d.Task, Environment: &d.Environment, Payload: d.Payload,
		AutoMerge: github.Bool(false), RequiredContexts: &[]string{}, Description: github.String(forge.Clip(d.Description, forge.MaxDescription)),
	})
	return one, c.writing(err, "deployments", "make the deployment %s to %s", d.Task, d.Environment)
}

// setState adds a status, unless the newest one says the same. Others of the
// environment stay as they are: they may be of other models.
func (c *Client) setState(ctx context.Context, one *github.Deployment, d forge.Deployment, state forge.StatusState) (bool, error) {
	list, _, err := c.api.ListDeploymentStatuses(ctx, c.owner, c.name, one.GetID(), &github.ListOptions{PerPage: 1})
	if err != nil {
		return false, c.reading(err, "deployments", "read the state of deployment %s to %s", one.GetTask(), d.Environment)
	}
	if len(list) > 0 && list[0].GetState() == string(state) {
		return false, nil
	}
	_, _, err = c.api.CreateDeploymentStatus(ctx, c.owner, c.name, one.GetID(), &github.DeploymentStatusRequest{
		State: github.String(string(state)), LogURL: text(d.URL), AutoInactive: github.Bool(false),
		Description: github.String(forge.Clip(d.Description, forge.MaxDescription)),
	})
	return err == nil, c.writing(err, "deployments", "set the state of deployment %s to %s", one.GetTask(), d.Environment)
}
