package main

import (
	"fmt"
	"time"
)

// noopRows measure a run in which nothing changed.
func noopRows() []row {
	return []row{noopRow(10, 2.0), noopRow(1000, 1.2), noopRow(10000, 0.6)}
}

func noopRow(n int, limit float64) row {
	name := fmt.Sprintf("noop/%d", n)
	return row{name, fmt.Sprintf("run again, %d cached jobs", n), seconds, func(b *bench) (contest, error) {
		dir, err := b.dir(name)
		if err != nil {
			return contest{}, err
		}
		g, err := newGraph(dir, n)
		if err != nil {
			return contest{}, err
		}
		ks := []contestant{
			command("mlops run", ours, dir, b.mlops, "run", "--executor", "host", "--output", "quiet"),
			peerCommand("ninja", dir, "ninja", "--quiet"),
			peerCommand("make -rs", dir, "make", "-rs"),
			inside("stat each input and output", floor, "stat-graph", g.dir, fmt.Sprint(n)),
		}
		if err := b.settle(ks[:3]); err != nil {
			return contest{}, err
		}
		return contest{contestants: ks, targets: []target{{"ninja", limit}}}, nil
	}}
}

// settle runs each contestant once, so that its work is done, and waits until
// the files are old enough for every program to trust their times.
func (b *bench) settle(ks []contestant) error {
	for _, k := range ks {
		if k.skip != "" {
			continue
		}
		if _, err := b.sample(k); err != nil {
			return fmt.Errorf("%s, first run: %w", k.name, err)
		}
	}
	time.Sleep(2100 * time.Millisecond)
	return nil
}
