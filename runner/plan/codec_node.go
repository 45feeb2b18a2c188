package plan

import "github.com/mlops-runner/mlops/spec"

// The least bytes that a node, a step, a retry and a service take: one for each field.
const minNode, minStep, minRetry, minService = 53, 18, 5, 18

func (c *codec) node(n *Node) {
	kind := uint64(n.Kind)
	c.uint(&kind)
	n.Kind, c.bad = Kind(kind), c.bad || kind > uint64(Select)
	c.str(&n.ID)
	c.str(&n.Job)
	list(c, &n.Leg, 2, func(v *spec.LegValue) { c.str(&v.Name); c.value(&v.Value) })
	c.pos(&n.Pos)
	listIn(c, &c.needs, &n.Needs, 3, func(d *Need) { c.int(&d.Node); c.bool(&d.Order); c.strs(&d.Paths) })
	c.str(&n.If)
	listIn(c, &c.inputs, &n.Inputs, 4, func(i *Input) {
		c.str(&i.Pattern)
		c.str(&i.Data)
		c.str(&i.Digest)
		c.str(&i.Source)
	})
	c.bool(&n.Tracked)
	c.strs(&n.Outputs)
	c.strs(&n.Metrics)
	c.bool(&n.Publish)
	c.place(n)
	c.vars(&n.Env)
	listIn(c, &c.steps, &n.Steps, minStep, c.step)
	list(c, &n.Secrets, 4, func(s *Secret) { c.str(&s.Name); c.pos(&s.Pos); c.bool(&s.Beside) })
	c.rules(n)
	c.str(&n.Select.Metric)
	c.bool(&n.Select.Highest)
	c.str(&n.Select.Follow)
	c.str(&n.Config)
	c.int(&n.Seeds)
	c.int(&n.MaxSeeds)
	c.bool(&n.Spare)
	c.str((*string)(&n.Definition))
	c.strs(&n.Late)
	c.strs(&n.Past)
	c.strs(&n.Later)
}

// place is where the job runs.
func (c *codec) place(n *Node) {
	c.str(&n.Image)
	built := n.Build != nil
	c.bool(&built)
	if built {
		if n.Build == nil {
			n.Build = &Build{}
		}
		c.str(&n.Build.Context)
		c.str(&n.Build.File)
		c.str(&n.Build.Target)
		c.vars(&n.Build.Args)
	}
	c.str(&n.Pull)
	c.str(&n.Platform)
	c.bool(&n.Network)
	c.str(&n.User)
	c.bool(&n.Isolate)
	c.resources(&n.Resources)
	list(c, &n.Caches, 2, func(k *Cache) { c.str(&k.Name); c.str(&k.Path) })
	list(c, &n.Services, minService, c.service)
}

func (c *codec) resources(r *spec.Resources) {
	c.float(&r.CPUs)
	c.int64(&r.Memory)
	c.int64(&r.Shm)
	c.int64(&r.Disk)
	c.int64(&r.Pids)
	c.int64(&r.Log)
	c.int(&r.GPUs)
}

// rules are how often, how long and whether the job runs.
func (c *codec) rules(n *Node) {
	c.duration(&n.Timeout)
	c.duration(&n.Grace)
	c.str(&n.ContinueOnError)
	c.bool(&n.FailFast)
	c.int(&n.MaxParallel)
	c.bool(&n.NoCache)
	c.bool(&n.Verify)
	c.group(&n.Group)
	list(c, &n.Retry, minRetry, c.retry)
}

func (c *codec) group(g *Group) { c.str(&g.Name); c.str(&g.Cancel) }

func (c *codec) retry(r *spec.Retry) {
	list(c, &r.On, 3, c.text)
	list(c, &r.Exit, 1, c.int)
	c.int(&r.Limit)
	c.duration(&r.Delay)
	more := r.Resources != nil
	c.bool(&more)
	if more {
		if r.Resources == nil {
			r.Resources = &spec.Resources{}
		}
		c.resources(r.Resources)
	}
}

func (c *codec) step(s *Step) {
	c.str(&s.ID)
	c.str(&s.Name)
	c.pos(&s.Pos)
	c.str(&s.If)
	c.str(&s.Run)
	c.vars(&s.Exprs)
	c.str(&s.Shell)
	c.str(&s.Dir)
	c.str(&s.Uses)
	c.object(&s.With)
	c.vars(&s.Env)
	c.duration(&s.Timeout)
	c.str(&s.ContinueOnError)
	c.bool(&s.Background)
	c.strs(&s.Wait)
	c.strs(&s.Cancel)
	c.bool(&s.WaitAll)
}
