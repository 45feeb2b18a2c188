// Package openlineage tells of recorded runs in OpenLineage's events, so that a
// catalogue of data lineage knows which run read and wrote what. It writes them
// and sends nothing.
//
// A run is a job of its own, named after its pipeline; its jobs, named
// pipeline.job, have it as their parent. Each has a START event and one that says how it
// ended. The format is that of github.com/OpenLineage/OpenLineage, spec/OpenLineage.json
// 2-0-2 and spec/facets; what it has no facet for, params, metrics and gates, is in facets
// of ours, whose names begin with mlops_.
package openlineage

import (
	"cmp"
	"crypto/sha256"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/mlops-runner/mlops/runner/record"
)

const (
	producer = "https://github.com/mlops-runner/mlops"
	spec     = "https://openlineage.io/spec/"
	schema   = spec + "2-0-2/OpenLineage.json#/$defs/RunEvent"
)

// An Event is one event; it is written as a line of JSON.
type Event struct {
	Type     string    `json:"eventType"` // START, COMPLETE, FAIL, ABORT
	Time     time.Time `json:"eventTime"` // of what is told, not of the telling
	Run      Run       `json:"run"`       // that it is about
	Job      Job       `json:"job"`       // that the run executes
	Inputs   []Dataset `json:"inputs"`    // read by the run
	Outputs  []Dataset `json:"outputs"`   // written by the run; empty at its start
	Producer string    `json:"producer"`  // address of this program
	Schema   string    `json:"schemaURL"` // address of the form of the event
}

// A Run is one execution of a job.
type Run struct {
	ID     string `json:"runId"`  // a UUID: that of the record, or one that follows from it and a job
	Facets Facets `json:"facets"` // such as parent, errorMessage, mlops_params
}

// A Job is what was executed.
type Job struct {
	Namespace string `json:"namespace"` // the repository; mlops if it has no address
	Name      string `json:"name"`      // pipeline, or pipeline.job
	Facets    Facets `json:"facets"`    // such as jobType
}

// A Dataset is a file or folder, or data elsewhere.
type Dataset struct {
	Namespace    string `json:"namespace"`              // where the name is unique
	Name         string `json:"name"`                   // path or address
	Facets       Facets `json:"facets"`                 // about the data wherever they are used
	InputFacets  Facets `json:"inputFacets,omitempty"`  // about them as an input alone
	OutputFacets Facets `json:"outputFacets,omitempty"` // about them as an output alone
}

// Facets say more of a thing, by name.
type Facets map[string]map[string]any

// add adds a facet; file is that of its schema, such as 1-0-1/NominalTimeRunFacet.
func (f Facets) add(name, file string, fields map[string]any) {
	fields["_producer"] = producer
	_, kind, _ := strings.Cut(file, "/")
	fields["_schemaURL"] = spec + "facets/" + file + ".json#/$defs/" + kind
	f[name] = fields
}

// own adds a facet that the standard does not have.
func (f Facets) own(name string, fields map[string]any) {
	fields["_producer"], fields["_schemaURL"] = producer, spec+"2-0-2/OpenLineage.json#/$defs/RunFacet"
	f["mlops_"+name] = fields
}

// Events tells of a finished run and its jobs, in the order of time.
func Events(r *record.Run) []Event {
	w := writer{r, cmp.Or(r.Source.Repository, "mlops")}
	start, end := w.run()
	events := []Event{start}
	for i := range r.Jobs {
		if r.Jobs[i].Status != record.Skipped {
			a, b := w.job(&r.Jobs[i])
			events = append(events, a, b)
		}
	}
	return append(events, end)
}

type writer struct {
	r         *record.Run
	namespace string
}

// run is the two events of the run as a whole.
func (w *writer) run() (start, end Event) {
	start = w.event("START", w.r.Started, w.r.ID, w.r.Pipeline)
	start.Job.Facets.add("jobType", "2-0-3/JobTypeJobFacet", map[string]any{"processingType": "BATCH", "integration": "MLOPS", "jobType": "PIPELINE"})
	end = w.event(ending(w.r.Status), later(w.r.Started, w.r.Ended), w.r.ID, w.r.Pipeline)
	end.Job = start.Job
	w.failed(&end, w.r.Error, w.r.Reason)
	if len(w.r.Params) > 0 {
		end.Run.Facets.own("params", map[string]any{"values": w.r.Params})
	}
	if len(w.r.Gates) > 0 {
		end.Run.Facets.own("gates", map[string]any{"gates": w.r.Gates})
	}
	for _, in := range w.r.Inputs() {
		end.Inputs = append(end.Inputs, w.dataset(record.Artifact{Name: in.Name, Path: in.Path, Digest: in.Digest, Size: in.Size, Source: in.Source}))
	}
	start.Inputs = end.Inputs
	return start, end
}

// job is the two events of a job.
func (w *writer) job(j *record.Job) (start, end Event) {
	from := cmp.Or(j.Started, w.r.Started)
	id, name := jobRun(w.r.ID, j.ID), w.r.Pipeline+"."+j.ID
	start, end = w.event("START", from, id, name), w.event(ending(j.Status), later(from, from.Add(j.Wall)), id, name)
	for _, e := range []*Event{&start, &end} {
		e.Run.Facets.add("parent", "1-1-0/ParentRunFacet", map[string]any{
			"run": map[string]any{"runId": w.r.ID}, "job": map[string]any{"namespace": w.namespace, "name": w.r.Pipeline},
		})
		e.Job.Facets.add("jobType", "2-0-3/JobTypeJobFacet", map[string]any{"processingType": "BATCH", "integration": "MLOPS", "jobType": "JOB"})
		for _, in := range j.Inputs {
			e.Inputs = append(e.Inputs, w.dataset(in))
		}
	}
	for _, out := range j.Outputs {
		d := w.dataset(out)
		d.OutputFacets = Facets{}
		d.OutputFacets.add("outputStatistics", "1-0-2/OutputStatisticsOutputDatasetFacet", map[string]any{"size": out.Size, "fileCount": max(out.Files, 1)})
		end.Outputs = append(end.Outputs, d)
	}
	w.failed(&end, j.Error, j.Reason)
	if len(j.Metrics) > 0 {
		end.Run.Facets.own("metrics", map[string]any{"metrics": j.Metrics})
	}
	if j.Cached {
		end.Run.Facets.own("cached", map[string]any{"from": j.CachedFrom})
	}
	return start, end
}

func ending(s record.Status) string {
	switch s {
	case record.Success:
		return "COMPLETE"
	case record.Cancelled, record.Skipped:
		return "ABORT"
	}
	return "FAIL"
}

// later is b, unless nobody knows it or a clock went back.
func later(a, b time.Time) time.Time {
	if b.Before(a) {
		return a
	}
	return b
}

// jobRun is the id of a job's execution: it follows from those of the run and the job.
func jobRun(run, job string) string {
	sum := sha256.Sum256([]byte(run + "\n" + job))
	u, err := uuid.FromBytes(sum[:16])
	if err != nil {
		panic(err) // sixteen bytes are always an id
	}
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80 // version 8: made of something else
	return u.String()
}

// event is an event with the facets that all have.
func (w *writer) event(kind string, at time.Time, run, job string) Event {
	e := Event{
		Type: kind, Time: at.UTC(), Run: Run{run, Facets{}}, Job: Job{w.namespace, job, Facets{}},
		Inputs: []Dataset{}, Outputs: []Dataset{}, Producer: producer, Schema: schema,
	}
	e.Run.Facets.add("nominalTime", "1-0-1/NominalTimeRunFacet", map[string]any{"nominalStartTime": w.r.Started.UTC()})
	if env := w.r.Environment; env.Mlops != "" {
		e.Run.Facets.add("processing_engine", "1-1-1/ProcessingEngineRunFacet", map[string]any{"name": "mlops", "version": env.Mlops})
	}
	if s := w.r.Source; s.Commit != "" {
		e.Job.Facets.add("sourceCodeLocation", "1-0-1/SourceCodeLocationJobFacet", map[string]any{
			"type": "git", "url": cmp.Or(s.Repository, "git:"+s.Commit), "repoUrl": s.Repository, "version": s.Commit, "branch": s.Branch, "path": w.r.File,
		})
	}
	return e
}

// failed says why something failed.
func (w *writer) failed(e *Event, message, reason string) {
	if e.Type == "FAIL" {
		e.Run.Facets.add("errorMessage", "1-0-1/ErrorMessageRunFacet", map[string]any{"message": cmp.Or(message, reason, "failed"), "programmingLanguage": "none"})
	}
}

// dataset is data by where it is: of an address, scheme and host are the namespace.
func (w *writer) dataset(a record.Artifact) Dataset {
	d := Dataset{Namespace: w.namespace, Name: a.Path, Facets: Facets{}}
	if u, err := url.Parse(a.Source); err == nil && u.Host != "" {
		d.Namespace, d.Name = u.Scheme+"://"+u.Host, strings.TrimPrefix(u.Path, "/")
		d.Facets.add("dataSource", "1-0-1/DatasourceDatasetFacet", map[string]any{"name": cmp.Or(a.Name, a.Path), "uri": a.Source})
	}
	d.Facets.add("version", "1-0-1/DatasetVersionDatasetFacet", map[string]any{"datasetVersion": a.Digest.String()})
	return d
}
