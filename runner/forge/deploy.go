package forge

import "context"

// A Merger knows by which pull request a commit came to its branch, also where the
// commit has other parents, as after a squash.
type Merger interface {
	// Merged returns the pull request whose merge made the commit. It fails with
	// [ErrNoChange] if there is none, and with [ErrUnsupported] where nobody can tell.
	Merged(ctx context.Context, commit string) (Change, error)
}

// A Deployer keeps a log of what is in use where.
type Deployer interface {
	// Deploy notes what became of a deployment. There is one for each task and
	// environment: it is made if it is missing, and told its state if that is another.
	// made is whether something was written. It may be repeated.
	Deploy(ctx context.Context, d Deployment) (made bool, err error)
}

// A Deployment is something that is to be in use in an environment.
type Deployment struct {
	Commit      string // that it was made from
	Environment string // production
	Task        string // what tells it from others of the environment: promote:churn@3
	Replaces    string // task that is in use no more from now on, if State is Success; "" for none
	Payload     map[string]string
	Description string      // clipped to [MaxDescription] bytes
	State       StatusState // Success, Failure or Errored
	URL         string      // page of the run; may be empty
}
