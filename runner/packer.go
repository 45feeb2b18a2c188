package runner

import (
	"slices"
	"time"
)

// A demand is how much of a machine a job takes, and how much a machine has.
type demand struct {
	cores  int64 // thousandths of a core
	memory int64 // bytes
	gpus   int
}

func (d demand) fits(in demand) bool {
	return d.cores <= in.cores && d.memory <= in.memory && d.gpus <= in.gpus
}

func (d demand) plus(e demand) demand {
	return demand{d.cores + e.cores, d.memory + e.memory, d.gpus + e.gpus}
}

func (d demand) minus(e demand) demand {
	return demand{d.cores - e.cores, d.memory - e.memory, d.gpus - e.gpus}
}

// A grant is a part of the machine, held by a job until it is given back.
type grant struct {
	demand
	devices []string  // names of the GPUs; nil where the machine does not know them
	leased  []string  // by which other runs know that they are taken
	held    *holdback // the job is not to run any more
}

// A claim is what a job that is about to run asks for.
type claim struct {
	node    int
	need    demand
	since   time.Time
	passed  int    // claims behind it that were granted before it
	told    bool   // people know that it waits
	barred  string // what it waits for that other runs have, while this one has room for it
	again   bool   // its job runs already, and takes another attempt
	granted chan grant
}

// When a claim has waited for so long or been passed so often, nobody passes
// it any more: the machine drains until it fits.
const (
	maxPassed = 8
	maxWait   = 5 * time.Minute
)

// maxBarred is how long a run in which nothing goes on waits for cores and memory
// that other runs have, before it starts one job all the same: cores can be
// shared, and a run that is stopped or hangs must not hold up all others.
const maxBarred = time.Minute

// A packer shares a machine out among jobs: in the order in which they ask, but
// those that fit pass those that do not. It never grants more than there is. It
// is pure bookkeeping for one goroutine, and knows no clock.
type packer struct {
	total, free demand
	devices     []string // free GPUs, in the machine's order
	order       []string // all GPUs, in the machine's order
	leases      *leases
}

// newPacker shares out total. devices are the GPUs' names, total.gpus of them,
// or none if the machine does not know them.
func newPacker(total demand, devices []string) *packer {
	return &packer{total: total, free: total, devices: slices.Clone(devices), order: devices}
}

// admit grants what it can to a queue, at most slots claims, and returns those
// that got something and those that go on waiting, both in order. Every claim
// must fit into the whole machine; then one is granted whenever nothing is held.
func (p *packer) admit(queue []*claim, slots int, now time.Time) (admitted map[*claim]grant, rest []*claim) {
	admitted = map[*claim]grant{}
	defer p.leases.round()()
	used := 0
	for _, c := range queue {
		c.barred = ""
	}
	for i, c := range queue {
		if used >= slots && !c.again { // who tries again has a slot
			rest = append(rest, c)
			continue
		}
		if c.need.fits(p.free) {
			var g grant
			if g, c.barred = p.lend(c.need, now.Sub(c.since) >= maxBarred); c.barred == "" {
				admitted[c] = g
				if !c.again {
					used++
				}
				for _, earlier := range rest {
					earlier.passed++
				}
				continue
			}
		}
		rest = append(rest, c)
		if c.barred != "" && c.need.gpus > 0 {
			continue // to drain the machine might not help it
		}
		if c.passed >= maxPassed || now.Sub(c.since) >= maxWait {
			return admitted, append(rest, queue[i+1:]...)
		}
	}
	return admitted, rest
}

// unnamed stands for the GPUs of a machine that does not know their names.
const unnamed = "all"

// lend takes what fits, or nothing, and then lack says what other runs have of it.
func (p *packer) lend(d demand, late bool) (g grant, lack string) {
	names := p.devices
	if len(p.order) == 0 && d.gpus > 0 {
		names = []string{unnamed}
	}
	got, lack := p.leases.take(names, d, late)
	if lack != "" {
		return g, lack
	}
	if len(p.order) > 0 { // those first
		p.devices = append(slices.Clone(got), slices.DeleteFunc(slices.Clone(names), func(d string) bool { return slices.Contains(got, d) })...)
	}
	g = p.take(d)
	g.leased = got
	return g, ""
}

func (p *packer) take(d demand) grant {
	p.free = p.free.minus(d)
	g := grant{demand: d}
	if len(p.order) > 0 {
		g.devices = slices.Clone(p.devices[:d.gpus])
		p.devices = p.devices[d.gpus:]
	}
	return g
}

// giveBack ends the use of a grant.
func (p *packer) giveBack(g grant) {
	p.leases.giveBack(g.leased, g.demand)
	p.free = p.free.plus(g.demand)
	free := append(slices.Clone(p.devices), g.devices...)
	slices.SortStableFunc(free, func(a, b string) int { return slices.Index(p.order, a) - slices.Index(p.order, b) })
	p.devices = free
}
