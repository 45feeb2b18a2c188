package record

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWriteAndLoad(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	want := sampleRun()
	digest := write(t, root, want)
	got, err := Load(root, sampleID)
	if err != nil {
		t.Fatal(err)
	}
	if d := same(want, *got); d != "" {
		t.Errorf("written (-) and read (+) differ:\n%s", d)
	}
	if got.Digest != digest || !got.Sealed || got.Process != nil {
		t.Errorf("digest %s, sealed %v, process %v; want %s, true, none", got.Digest, got.Sealed, got.Process, digest)
	}
	if j := got.Job("train@depth=4"); j.LogSize != int64(len("log of train@depth=4\n")) || j.LogDigest != sum("log of train@depth=4\n") {
		t.Errorf("log is %d bytes, %s", j.LogSize, j.LogDigest)
	}
}

func TestRecordIsReproducible(t *testing.T) {
	t.Parallel()
	a, b := write(t, t.TempDir(), sampleRun()), write(t, t.TempDir(), sampleRun())
	if a != b {
		t.Errorf("one run, two digests: %s and %s", a, b)
	}
	loaded, err := Load(rootOf(t, sampleRun()), LATEST)
	if err != nil {
		t.Fatal(err)
	}
	if c := write(t, t.TempDir(), *loaded); c != a {
		t.Errorf("written again after reading: %s, first %s", c, a)
	}
}

func rootOf(t *testing.T, run Run) string {
	root := t.TempDir()
	write(t, root, run)
	return root
}

func TestHead(t *testing.T) {
	t.Parallel()
	root := rootOf(t, sampleRun())
	e, err := Find(root, LATEST)
	if err != nil {
		t.Fatal(err)
	}
	got, err := e.Head()
	if err != nil {
		t.Fatal(err)
	}
	want := sampleRun()
	for i, j := range want.Jobs {
		want.Jobs[i] = Job{ID: j.ID, Status: j.Status, Cached: j.Cached, Wall: j.Wall, Metrics: j.Metrics}
	}
	if d := same(want, *got); d != "" {
		t.Error(d)
	}
}

func TestSha256sumAcceptsRecord(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("sha256sum")
	if err != nil {
		t.Skip("no sha256sum here")
	}
	run := sampleRun()
	run.Jobs[2].ID, run.Jobs[2].Status = "promote@v=a/b c\n"+strings.Repeat("é", 300), Success
	root := t.TempDir()
	write(t, root, run)
	e, err := Find(root, LATEST)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tool, "--strict", "-c", sumsName)
	cmd.Dir = e.Dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("sha256sum -c: %v\n%s", err, out)
	}
	if n := strings.Count(string(out), ": OK\n"); n != 13 {
		t.Errorf("%d files checked, want 13:\n%s", n, out)
	}
}

func TestFilesAreReadOnlyAndNoneIsLeft(t *testing.T) {
	t.Parallel()
	root := rootOf(t, sampleRun())
	err := filepath.WalkDir(root, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		fi, err := d.Info()
		if fi.Mode().Perm()&0o222 != 0 {
			t.Errorf("%s has mode %v", p, fi.Mode())
		}
		if strings.HasPrefix(d.Name(), ".") {
			t.Errorf("left behind: %s", p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	train := "jobs/train@depth=4/"
	for name, c := range map[string]struct {
		do   func(dir string) error
		want Verification
	}{
		"untouched":         {func(string) error { return nil }, Verification{}},
		"log changed":       {edit(train + "log"), Verification{Changed: []string{train + "log"}}},
		"job changed":       {edit(train + "job.json"), Verification{Changed: []string{train + "job.json"}}},
		"file missing":      {func(dir string) error { return os.Remove(filepath.Join(dir, "env.json")) }, Verification{Missing: []string{"env.json"}}},
		"file added":        {edit("notes.txt"), Verification{Extra: []string{"notes.txt"}}},
		"attestation added": {attest, Verification{}},
		"link instead": {func(dir string) error {
			return errors.Join(os.Rename(filepath.Join(dir, "env.json"), filepath.Join(dir, "attest.json")),
				os.Symlink("attest.json", filepath.Join(dir, "env.json")))
		}, Verification{Changed: []string{"env.json"}, Extra: []string{"attest.json"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			c.want.Digest, c.want.ID, c.want.Files = write(t, root, sampleRun()), sampleID, 11
			e, err := Find(root, LATEST)
			if err == nil {
				err = c.do(e.Dir)
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := Verify(root, sampleID)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, *got); d != "" {
				t.Error(d)
			}
		})
	}
}

// A record that says how its run ended, and has no seal, has lost it.
func TestVerifyNoticesALostSeal(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write(t, root, sampleRun())
	e, err := Find(root, LATEST)
	if err == nil {
		err = os.Remove(filepath.Join(e.Dir, "SHA256SUMS"))
	}
	if err != nil {
		t.Fatal(err)
	}
	got, err := Verify(root, sampleID)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(Verification{ID: sampleID, Missing: []string{"SHA256SUMS"}}, *got); d != "" {
		t.Error(d)
	}
}

func edit(name string) func(string) error {
	return func(dir string) error {
		p := filepath.Join(dir, filepath.FromSlash(name))
		os.Remove(p)
		return os.WriteFile(p, []byte("{}\n"), 0o644)
	}
}

func attest(dir string) error {
	return errors.Join(os.Mkdir(filepath.Join(dir, "attest"), 0o755),
		os.WriteFile(filepath.Join(dir, "attest", "provenance.sigstore.json"), []byte("{}"), 0o644))
}

// Whatever happens to a file that Load reads, Load notices.
func TestLoadNoticesEveryDamage(t *testing.T) {
	t.Parallel()
	names := []string{"run.json", "source.json", "env.json", "params.json", "metrics.jsonl", "SHA256SUMS",
		"jobs/train@depth=4/job.json", "jobs/train@depth=4/fingerprint", "jobs.jsonl"}
	for _, name := range names {
		for damage, do := range map[string]func(p string, data []byte) error{
			"emptied":   func(p string, _ []byte) error { return replace(p, nil) },
			"cut":       func(p string, data []byte) error { return replace(p, data[:len(data)/2]) },
			"one bit":   func(p string, data []byte) error { data[len(data)/100] ^= 1; return replace(p, data) },
			"a folder":  func(p string, _ []byte) error { return errors.Join(os.Remove(p), os.Mkdir(p, 0o755)) },
			"is absent": func(p string, _ []byte) error { return os.Remove(p) },
		} {
			t.Run(name+" "+damage, func(t *testing.T) {
				t.Parallel()
				root := t.TempDir()
				write(t, root, sampleRun())
				e, err := Find(root, LATEST)
				if err != nil {
					t.Fatal(err)
				}
				p := filepath.Join(e.Dir, filepath.FromSlash(name))
				data, err := os.ReadFile(p)
				if err == nil {
					err = do(p, data)
				}
				if err != nil {
					t.Fatal(err)
				}
				run, err := Load(root, LATEST)
				var corrupt *CorruptError
				if name == sumsName && damage == "is absent" {
					if err != nil || run.Status != Interrupted {
						t.Errorf("without a seal: %v, %v; want interrupted", run, err)
					}
				} else if !errors.As(err, &corrupt) {
					t.Errorf("got %v, want a CorruptError", err)
				}
			})
		}
	}
}

func replace(p string, data []byte) error {
	return errors.Join(os.Remove(p), os.WriteFile(p, data, 0o444))
}

func TestLog(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	older := Run{ID: olderID, Pipeline: "churn", Started: at(0), Status: Success, Jobs: []Job{{ID: "check", Status: Success}}}
	write(t, root, older)
	write(t, root, sampleRun())
	run, err := Load(root, sampleID)
	if err != nil {
		t.Fatal(err)
	}
	for job, want := range map[string]string{"check": "log of check\n", "train@depth=4": "log of train@depth=4\n"} {
		f, err := run.Log(job)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(f)
		f.Close()
		if err != nil || string(got) != want {
			t.Errorf("log of %s is %q, %v; want %q", job, got, err, want)
		}
	}
	if _, err := run.Log("promote"); !errors.Is(err, ErrNoLog) {
		t.Errorf("log of a skipped job: %v, want ErrNoLog", err)
	}
	if _, err := run.Log("none"); err == nil || errors.Is(err, ErrNoLog) {
		t.Errorf("log of an unknown job: %v", err)
	}
	if err := os.RemoveAll(filepath.Join(root, "runs", "2025", "07")); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Log("check"); !errors.Is(err, ErrNoLog) || !strings.Contains(err.Error(), olderID) {
		t.Errorf("log of a job whose run is gone: %v, want ErrNoLog that names the run", err)
	}
}

func TestAddFileRefuses(t *testing.T) {
	t.Parallel()
	w, err := Create(t.TempDir(), Run{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, name := range []string{"", ".", "..", ".x", "a/b", "../x", "run.json", "SHA256SUMS", "jobs", "attest", "A", "a\nb"} {
		if err := w.AddFile(name, nil); err == nil {
			t.Errorf("%q was taken", name)
		}
	}
}

func TestWriterRefuses(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	w, err := Create(root, Run{ID: sampleID})
	if err != nil {
		t.Fatal(err)
	}
	ended := Job{ID: "a", Status: Success}
	for what, err := range map[string]error{
		"job without id":        w.JobStarted(Job{}),
		"job that still runs":   w.JobEnded(Job{ID: "a", Status: Running}),
		"cached from nowhere":   w.JobEnded(Job{ID: "a", Status: Success, Cached: true}),
		"line end in the lines": w.JobEnded(Job{ID: "a", Status: Success, FingerprintLines: []string{"a\nb"}}),
		"run that still runs":   second(w.Seal(Run{Status: Running})),
		"other run":             second(w.Seal(Run{Status: Success, ID: olderID})),
		"job twice":             second(w.Seal(Run{Status: Success, Jobs: []Job{ended, ended}})),
		"bad id":                second(Create(root, Run{ID: "x"})),
		"upper-case id":         second(Create(root, Run{ID: strings.ToUpper(sampleID)})),
	} {
		if err == nil {
			t.Errorf("%s was taken", what)
		}
	}
	if _, err := Create(root, Run{ID: sampleID}); !errors.Is(err, ErrExists) {
		t.Errorf("same run again: %v, want ErrExists", err)
	}
	if _, err := w.Seal(Run{Status: Success}); err != nil {
		t.Fatal(err)
	}
	_, again := w.Seal(Run{Status: Success})
	log := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(log, []byte("late\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{"seal": again, "job": w.JobEnded(ended), "file": w.AddFile("a", nil), "taken": w.TakeFile("a", "a", log), "log": second(w.TakeLog("a", LogFiles{Log: log}))} {
		if !errors.Is(err, ErrSealed) {
			t.Errorf("%s after the seal: %v, want ErrSealed", what, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestFindAndList(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	ids := []string{olderID, sampleID, "019a9c4e-7a00-7abc-8def-ffffffffffff", "019a9c4e-9000-7000-8000-000000000000"}
	for _, id := range ids {
		write(t, root, Run{ID: id, Status: Success})
	}
	for _, junk := range []string{"runs/readme.md/x", "runs/2025/11/notarun", "runs/2025/11/.new-1", "runs/20x5/11/" + sampleID, "runs/2025/11/" + "019a9c4e-9000-4000-8000-000000000000"} {
		if err := os.MkdirAll(filepath.Join(root, junk), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for e, err := range List(root) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e.ID)
	}
	slices.Reverse(ids)
	if d := cmp.Diff(ids, got); d != "" {
		t.Error(d)
	}
	for ref, want := range map[string]string{LATEST: ids[0], "0198": olderID, "019a9c4e-9": ids[0], sampleID: sampleID, "019A9C4E-7A00-7ABC-8DEF-F": ids[1]} {
		if e, err := Find(root, ref); err != nil || e.ID != want {
			t.Errorf("%s is %s, %v; want %s", ref, e.ID, err, want)
		}
	}
	var ambiguous *AmbiguousError
	if _, err := Find(root, "019a9c4e"); !errors.As(err, &ambiguous) || len(ambiguous.IDs) != 3 {
		t.Errorf("several: %v", err)
	}
	for _, ref := range []string{"", "ff", "019a9c4e-7a00-7abc-8def-eeeeeeeeeeee", "../.."} {
		if _, err := Find(root, ref); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %v, want ErrNotFound", ref, err)
		}
	}
	if _, err := Load(filepath.Join(root, "nowhere"), LATEST); !errors.Is(err, ErrNotFound) {
		t.Errorf("no root: %v, want ErrNotFound", err)
	}
}

func TestNewerFormat(t *testing.T) {
	t.Parallel()
	root := rootOf(t, Run{ID: sampleID, Status: Success})
	e, err := Find(root, LATEST)
	if err != nil {
		t.Fatal(err)
	}
	p := filepath.Join(e.Dir, runName)
	data, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	data = []byte(strings.Replace(string(data), `"version": 1`, `"version": 99`, 1))
	if err := errors.Join(replace(p, data), os.Remove(filepath.Join(e.Dir, sumsName))); err != nil {
		t.Fatal(err)
	}
	var newer *VersionError
	if _, err := Load(root, LATEST); !errors.As(err, &newer) || newer.Version != 99 {
		t.Errorf("%v, want a VersionError", err)
	}
}

// A cover is what an index needs: the run and its source, of sealed records alone.
func TestCover(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	run := sampleRun()
	write(t, root, run)
	e, err := Find(root, sampleID)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := e.Load()
	if err != nil {
		t.Fatal(err)
	}
	got, err := e.Cover()
	if err != nil {
		t.Fatal(err)
	}
	want := *whole
	want.Jobs, want.Environment, want.Params = nil, Environment{}, nil
	if d := cmp.Diff(&want, got); d != "" {
		t.Error(d)
	}
	run.ID = olderID
	if _, err := Create(root, run); err != nil {
		t.Fatal(err)
	}
	open, err := Find(root, olderID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open.Cover(); !errors.Is(err, ErrNotSealed) {
		t.Errorf("an open record: %v", err)
	}
}
