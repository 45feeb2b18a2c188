package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/mlops-runner/mlops/actions/drift"
	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
)

// driftRows measure comparing data with earlier data.
func driftRows() []row {
	return []row{{"drift/13", "drift of 13 columns between two stored profiles of 100,000 rows", seconds, setupDrift}}
}

func setupDrift(b *bench) (contest, error) {
	dir, err := b.dir("drift")
	if err != nil {
		return contest{}, err
	}
	files := [2]string{filepath.Join(dir, "base.json"), filepath.Join(dir, "now.json")}
	for i, file := range files {
		text, err := madeUpProfile(uint64(i)).Encode()
		if err != nil {
			return contest{}, err
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return contest{}, err
		}
	}
	ks := []contestant{
		inside("drift.Compare", ours, "drift-compare", files[0], files[1]),
		inside("profile.Decode of both", peer, "profile-decode", files[0], files[1]),
	}
	return contest{contestants: ks, targets: []target{{limit: 0.005}}}, nil
}

// madeUpProfile describes 100,000 rows of thirteen columns: six of numbers, four of
// categories, a date, a boolean and a key.
func madeUpProfile(seed uint64) *profile.Profile {
	const rows = 100_000
	r := rand.New(rand.NewPCG(seed, 1))
	batch := &table.Batch{File: "made-up", Rows: rows}
	var columns []table.Column
	add := func(v table.Vector) {
		columns = append(columns, table.Column{Name: "c" + strconv.Itoa(len(columns)), Kind: v.Kind})
		batch.Columns = append(batch.Columns, v)
	}
	whole := func(k table.Kind, n int64) {
		v := table.Vector{Kind: k, Ints: make([]int64, rows)}
		for i := range v.Ints {
			v.Ints[i] = r.Int64N(n)
		}
		add(v)
	}
	for range 6 {
		v := table.Vector{Kind: table.Float, Floats: make([]float64, rows)}
		for i := range v.Floats {
			v.Floats[i] = r.NormFloat64()
		}
		add(v)
	}
	for _, n := range []int{3, 10, 60, 1000} {
		v := table.Vector{Kind: table.Text, Dict: &table.Dict{}, Codes: make([]int32, rows)}
		for i := range n {
			v.Dict.Values = append(v.Dict.Values, []byte("value "+strconv.Itoa(i)))
		}
		for i := range v.Codes {
			v.Codes[i] = int32(r.IntN(n))
		}
		add(v)
	}
	whole(table.Date, 3650)
	whole(table.Bool, 2)
	whole(table.Int, 1<<60)
	b := profile.NewBuilder(columns)
	b.Add(batch)
	return b.Profile()
}

// driftCompare compares two stored profiles, which must not have drifted, and
// returns the mean of some times.
func driftCompare(args []string) (time.Duration, error) {
	ps, err := readProfiles(args)
	if err != nil {
		return 0, err
	}
	const times = 10
	took, err := timed(func() error {
		for range times {
			r, err := drift.Compare(ps[0], ps[1], drift.Options{})
			if err != nil {
				return err
			}
			if r.Verdict == drift.Moved || len(r.Columns) != 13 {
				return fmt.Errorf("%d columns are %s", len(r.Columns), r.Verdict)
			}
		}
		return nil
	})
	return took / times, err
}

func profileDecode(args []string) (time.Duration, error) {
	return timed(func() error {
		_, err := readProfiles(args)
		return err
	})
}

func readProfiles(files []string) ([]*profile.Profile, error) {
	var ps []*profile.Profile
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		p, err := profile.Decode(text)
		if err != nil {
			return nil, err
		}
		ps = append(ps, p)
	}
	return ps, nil
}
