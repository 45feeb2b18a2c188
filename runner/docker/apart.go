package docker

import (
	"context"
	"fmt"

	"github.com/mlops-runner/mlops/runner/agent"
)

// partName is the name of a part's container.
func partName(task string, part int) string {
	if part == 0 {
		return containerName(task)
	}
	return fmt.Sprintf("%s-part%d", containerName(task), part+1)
}

// runApart runs a job whose steps have a container each: one after the other,
// each with an agent that goes on where the one before has stopped.
func (j *job) runApart(ctx context.Context) (agent.Result, error) {
	vols := volumeNames(j.task) // known now: whoever gave us folders may take them back
	relay, secrets := agent.NewRelay(), agent.Secrets{}
	if j.task.Spec.Secrets != nil {
		secrets = *j.task.Spec.Secrets
	}
	part := &job{e: j.e, task: j.task, control: j.control, seen: j.seen, log: j.log, exited: j.exited}
	for {
		secrets.Relay = relay
		part.task.Spec.Secrets = &secrets
		r, err := part.runOne(ctx)
		j.names = part.names
		if err != nil || j.seen.next == 0 {
			if x := execError(err); x == nil || x.Reason != agent.ReasonDaemonLost {
				j.dropVolumes(vols) // else the next run reaps them, with what still uses them
			}
			return r, err
		}
		relay.Next = j.seen.next
		j.seen.renew()
		part = &job{e: j.e, task: j.task, control: j.control, seen: j.seen, log: j.log, names: part.names, exited: make(chan struct{}),
			part: part.part + 1, before: part.box, lost: part.lost}
	}
}

// placing is the context in which a part's container comes to be. When a job
// goes on after it was cancelled, with steps that clean up, only a kill is in
// the way of that.
func (j *job) placing(ctx context.Context) (placing context.Context, free func()) {
	if j.part == 0 {
		return ctx, func() {}
	}
	placing, end := context.WithCancelCause(context.WithoutCancel(ctx))
	kill := func() {
		if killed(ctx) {
			end(agent.ErrKill)
		}
	}
	stops := []func() bool{context.AfterFunc(ctx, kill)}
	if now := agent.Kill(ctx); now != nil {
		stops = append(stops, context.AfterFunc(now, kill))
	}
	kill()
	return placing, func() {
		for _, stop := range stops {
			stop()
		}
		end(nil)
	}
}

// removeBefore removes the container of the part before. It stays until this
// one's is there: a runner that is killed meanwhile leaves a container, by which
// the next run finds out that there may be volumes too.
func (j *job) removeBefore() {
	if j.before != nil {
		j.e.remove(j.before.name, j.before.id)
		j.before = nil
	}
}
