package agent

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestOutputs(t *testing.T) {
	t.Parallel()
	b := newBench(t, sh(`mkdir -p model/deep 'other dir'; echo weights >model/deep/w.bin; ln -s deep/w.bin model/latest; chmod 600 model/deep/w.bin
		chmod 755 model; echo '{}' >metrics.json; : >empty; chmod 644 empty metrics.json; echo c >'other dir/ünï.csv'; chmod 644 other*/*; echo no >junk; ln -s junk model/deep/up; rm model/deep/up`))
	b.Outputs = []string{"model/", "empty", "other dir/**", "./model/deep/*.bin"}
	b.Metrics = []string{"metrics.json", "none.json", "*.prom"}
	r := b.want(Success, ReasonNone)
	digest := func(s string) string { return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(s))) }
	want := []Artifact{
		{Path: "empty", Digest: digest(""), Mode: 0o644},
		{Path: "metrics.json", Digest: digest("{}\n"), Size: 3, Mode: 0o644},
		{Path: "model/deep/w.bin", Digest: digest("weights\n"), Size: 8, Mode: 0o600},
		{Path: "model/latest", Digest: digest("deep/w.bin"), Size: 10, Link: "deep/w.bin"},
		{Path: "other dir/ünï.csv", Digest: digest("c\n"), Size: 2, Mode: 0o644},
	}
	if d := cmp.Diff(want, r.Artifacts); d != "" {
		t.Error(d)
	}
}

func TestMissingOutputs(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, script, outputs, missing, says string }{
		{"near by name", "mkdir models; echo x >models/a.bin; echo x >README", "model/ models/a.bin", "model/", "output model/ was not produced by train; produced instead: models/"},
		{"elsewhere", "mkdir -p out/deep; echo x >out/deep/metrics.json", "metrics.json", "metrics.json", "produced instead: out/deep/metrics.json"},
		{"an empty folder", "mkdir model", "model/", "model/", "model/"},
		{"a glob without a match", "echo x >a.txt", "*.csv other.csv", "*.csv other.csv", "outputs *.csv, other.csv were not produced by train"},
		{"nothing near", "echo x >completely-different", "model.bin", "model.bin", "output model.bin was not produced by train"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, sh(tt.script))
			b.Outputs = strings.Fields(tt.outputs)
			r := b.want(Failure, ReasonConfig)
			if d := cmp.Diff(strings.Fields(tt.missing), r.Missing); d != "" || !strings.Contains(r.Error, tt.says) || len(r.Artifacts) > 0 {
				t.Errorf("%s\nerror %q, artifacts %v", d, r.Error, r.Artifacts)
			}
			if tt.name == "nothing near" && strings.Contains(r.Error, "instead") {
				t.Errorf("error %q", r.Error)
			}
		})
	}
}

// TestOldFilesAreNotSuggested shows that what lay there before is not "produced".
func TestOldFilesAreNotSuggested(t *testing.T) {
	t.Parallel()
	b := newBench(t, sh(":"))
	old := filepath.Join(b.Workspace, "models.bin")
	write(t, old, "x")
	if err := os.Chtimes(old, time.Unix(1, 0), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	b.Outputs = []string{"model.bin"}
	if r := b.want(Failure, ReasonConfig); strings.Contains(r.Error, "instead") {
		t.Errorf("error %q", r.Error)
	}
}

func TestRefusedOutputs(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, script, output, says string }{
		{"absolute link", "ln -s /etc/passwd out/l", "out/", "out/l is a symbolic link to /etc/passwd, outside the output"},
		{"link up", "ln -s ../../x out/l", "out/", "outside the output"},
		{"link to a sibling", "echo x >other; ln -s ../other out/l", "out/", "outside the output"},
		{"back through a link", "mkdir -p out/a/b; ln -s a/b out/in; ln -s in/../../other out/l", "out/", "outside the output"},
		{"the folder is a link", "rmdir out; ln -s /etc out", "out/", "output out/: is a symbolic link and not a folder"},
		{"a link in the way", "ln -s / way", "way/etc/passwd", "way/etc/passwd"},
		{"not a folder", "rmdir out; echo x >out", "out/", "is a file and not a folder"},
		{"a pipe", "mkfifo out/p", "out/", "out/p is a named pipe, which cannot be kept"},
		{"above the workspace", "echo x >../x", "../x", "output ../x: lies outside the workspace"},
		{"absolute", ":", "/etc/passwd", "lies outside the workspace"},
		{"a link among matches", "ln -s /etc/passwd out/l.csv", "out/*.csv", "outside the output"},
		{"a bad glob", ":", "out/[", "output out/["},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, sh("mkdir out; "+tt.script))
			b.Outputs = []string{tt.output}
			if r := b.want(Failure, ReasonConfig); !strings.Contains(r.Error, tt.says) || len(r.Artifacts) > 0 {
				t.Errorf("error %q, artifacts %v", r.Error, r.Artifacts)
			}
		})
	}
}

// TestOutputsAreReadLast shows that a process that outlives its step cannot
// change a file after its digest was taken.
func TestOutputsAreReadLast(t *testing.T) {
	t.Parallel()
	b := newBench(t, sh("(setsid sh -c 'while :; do echo x >>out; done' >/dev/null 2>&1 </dev/null &); while [ ! -s out ]; do sleep 0.01; done"))
	b.Outputs = []string{"out"}
	r := b.want(Success, ReasonNone)
	text, err := os.ReadFile(filepath.Join(b.Workspace, "out"))
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("sha256:%x", sha256.Sum256(text)); r.Artifacts[0].Digest != want || r.Artifacts[0].Size != int64(len(text)) {
		t.Errorf("artifact %+v, the file is %s", r.Artifacts[0], want)
	}
}

func TestManyOutputs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 300 {
		write(t, filepath.Join(b.Workspace, "d", fmt.Sprint(i%7), fmt.Sprint(i)), strings.Repeat("x", i))
	}
	b.Outputs = []string{"d/"}
	r := b.want(Success, ReasonNone)
	if len(r.Artifacts) != 300 {
		t.Fatalf("%d artifacts", len(r.Artifacts))
	}
	for _, a := range r.Artifacts {
		text := strings.Repeat("x", int(a.Size))
		if fmt.Sprint(a.Size) != filepath.Base(a.Path) || a.Digest != fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text))) {
			t.Errorf("%+v", a)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := collectOutputs(ctx, &b.Spec, time.Now()); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled job hashed on: %v", err)
	}
}

// TestHashFiles compares with what GitHub's function gives, computed with
// sha256sum as its documentation describes.
func TestHashFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a.lock": "a", "sub/b.lock": "b", "sub/c.txt": "c"} {
		write(t, filepath.Join(dir, name), text)
	}
	sums := func(texts ...string) string {
		all := sha256.New()
		for _, s := range texts {
			sum := sha256.Sum256([]byte(s))
			all.Write(sum[:])
		}
		return fmt.Sprintf("%x", all.Sum(nil))
	}
	for _, tt := range []struct {
		patterns []string
		want     string
	}{
		{[]string{"**/*.lock"}, sums("a", "b")},
		{[]string{"**/*.lock", "!sub/*.lock"}, sums("a")},
		{[]string{"sub/*", "a.lock"}, sums("a", "b", "c")},
		{[]string{"none*"}, ""},
	} {
		if got, err := hashFiles(dir, tt.patterns); got != tt.want || err != nil {
			t.Errorf("%v: %s, %v", tt.patterns, got, err)
		}
	}
	if _, err := hashFiles(dir, []string{"["}); err == nil {
		t.Error("a bad pattern is accepted")
	}
}
