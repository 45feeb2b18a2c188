package forgetest

import (
	"fmt"
	"net/http"
	"slices"
	"unicode/utf8"

	"github.com/mlops-runner/mlops/runner/forge"
)

// A Deployment is one as a fake keeps it.
type Deployment struct {
	ID                             int64
	Ref, Task, Environment         string
	Description                    string
	Payload                        map[string]any
	States                         []DeploymentState // oldest first
	AutoMerge                      bool
	RequiredContexts, AutoInactive bool // whether they were asked for, or left to GitHub
}

// A DeploymentState is a status of a deployment.
type DeploymentState struct{ State, Description, LogURL string }

// Deployments returns the deployments, oldest first.
func (g *GitHub) Deployments() (out []Deployment) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, d := range g.deployments {
		one := *d
		one.States = slices.Clone(d.States)
		out = append(out, one)
	}
	return out
}

// Merge merges a pull request by a commit.
func (g *GitHub) Merge(number int, commit string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.pulls[number]
	p.State, p.merge, g.commits[commit] = forge.Merged, commit, true
}

// listDeployments lists the newest first.
func (g *GitHub) listDeployments(c *call) (int, any) {
	q := c.URL.Query()
	var found []*Deployment
	for _, d := range slices.Backward(g.deployments) {
		if fits(q.Get("environment"), d.Environment) && fits(q.Get("task"), d.Task) && fits(q.Get("ref"), d.Ref) && fits(q.Get("sha"), d.Ref) {
			found = append(found, d)
		}
	}
	list := []any{}
	for _, d := range page(c, found) {
		list = append(list, g.deployment(d))
	}
	return http.StatusOK, list
}

func fits(want, got string) bool { return want == "" || want == got }

func (g *GitHub) deployment(d *Deployment) map[string]any {
	v := g.description.example("deployment-items")
	v["id"], v["sha"], v["ref"], v["task"], v["environment"], v["original_environment"] = d.ID, d.Ref, d.Ref, d.Task, d.Environment, d.Environment
	v["description"], v["payload"] = d.Description, d.Payload
	return v
}

// createDeployment does what GitHub does: without required contexts of its own it
// wants all statuses of the commit to be successes.
func (g *GitHub) createDeployment(c *call) (int, any) {
	var in struct {
		Ref, Task, Environment, Description string
		Payload                             map[string]any
		AutoMerge                           *bool     `json:"auto_merge"`
		RequiredContexts                    *[]string `json:"required_contexts"`
	}
	if err := c.read(&in); err != nil {
		return problem(http.StatusBadRequest, "Problems parsing JSON")
	}
	switch {
	case !g.commits[in.Ref]:
		return invalid("Deployment", "ref", "custom", "No ref found for: "+in.Ref)
	case utf8.RuneCountInString(in.Description) > 140:
		return invalid("Deployment", "description", "custom", "description is too long (maximum is 140 characters)")
	case in.RequiredContexts == nil:
		for _, s := range g.statuses[in.Ref] {
			if s.State != forge.Success {
				return problem(http.StatusConflict, "Conflict: Commit status checks failed for "+in.Ref+".")
			}
		}
	}
	g.last++
	d := &Deployment{
		ID: g.last, Ref: in.Ref, Task: in.Task, Environment: in.Environment, Description: in.Description, Payload: in.Payload,
		AutoMerge: in.AutoMerge == nil || *in.AutoMerge, RequiredContexts: in.RequiredContexts == nil || len(*in.RequiredContexts) > 0,
	}
	g.deployments = append(g.deployments, d)
	return http.StatusCreated, g.deployment(d)
}

func (g *GitHub) deploymentOf(c *call) *Deployment {
	for _, d := range g.deployments {
		if d.ID == id(c) {
			return d
		}
	}
	return nil
}

func (g *GitHub) listDeploymentStates(c *call) (int, any) {
	d := g.deploymentOf(c)
	if d == nil {
		return problem(http.StatusNotFound, "Not Found")
	}
	states := slices.Clone(d.States)
	slices.Reverse(states) // the newest first
	list := []any{}
	for _, s := range page(c, states) {
		list = append(list, g.deploymentState(d, s))
	}
	return http.StatusOK, list
}

func (g *GitHub) deploymentState(d *Deployment, s DeploymentState) map[string]any {
	v := g.description.example("deployment-status")
	v["state"], v["description"], v["log_url"], v["target_url"], v["environment"] = s.State, s.Description, s.LogURL, s.LogURL, d.Environment
	v["deployment_url"] = fmt.Sprintf("https://github.test/api/v3/repos/acme/churn/deployments/%d", d.ID)
	return v
}

func (g *GitHub) createDeploymentState(c *call) (int, any) {
	d := g.deploymentOf(c)
	if d == nil {
		return problem(http.StatusNotFound, "Not Found")
	}
	var in struct {
		State, Description string
		LogURL             string `json:"log_url"`
		AutoInactive       *bool  `json:"auto_inactive"`
	}
	if err := c.read(&in); err != nil {
		return problem(http.StatusBadRequest, "Problems parsing JSON")
	}
	if utf8.RuneCountInString(in.Description) > 140 {
		return invalid("DeploymentStatus", "description", "custom", "description is too long (maximum is 140 characters)")
	}
	s := DeploymentState{in.State, in.Description, in.LogURL}
	d.States, d.AutoInactive = append(d.States, s), in.AutoInactive == nil || *in.AutoInactive
	return http.StatusCreated, g.deploymentState(d, s)
}
