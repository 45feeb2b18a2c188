//go:build ignore

// Generate writes the schemas of this folder; "go generate" runs it here.
package main

import (
	"log"
	"os"

	"github.com/mlops-runner/mlops/actions"
	"github.com/mlops-runner/mlops/spec"
)

func main() {
	text, err := spec.Schema(actions.Specs()...)
	if err == nil {
		err = os.WriteFile("mlops.schema.json", text, 0o644)
	}
	if err != nil {
		log.Fatal(err)
	}
}
