package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// A command that was made alone is what it is among all of them.
func TestCommandsAlone(t *testing.T) {
	t.Parallel()
	help := func(root *cobra.Command, args ...string) string {
		var out bytes.Buffer
		root.SetOut(&out)
		root.SetArgs(append(args, "--help"))
		if err := root.Execute(); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	for _, c := range commands() {
		a := &app{}
		all, alone := newRoot(a, nil), newRoot(a, []string{c.name})
		if made := c.make(a); made.Name() != c.name {
			t.Errorf("the command %q is called %q", c.name, made.Name())
		}
		if got := alone.Commands(); len(got) != 1 {
			t.Errorf("%s: %d commands were made", c.name, len(got))
		}
		if want, got := help(all, c.name), help(alone, c.name); got != want {
			t.Errorf("%s: help differs\n%s\n%s", c.name, want, got)
		}
	}
}

// TestForeignError shows that a registry's names do not reach the terminal as they are.
func TestForeignError(t *testing.T) {
	err := foreignError{fmt.Errorf("unpack a\x1b[2Jb\r\nc: %w", os.ErrExist)}
	if got := err.Error(); strings.ContainsAny(got, "\x1b\r\n") || !strings.Contains(got, "file already exists") || !errors.Is(err, os.ErrExist) {
		t.Errorf("%q", got)
	}
}
