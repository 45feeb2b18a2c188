package main

import (
	"io"
	"os"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// The hooks that pre-commit.com is offered call commands and flags that exist,
// and are those of "mlops hooks install".
func TestPreCommitHooks(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../.pre-commit-hooks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var list []struct{ ID, Name, Entry, Language string }
	if err := yaml.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != len(hooks()) {
		t.Fatalf("%d hooks, want %d", len(list), len(hooks()))
	}
	for i, h := range list {
		if want := hooks()[i].line("mlops.yaml"); h.Entry != want || h.ID == "" || h.Name == "" || h.Language != "system" {
			t.Errorf("hook %+v, want the entry %s", h, want)
		}
		root := newRoot(&app{stdout: io.Discard, stderr: io.Discard}, nil)
		c, rest, err := root.Find(strings.Fields(h.Entry)[1:])
		if err == nil {
			err = c.ParseFlags(rest)
		}
		if err != nil {
			t.Errorf("%s: %v", h.Entry, err)
		}
	}
}
