package runner

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func claims(needs ...demand) []*claim {
	out := make([]*claim, len(needs))
	for i, d := range needs {
		out[i] = &claim{node: i, need: d}
	}
	return out
}

// admitted are the nodes of the claims that got something, in order.
func nodes(cs []*claim) []int {
	out := []int{}
	for _, c := range cs {
		out = append(out, c.node)
	}
	return out
}

func granted(m map[*claim]grant) []int {
	out := []int{}
	for c := range m {
		out = append(out, c.node)
	}
	slices.Sort(out)
	return out
}

func TestAdmit(t *testing.T) {
	t.Parallel()
	machine := demand{cores: 4000, memory: 8 << 30, gpus: 2}
	core, gpu := demand{cores: 1000}, demand{cores: 1000, gpus: 1}
	for _, c := range []struct {
		name  string
		needs []demand
		slots int
		want  []int
	}{
		{"as many as fit", []demand{core, core, core, core, core}, 9, []int{0, 1, 2, 3}},
		{"no more than there are slots", []demand{core, core, core}, 2, []int{0, 1}},
		{"small ones pass a large one", []demand{core, {cores: 4000}, core}, 9, []int{0, 2}},
		{"memory counts", []demand{{memory: 6 << 30}, {memory: 4 << 30}, {memory: 2 << 30}}, 9, []int{0, 2}},
		{"so do GPUs", []demand{gpu, gpu, gpu, core}, 9, []int{0, 1, 3}},
		{"fractions of cores", []demand{{cores: 500}, {cores: 3500}, {cores: 1}}, 9, []int{0, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPacker(machine, []string{"0", "1"})
			got, rest := p.admit(claims(c.needs...), c.slots, time.Time{})
			if !slices.Equal(granted(got), c.want) || len(got)+len(rest) != len(c.needs) {
				t.Errorf("admitted %v, left %v, want %v", granted(got), nodes(rest), c.want)
			}
		})
	}
}

// Two jobs with one GPU each never get the same one, and the lowest free one
// is handed out.
func TestDevices(t *testing.T) {
	t.Parallel()
	p := newPacker(demand{cores: 8000, gpus: 3}, []string{"GPU-c", "GPU-a", "GPU-b"})
	one := p.take(demand{gpus: 1})
	two := p.take(demand{gpus: 2})
	if got := fmt.Sprint(one.devices, two.devices); got != "[GPU-c] [GPU-a GPU-b]" {
		t.Fatal(got)
	}
	p.giveBack(two)
	p.giveBack(one)
	if got := p.take(demand{gpus: 1}).devices; !slices.Equal(got, []string{"GPU-c"}) {
		t.Errorf("after both came back, %v is handed out", got)
	}
	unnamed := newPacker(demand{gpus: 1}, nil)
	if g := unnamed.take(demand{gpus: 1}); g.devices != nil || unnamed.free.gpus != 0 {
		t.Errorf("without names: %+v, %+v left", g, unnamed.free)
	}
}

// A job that needs the whole machine gets its turn although small ones keep coming.
func TestNobodyStarves(t *testing.T) {
	t.Parallel()
	for name, wait := range map[string]time.Duration{"by passes": 0, "by time": maxWait} {
		t.Run(name, func(t *testing.T) {
			p := newPacker(demand{cores: 2000}, nil)
			running := []grant{p.take(demand{cores: 1000})}
			big := &claim{node: -1, need: demand{cores: 2000}}
			queue := []*claim{big}
			for round := range maxPassed + 3 {
				queue = append(queue, &claim{node: round, need: demand{cores: 1000}, since: time.Time{}.Add(wait)})
				var got map[*claim]grant
				got, queue = p.admit(queue, 9, time.Time{}.Add(wait))
				if _, ok := got[big]; ok {
					if wait > 0 && round > 1 || round > maxPassed+1 {
						t.Errorf("granted in round %d", round)
					}
					return
				}
				for _, g := range got {
					running = append(running, g)
				}
				p.giveBack(running[0]) // the oldest ends
				running = running[1:]
			}
			t.Error("it never got its turn")
		})
	}
}

// Whatever is asked and however it ends: never more than there is, no GPU
// twice, and when nothing is held something is granted.
func TestPackerProperties(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 7))
		total := demand{cores: 1000 * (1 + r.Int64N(8)), memory: 1 + r.Int64N(64), gpus: r.IntN(5)}
		p := newPacker(total, []string{"0", "1", "2", "3", "4"}[:total.gpus])
		var queue []*claim
		var held []grant
		left := 60
		for left > 0 || len(queue)+len(held) > 0 {
			if left > 0 && r.IntN(2) == 0 {
				left--
				queue = append(queue, &claim{need: demand{r.Int64N(total.cores + 1), r.Int64N(total.memory + 1), r.IntN(total.gpus + 1)}})
			}
			got, rest := p.admit(queue, 1+r.IntN(4), time.Time{})
			if len(held) == 0 && len(queue) > 0 && len(got) == 0 {
				t.Fatalf("seed %d: nothing is held and nothing of %d claims granted", seed, len(queue))
			}
			queue = rest
			for _, g := range got {
				held = append(held, g)
			}
			checkHeld(t, seed, p, held)
			if len(held) > 0 {
				i := r.IntN(len(held))
				p.giveBack(held[i])
				held = slices.Delete(held, i, i+1)
			}
		}
		if p.free != total || len(p.devices) != total.gpus {
			t.Fatalf("seed %d: %+v of %+v came back, devices %v", seed, p.free, total, p.devices)
		}
	}
}

func checkHeld(t *testing.T, seed uint64, p *packer, held []grant) {
	t.Helper()
	sum, taken := demand{}, map[string]bool{}
	for _, g := range held {
		sum = sum.plus(g.demand)
		if len(g.devices) != g.gpus {
			t.Fatalf("seed %d: %d GPUs are %v", seed, g.gpus, g.devices)
		}
		for _, d := range g.devices {
			if taken[d] {
				t.Fatalf("seed %d: GPU %s is held twice", seed, d)
			}
			taken[d] = true
		}
	}
	if !sum.fits(p.total) || p.free != p.total.minus(sum) {
		t.Fatalf("seed %d: %+v held of %+v, %+v said to be free", seed, sum, p.total, p.free)
	}
}
