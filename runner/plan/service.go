package plan

import (
	"strconv"

	"github.com/mlops-runner/mlops/spec"
)

// services makes the services of one leg.
func (b *builder) services(j *spec.Job, leg spec.Leg) []Service {
	var out []Service
	for _, s := range j.Services {
		one := Service{
			Name: s.Name.Value, Image: b.string(s.Image, leg), Ports: s.Ports, User: s.User, Resources: s.Resources,
			Health: Health{
				Run: b.string(s.Health.Run, leg), Interval: s.Health.Interval, Timeout: s.Health.Timeout,
				StartPeriod: s.Health.StartPeriod, Retries: s.Health.Retries,
			},
		}
		for _, v := range s.Env {
			value := v.Value.Value
			if len(b.secretsIn(value)) == 0 { // else the text stands for it until the service starts
				value = b.string(v.Value, leg)
			}
			one.Env = append(one.Env, Var{v.Name.Value, value})
		}
		for _, c := range s.Command {
			one.Command = append(one.Command, b.string(c, leg))
		}
		out = append(out, one)
	}
	return out
}

// services adds what the job finds beside it, apart from the images' content.
// How long it waits for them, and by what sign, changes no result.
func (d *definition) services() {
	for _, s := range d.node.Services {
		d.add("service", s.Name, "declared")
		for _, v := range s.Env {
			d.add("service", s.Name+".env."+v.Name, v.Value)
			if len(d.secretsIn(v.Value)) > 0 {
				d.template(v.Value)
			}
		}
		for i, c := range s.Command {
			d.add("service", s.Name+".command."+strconv.Itoa(i), c)
		}
		if s.User != "" {
			d.add("service", s.Name+".user", s.User)
		}
	}
}

func (c *codec) service(s *Service) {
	c.str(&s.Name)
	c.str(&s.Image)
	c.vars(&s.Env)
	c.strs(&s.Command)
	list(c, &s.Ports, 1, c.int)
	c.str(&s.Health.Run)
	c.duration(&s.Health.Interval)
	c.duration(&s.Health.Timeout)
	c.duration(&s.Health.StartPeriod)
	c.int(&s.Health.Retries)
	c.str(&s.User)
	c.resources(&s.Resources)
}
