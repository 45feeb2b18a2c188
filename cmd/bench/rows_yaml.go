package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/spec"
)

// yamlRows measure reading mlops.yaml.
func yamlRows() []row {
	return []row{yamlRow(1000), yamlRow(10000), yamlCachedRow(1000), yamlCachedRow(10000)}
}

// yamlNodeName is the least that reading mlops.yaml takes.
const yamlNodeName = "yaml.v3 to yaml.Node"

func yamlRow(n int) row {
	name := fmt.Sprintf("yaml/%d", n)
	return row{name, fmt.Sprintf("decode and check an mlops.yaml of %d jobs", n), seconds, func(b *bench) (contest, error) {
		file, err := b.yamlFile(name, n)
		if err != nil {
			return contest{}, err
		}
		ks := []contestant{
			inside("spec.Parse", ours, "spec-parse", file),
			inside(yamlNodeName, floor, "yaml-node", file),
		}
		return contest{contestants: ks, targets: []target{{yamlNodeName, 1.3}}}, nil
	}}
}

// yamlCachedRow is the same for a file that has not changed, whose plan is kept.
func yamlCachedRow(n int) row {
	name := fmt.Sprintf("yaml-cached/%d", n)
	return row{name, fmt.Sprintf("read the kept plan of %d jobs in place of mlops.yaml", n), seconds, func(b *bench) (contest, error) {
		file, err := b.yamlFile(name, n)
		if err != nil {
			return contest{}, err
		}
		kept := filepath.Join(filepath.Dir(file), "plan")
		if err := keepPlan(file, kept); err != nil {
			return contest{}, err
		}
		ks := []contestant{
			inside("plan.Decode", ours, "plan-decode", kept),
			inside(yamlNodeName, peer, "yaml-node", file),
		}
		return contest{contestants: ks, targets: []target{{yamlNodeName, 0.1}}}, nil
	}}
}

// yamlFile writes an mlops.yaml of n jobs into a folder for the row.
func (b *bench) yamlFile(row string, n int) (string, error) {
	dir, err := b.dir(row)
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "mlops.yaml")
	return file, os.WriteFile(file, largeFile(n), 0o644)
}

// keepPlan plans a file and writes the plan as it is kept between runs.
func keepPlan(file, to string) error {
	src, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	f, ds := spec.Parse(file, src, spec.Options{})
	if err := ds.Err(); err != nil {
		return err
	}
	p, err := plan.New(f, plan.Options{})
	if err != nil {
		return err
	}
	return os.WriteFile(to, p.Encode(), 0o644)
}

// yamlNode decodes a file to yaml.Node and no further.
func yamlNode(args []string) (time.Duration, error) {
	src, err := os.ReadFile(args[0])
	if err != nil {
		return 0, err
	}
	return timed(func() error {
		var doc yaml.Node
		return yaml.Unmarshal(src, &doc)
	})
}

// specParse decodes and checks a file as every command does.
func specParse(args []string) (time.Duration, error) {
	src, err := os.ReadFile(args[0])
	if err != nil {
		return 0, err
	}
	return timed(func() error {
		_, ds := spec.Parse(args[0], src, spec.Options{})
		if len(ds) > 0 {
			return ds
		}
		return nil
	})
}

// planDecode reads a kept plan.
func planDecode(args []string) (time.Duration, error) {
	data, err := os.ReadFile(args[0])
	if err != nil {
		return 0, err
	}
	return timed(func() error {
		_, err := plan.Decode(data)
		return err
	})
}
