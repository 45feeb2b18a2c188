package plan

import (
	"encoding/json"

	"github.com/mlops-runner/mlops/spec"
)

func (c *codec) node(n *Node) {
	kind := uint64(n.Kind)
	c.uint(&kind)
	n.Kind = Kind(kind)
	c.str(&n.ID)
	c.str(&n.Job)
	list(c, &n.Leg, func(v *spec.LegValue) { c.str(&v.Name); c.value(&v.Value) })
	c.pos(&n.Pos)
	list(c, &n.Needs, func(d *Need) { c.int(&d.Node); c.bool(&d.Order); c.strs(&d.Paths) })
	c.str(&n.If)
	list(c, &n.Inputs, func(i *Input) { c.str(&i.Pattern); c.str(&i.Data); c.str(&i.Digest) })
	c.bool(&n.Tracked)
	c.strs(&n.Outputs)
	c.strs(&n.Metrics)
	c.bool(&n.Publish)
	c.place(n)
	c.vars(&n.Env)
	list(c, &n.Steps, c.step)
	c.rules(n)
	c.str(&n.Select.Metric)
	c.bool(&n.Select.Highest)
	list(c, &n.Definition, func(l *Line) { c.str(&l.Kind); c.str(&l.Name); c.str(&l.Value) })
	c.strs(&n.Late)
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
	list(c, &n.Caches, func(k *Cache) { c.str(&k.Name); c.str(&k.Path) })
}

func (c *codec) resources(r *spec.Resources) {
	c.float(&r.CPUs)
	c.int64(&r.Memory)
	c.int64(&r.Shm)
	c.int64(&r.Disk)
	c.int64(&r.Pids)
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
	list(c, &n.Retry, func(r *spec.Retry) {
		list(c, &r.On, func(s *spec.Str) { c.str(&s.Value); c.pos(&s.Pos) })
		list(c, &r.Exit, c.int)
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
	})
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
	c.with(s)
	c.vars(&s.Env)
	c.duration(&s.Timeout)
	c.str(&s.ContinueOnError)
	c.bool(&s.Background)
}

func (c *codec) with(s *Step) {
	var text string
	if c.write && len(s.With) > 0 {
		b, _ := json.Marshal(s.With) // values from YAML always marshal
		text = string(b)
	}
	c.str(&text)
	if !c.write && text != "" {
		c.bad = c.bad || json.Unmarshal([]byte(text), &s.With) != nil
	}
}
