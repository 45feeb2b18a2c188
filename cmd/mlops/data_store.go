package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/mlops-runner/mlops/runner/dataset"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/store"
)

// dataStore is the versions of a project's datasets, with what the file says of them.
type dataStore struct {
	project  *project
	plan     *plan.Plan
	store    *store.Dir
	versions *dataset.Versions
}

// openData opens the versions of a project. A project without a store has none.
func (a *app) openData() (*dataStore, error) {
	p, pl, err := a.planned(nil)
	if err != nil {
		return nil, err
	}
	s, err := store.OpenWith(p.sharedStore(), store.Options{Counters: a.counters, ReadOnly: true})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return &dataStore{p, pl, s, dataset.In(s)}, nil
}

// declared is a dataset of the file by its name, whatever its case.
func (d *dataStore) declared(name string) (plan.Dataset, bool) {
	for _, set := range d.plan.Data {
		if strings.EqualFold(set.Name, name) {
			return set, true
		}
	}
	return plan.Dataset{}, false
}

// history is all versions of a dataset, newest first; damaged ones are told of.
func (d *dataStore) history(a *app, name string) ([]*dataset.Version, error) {
	if set, ok := d.declared(name); ok {
		name = set.Name
	}
	all, err := d.versions.All(name)
	var damaged *dataset.DamagedError
	if err != nil && !errors.As(err, &damaged) {
		return nil, err
	}
	if err != nil {
		a.say("%v", err)
	}
	if len(all) == 0 {
		return nil, d.noVersions(name)
	}
	return all, nil
}

// noVersions says why there is nothing to show of a dataset.
func (d *dataStore) noVersions(name string) error {
	if _, ok := d.declared(name); ok {
		return fixError{fmt.Errorf("no run has read the dataset %s yet", name), `run the pipeline first: "mlops run"`}
	}
	names, err := d.versions.Names()
	if err != nil {
		return err
	}
	for _, set := range d.plan.Data {
		names = append(names, set.Name)
	}
	return unknownDataset(name, names)
}
