package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"
)

// A row is one kind of work with its contestants and targets.
type row struct {
	name  string // short, for -only: noop/1000
	work  string // what is done, in words
	unit  unit
	setup func(b *bench) (contest, error)
}

// contest is what a row's setup makes: ours first, then peers, then floors.
type contest struct {
	contestants []contestant
	targets     []target
	end         func() // removes what setup started; may be nil
}

// role says what a contestant stands for.
type role string

const (
	ours  role = "ours"
	peer  role = "peer"
	floor role = "floor"
)

// A contestant does a row's work once for each call of sample.
type contestant struct {
	name   string
	role   role
	skip   string                                         // why it cannot be measured here; "" if it can
	reset  func() error                                   // before each sample, not measured; may be nil
	sample func(ctx context.Context) (measurement, error) // one sample
}

// A measurement is one sample. Value is in the row's unit of measure: seconds
// or bytes. The rest is of the process with its children, 0 if unknown: on a
// machine that others use too it tells more than wall time does.
type measurement struct {
	Value  float64 `json:"value"`
	Memory int64   `json:"memory,omitempty"` // peak resident bytes of the largest process
	CPU    float64 `json:"cpu,omitempty"`    // seconds, user and system
	Faults int64   `json:"faults,omitempty"` // page faults that needed no disk
}

// A target bounds ours: Value <= limit × the reference's, or <= limit if of is "".
type target struct {
	of    string  // name of a contestant; "" for an absolute limit in seconds or bytes
	limit float64 // ratio, or seconds or bytes
}

// bench is what setups and samples share.
type bench struct {
	ctx      context.Context
	temp     string // removed at the end
	mlops    string // absolute path of the binary that is measured
	act      bool   // whether act may be built
	progress io.Writer
	peers    peerCache
}

// dir makes and returns an empty folder for a row's files.
func (b *bench) dir(name string) (string, error) {
	path := filepath.Join(b.temp, name)
	return path, os.MkdirAll(path, 0o755)
}

// commandTimeout bounds one sample, so that a contestant that hangs fails its row.
const commandTimeout = 5 * time.Minute

// measure sets a row up and takes its samples. A failure is part of the result.
func (b *bench) measure(r row, rounds int) result {
	fmt.Fprintf(b.progress, "bench: %s ...\n", r.name)
	res := result{Row: r.name, Work: r.work, Unit: r.unit}
	c, err := r.setup(b)
	if err != nil {
		res.Error = "setup: " + err.Error()
		return res
	}
	if c.end != nil {
		defer c.end()
	}
	shrink()
	res.targets = c.targets
	for _, k := range c.contestants {
		res.Contestants = append(res.Contestants, series{Name: k.name, Role: k.role, Skip: k.skip})
	}
	if err := b.rounds(c.contestants, res.Contestants, rounds); err != nil {
		res.Error = err.Error()
		return res
	}
	res.judge()
	return res
}

// shrink gives back the memory that a setup took and forgets its peak, because
// the peak of a child as wait4 reports it begins with its parent's at the fork.
func shrink() {
	debug.FreeOSMemory()
	// 5 resets the peak, see proc(5); elsewhere than on Linux there is no such file.
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}

// rounds takes one unrecorded sample of each contestant, which warms caches and
// says how many rounds are affordable, and then round after round.
func (b *bench) rounds(ks []contestant, into []series, rounds int) error {
	slowest := time.Duration(0)
	for i := -1; i < rounds || rounds == 0; i++ {
		for j, k := range ks {
			if k.skip != "" {
				continue
			}
			began := time.Now()
			m, err := b.sample(k)
			if err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
			slowest = max(slowest, time.Since(began))
			if i >= 0 {
				into[j].Samples = append(into[j].Samples, m)
			}
		}
		if rounds == 0 {
			rounds = affordable(slowest)
		}
	}
	return nil
}

// affordable is the number of rounds for samples as slow as this.
func affordable(slowest time.Duration) int {
	if slowest > time.Second {
		return 5
	}
	return 15
}

func (b *bench) sample(k contestant) (measurement, error) {
	if k.reset != nil {
		if err := k.reset(); err != nil {
			return measurement{}, fmt.Errorf("reset: %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(b.ctx, commandTimeout)
	defer cancel()
	return k.sample(ctx)
}

// quantile returns the q-quantile of xs by linear interpolation between order
// statistics (type 7 of Hyndman and Fan), NaN if there are none.
func quantile(xs []float64, q float64) float64 {
	if len(xs) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(xs))
	at := q * float64(len(sorted)-1)
	low := int(at)
	if low == len(sorted)-1 {
		return sorted[low]
	}
	return sorted[low] + (at-float64(low))*(sorted[low+1]-sorted[low])
}
