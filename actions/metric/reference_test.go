package metric

import (
	"flag"
	"os"
	"strings"
	"testing"
)

//go:generate go test . -run TestGenerated -update

var update = flag.Bool("update", false, "write README.md")

// README.md is made of the table of metrics.
func TestGenerated(t *testing.T) {
	want := "# Metrics\n\nMade of the table in this folder by `make generate`.\n\n" + strings.TrimSuffix(Reference(), "\n")
	if *update {
		if err := os.WriteFile("README.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error(`README.md is not what "make generate" writes`)
	}
}
