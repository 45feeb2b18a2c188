package record

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The files of a record are those that the package's documentation lists.
func TestLayout(t *testing.T) {
	t.Parallel()
	root := rootOf(t, sampleRun())
	var got []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, p)
		got = append(got, filepath.ToSlash(rel))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	run := "runs/2025/11/" + sampleID + "/"
	want := []string{
		run + "SHA256SUMS", run + "env.json", run + "inputs.json",
		run + "jobs/train@depth=4/fingerprint", run + "jobs/train@depth=4/job.json", run + "jobs/train@depth=4/log", run + "jobs.jsonl",
		run + "metrics.jsonl", run + "outputs.json", run + "params.json", run + "run.json", run + "source.json",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("files (-want +got):\n%s", d)
	}
}

// A damaged record is listed, says what is wrong with it, and hides no other.
func TestListWithDamagedRecords(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for _, id := range []string{olderID, sampleID} {
		write(t, root, Run{ID: id, Status: Success})
	}
	month := filepath.Join(root, "runs", "2025", "11")
	for name, content := range map[string]string{
		"019a9c4e-8000-7000-8000-000000000001/run.json":   "{",
		"019a9c4e-8000-7000-8000-000000000002/SHA256SUMS": "junk\n",
	} {
		p := filepath.Join(month, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(month, "019a9c4e-8000-7000-8000-000000000003"), 0o755); err != nil {
		t.Fatal(err)
	}
	var got []string
	for e, err := range List(root) {
		if err != nil {
			t.Fatal(err)
		}
		state := "whole"
		run, err := e.Head()
		if err == nil && !run.Sealed {
			state = string(run.Status)
			err = errors.New(strings.Join(run.Problems, "\n"))
		}
		if err != nil {
			_, problem, _ := strings.Cut(err.Error(), e.ID+": ")
			file, _, _ := strings.Cut(problem, ":")
			state = strings.TrimPrefix(state+" "+file, "whole ")
		}
		got = append(got, e.ID[9:13]+e.ID[35:]+" "+state)
	}
	want := []string{"80003 interrupted run.json", "80002 SHA256SUMS", "80001 interrupted run.json", "7a00b whole", "00001 whole"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("newest first (-want +got):\n%s", d)
	}
}
