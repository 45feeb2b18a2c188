package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/mlops-runner/mlops/spec"
)

// yamlRows measure reading mlops.yaml.
func yamlRows() []row {
	return []row{yamlRow(1000), yamlRow(10000)}
}

func yamlRow(n int) row {
	name := fmt.Sprintf("yaml/%d", n)
	return row{name, fmt.Sprintf("decode and check an mlops.yaml of %d jobs", n), seconds, func(b *bench) (contest, error) {
		dir, err := b.dir(name)
		if err != nil {
			return contest{}, err
		}
		file := filepath.Join(dir, "mlops.yaml")
		if err := os.WriteFile(file, largeFile(n), 0o644); err != nil {
			return contest{}, err
		}
		const node = "yaml.v3 to yaml.Node"
		ks := []contestant{
			inside("spec.Parse", ours, "spec-parse", file),
			inside(node, floor, "yaml-node", file),
		}
		return contest{contestants: ks, targets: []target{{node, 1.3}}}, nil
	}}
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
