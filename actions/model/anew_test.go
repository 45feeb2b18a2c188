package model

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// python runs a script of testdata with Debian's Python, whose libraries may be
// of another version than the ones that the committed files are from.
func python(t *testing.T, script string) map[string][]byte {
	t.Helper()
	const debian = "/usr/bin/python3"
	if _, err := os.Stat(debian); err != nil {
		t.Skipf("no %s", debian)
	}
	c := exec.Command(debian, script)
	c.Dir = "testdata"
	out, err := c.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if strings.Contains(string(exit.Stderr), "ModuleNotFoundError") {
			t.Skipf("%s lacks a module: %s", debian, lastLine(exit.Stderr))
		}
		t.Fatalf("%v: %s", err, exit.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]struct{ Data string }
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for name, s := range all {
		if files[name], err = base64.StdEncoding.DecodeString(s.Data); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func lastLine(b []byte) string {
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return lines[len(lines)-1]
}

// TestAttacksAnew holds the committed attacks to their script.
func TestAttacksAnew(t *testing.T) {
	made, kept := python(t, "attacks.py"), samples(t, "attacks.json")
	for label, b := range made {
		if kept[label] == nil {
			t.Errorf("%s is not in attacks.json; write it anew", label)
		}
		if !scanBytes(t, b, Options{}).Refused() {
			t.Errorf("%s is taken", label)
		}
	}
	if len(made) != len(kept) {
		t.Errorf("%d attacks are made, %d kept", len(made), len(kept))
	}
}

// TestRealFilesAnew scans what the libraries of this machine write.
func TestRealFilesAnew(t *testing.T) {
	if testing.Short() {
		t.Skip("trains models")
	}
	made := python(t, "real.py")
	var labels []string
	for label := range made {
		labels = append(labels, label)
	}
	slices.Sort(labels)
	for _, label := range labels {
		if r := scanBytes(t, made[label], Options{}); r.Refused() {
			t.Errorf("%s: %+v", label, r.Findings)
		}
	}
}
