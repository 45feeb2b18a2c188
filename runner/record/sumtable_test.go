package record

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What the writer knows of jobs that ended does not stay in memory, and is all there
// when the record is sealed.
func TestSumsOfEndedJobsAreAway(t *testing.T) {
	t.Parallel()
	w, err := Create(t.TempDir(), sampleRun())
	if err != nil {
		t.Fatal(err)
	}
	before := len(w.sums.held)
	for i := range 50 {
		writeJob(t, w, namedJob(fmt.Sprint("job-", i)))
	}
	if n := len(w.sums.held); n != before {
		t.Errorf("%d sums are held, and %d before any job", n, before)
	}
	again := namedJob("job-7") // ends once more, and has its log as before
	again.Error = "what came after"
	again.Status = Failure
	if err := w.JobEnded(again); err != nil {
		t.Fatal(err)
	}
	if n := len(w.sums.held); n != before {
		t.Errorf("%d sums are held when a job ended again, and %d before", n, before)
	}
	run := sampleRun()
	run.ID, run.Status, run.Jobs, run.Summary = w.ID(), Failure, nil, nil
	if _, err := w.Seal(run); err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(w.Dir(), "..", "..", "..", "..")
	if v, err := Verify(root, w.ID()); err != nil || !v.OK() {
		t.Fatalf("%+v, %v", v, err)
	}
	got, err := Load(root, w.ID())
	if err != nil || len(got.Jobs) != 50 {
		t.Fatalf("%d jobs, %v", len(got.Jobs), err)
	}
	for _, j := range got.Jobs {
		if want := sum("log of " + j.ID + "\n"); j.LogDigest != want {
			t.Errorf("%s: log %s, want %s", j.ID, j.LogDigest, want)
		}
		if want := map[bool]Status{false: Success, true: Failure}[j.ID == "job-7"]; j.Status != want {
			t.Errorf("%s: %s, want %s", j.ID, j.Status, want)
		}
	}
}

// Sums that were changed where they lay make no record.
func TestSumsThatWereChanged(t *testing.T) {
	t.Parallel()
	w, err := Create(t.TempDir(), sampleRun())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	writeJob(t, w, namedJob("a"))
	if _, err := w.sums.away.WriteAt([]byte{1, 2, 3}, 0); err != nil {
		t.Fatal(err)
	}
	run := sampleRun()
	run.ID, run.Jobs, run.Summary = w.ID(), nil, nil
	if _, err := w.Seal(run); !errors.Is(err, errChanged) {
		t.Errorf("sealed with changed sums: %v", err)
	}
}

// The latest sum of a file counts, wherever the earlier ones are.
func TestLatestSumCounts(t *testing.T) {
	t.Parallel()
	table, dir := newSumTable(), t.TempDir()
	defer func() { _ = table.close() }()
	for _, text := range []string{"first", "second"} {
		table.held["jobs/a/log"] = sum(text)
		table.held["jobs/ab/log"], table.held["run.json"] = sum("held"), sum("held")
		if !table.putAway(dir, "jobs/a/") {
			t.Fatal("not put away")
		}
	}
	held := []namedSum{{"jobs/ab/log", sum("held")}, {"run.json", sum("held")}}
	for _, want := range []string{"second", "back", "third"} {
		switch want {
		case "back":
			if err := table.bringBack("jobs/a/"); err != nil || table.held["jobs/a/log"] != sum("second") {
				t.Errorf("brought back: %v, %v", table.held, err)
			}
			want = "second"
		case "third":
			table.held["jobs/a/log"] = sum(want)
		}
		got, err := table.all()
		all := append([]namedSum{{"jobs/a/log", sum(want)}}, held...)
		if diff := cmp.Diff(all, got, cmp.AllowUnexported(namedSum{})); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", want, err, diff)
		}
	}
}

// namedJob is a job whose log says its name.
func namedJob(id string) Job {
	return Job{ID: id, Job: id, Status: Success, Started: at(1), Wall: time.Second, FingerprintLines: []string{"job " + id}, Fingerprint: sum("job " + id + "\n")}
}
