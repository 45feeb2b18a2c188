package provenance

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/store"
)

// Types of statements, and of what they are about.
const (
	StatementType  = "https://in-toto.io/Statement/v1"                 // of every statement
	ProvenanceType = "https://slsa.dev/provenance/v1"                  // of [Training]
	TestResultType = "https://in-toto.io/attestation/test-result/v0.1" // of [Gate]
	SummaryType    = "https://slsa.dev/verification_summary/v1"        // of [Promotion]

	// BuildType says how to read the parameters of a provenance: workflow is
	// the path of the mlops.yaml, job the id of the instance, params the
	// resolved parameters. A change of meaning is a new one.
	BuildType = Builder + "/job/v1"
	// Builder is who made things.
	Builder = "https://github.com/mlops-runner/mlops"
)

// A Statement is an in-toto Statement v1 about its subjects.
type Statement struct {
	Type          string          `json:"_type"`
	Subject       []Resource      `json:"subject"`
	PredicateType string          `json:"predicateType"`
	Predicate     json.RawMessage `json:"predicate"`
}

// A Resource is in-toto's ResourceDescriptor: something by its digest.
type Resource struct {
	Name        string            `json:"name,omitempty"`
	URI         string            `json:"uri,omitempty"`
	Digest      map[string]string `json:"digest,omitempty"` // algorithm → hex
	Annotations map[string]string `json:"annotations,omitempty"`
}

// Is reports whether the resource has the digest.
func (r Resource) Is(d store.Digest) bool { return !d.IsZero() && r.Digest["sha256"] == d.Hex() }

// A Provenance is the predicate of [ProvenanceType].
type Provenance struct {
	Definition Definition `json:"buildDefinition"`
	Details    Details    `json:"runDetails"`
}

// A Definition says what was to be done, from what.
type Definition struct {
	BuildType    string         `json:"buildType"`
	External     External       `json:"externalParameters"`
	Internal     map[string]any `json:"internalParameters,omitempty"`
	Dependencies []Resource     `json:"resolvedDependencies"`
}

// External is what whoever started the run decided.
type External struct {
	Workflow string        `json:"workflow"`
	Job      string        `json:"job"`
	Matrix   record.Values `json:"matrix,omitempty"`
	Params   record.Values `json:"params"`
}

// Details say who did it, when, and what came out beside the subjects.
type Details struct {
	Builder struct {
		ID      string            `json:"id"`
		Version map[string]string `json:"version,omitempty"`
	} `json:"builder"`
	Metadata struct {
		Invocation string    `json:"invocationId"`
		Started    time.Time `json:"startedOn,omitzero"`
		Finished   time.Time `json:"finishedOn,omitzero"`
	} `json:"metadata"`
	Byproducts []Resource `json:"byproducts"`
}

// A TestResult is the predicate of [TestResultType].
type TestResult struct {
	Result        string     `json:"result"` // PASSED, WARNED, FAILED
	Configuration []Resource `json:"configuration"`
	Passed        []string   `json:"passedTests,omitempty"`
	Warned        []string   `json:"warnedTests,omitempty"`
	Failed        []string   `json:"failedTests,omitempty"`
}

// A Summary is the predicate of [SummaryType].
type Summary struct {
	Verifier struct {
		ID string `json:"id"`
	} `json:"verifier"`
	Time     time.Time  `json:"timeVerified"`
	Resource string     `json:"resourceUri"`
	Policy   Resource   `json:"policy"`
	Inputs   []Resource `json:"inputAttestations"`
	Result   string     `json:"verificationResult"` // PASSED, FAILED
	Levels   []string   `json:"verifiedLevels"`
}

// Levels of a summary. Those of SLSA itself are for who verifies the builder.
const (
	ByGates  = "MLOPS_PROMOTED_BY_GATES" // a run did it, whose gates let it
	ByPerson = "MLOPS_MOVED_BY_A_PERSON" // by a command: an alias set, or rolled back
	Removed  = "MLOPS_ALIAS_REMOVED"     // with the result FAILED: the version is not to be used by that name
)

func statement(predicateType string, subject []Resource, predicate any) (*Statement, error) {
	data, err := record.CanonicalLine(predicate)
	if err != nil {
		return nil, err
	}
	return &Statement{StatementType, subject, predicateType, json.RawMessage(strings.TrimSpace(string(data)))}, nil
}

func sha(d store.Digest) map[string]string { return map[string]string{"sha256": d.Hex()} }

// seal is the record of a run as a resource.
func seal(run *record.Run) Resource {
	return Resource{Name: "SHA256SUMS", URI: "mlops:run/" + run.ID, Digest: sha(run.Digest)}
}

// Training is what is known of a job that succeeded in a sealed run: its
// outputs are the subjects, and what it was made from is resolved to digests.
func Training(run *record.Run, job *record.Job) (*Statement, error) {
	var p Provenance
	p.Definition = Definition{
		BuildType:    BuildType,
		External:     External{run.File, job.ID, job.Matrix, run.Params},
		Internal:     map[string]any{"event": run.Trigger.Event, "executor": run.Environment.Executor, "fingerprint": job.Fingerprint.String()},
		Dependencies: dependencies(run, job),
	}
	if p.Definition.External.Params == nil {
		p.Definition.External.Params = record.Values{}
	}
	d := &p.Details
	d.Builder.ID, d.Builder.Version = Builder, map[string]string{"mlops": run.Environment.Mlops}
	d.Metadata.Invocation = run.ID
	if job.Cached {
		d.Metadata.Invocation = job.CachedFrom
	} else if !job.Started.IsZero() {
		d.Metadata.Started, d.Metadata.Finished = job.Started.UTC().Truncate(time.Second), job.Started.Add(job.Wall).UTC().Truncate(time.Second)
	}
	if !job.LogDigest.IsZero() {
		d.Byproducts = append(d.Byproducts, Resource{Name: "log", Digest: sha(job.LogDigest)})
	}
	d.Byproducts = append(d.Byproducts, seal(run))
	return statement(ProvenanceType, artifacts(job.Outputs), p)
}

func artifacts(as []record.Artifact) []Resource {
	out := []Resource{}
	for _, a := range as {
		if !a.Digest.IsZero() {
			out = append(out, Resource{Name: a.Path, URI: a.Source, Digest: sha(a.Digest)})
		}
	}
	return out
}

// dependencies are commit, changes, file, inputs, image and actions of a job.
func dependencies(run *record.Run, job *record.Job) []Resource {
	var out []Resource
	if s := run.Source; s.Commit != "" {
		notes := map[string]string{"dirty": strconv.FormatBool(s.Dirty)}
		out = append(out, Resource{Name: "commit", URI: gitURI(s), Digest: map[string]string{"gitCommit": s.Commit}, Annotations: notes})
		if !s.PatchDigest.IsZero() {
			out = append(out, Resource{Name: "patch", Digest: sha(s.PatchDigest)})
		}
	}
	if !run.FileDigest.IsZero() {
		out = append(out, Resource{Name: path.Base(run.File), URI: "mlops:file/" + run.File, Digest: sha(run.FileDigest)})
	}
	out = append(out, artifacts(job.Inputs)...)
	if id, err := store.Parse(job.Image.ID); err == nil {
		out = append(out, Resource{Name: "image", URI: "docker:" + job.Image.Name, Digest: sha(id), Annotations: images(job.Image)})
	}
	var used []string
	for _, s := range job.Steps {
		if s.Uses != "" && !slices.Contains(used, s.Uses) {
			used = append(used, s.Uses)
			out = append(out, Resource{Name: "action", URI: "mlops:action/" + s.Uses, Annotations: map[string]string{"mlops": run.Environment.Mlops}})
		}
	}
	return out
}

func gitURI(s record.Source) string {
	uri := "git+" + s.Repository
	if s.Repository == "" {
		uri = "git+file:."
	}
	if s.Ref != "" {
		uri += "@" + s.Ref
	}
	return uri
}

func images(i record.Image) map[string]string {
	m := map[string]string{}
	if i.Platform != "" {
		m["platform"] = i.Platform
	}
	if len(i.Digests) > 0 {
		m["repositoryDigests"] = strings.Join(i.Digests, " ")
	}
	return m
}

// Gate is how the nth gate of a sealed run came out, from 0. Its subject is the
// record of the run. A gate that could not be decided is WARNED.
func Gate(run *record.Run, n int) (*Statement, error) {
	g := run.Gates[n]
	r := TestResult{Result: "WARNED", Configuration: []Resource{{Name: g.Gate, URI: fmt.Sprintf("mlops:file/%s#L%d", run.File, g.Line), Digest: sha(run.FileDigest), Annotations: map[string]string{"detail": g.Detail, "outcome": g.Outcome}}}}
	switch g.Outcome {
	case "passed":
		r.Result, r.Passed = "PASSED", []string{g.Gate}
	case "failed":
		r.Result, r.Failed = "FAILED", []string{g.Gate}
	default:
		r.Warned = []string{g.Gate}
	}
	return statement(TestResultType, []Resource{seal(run)}, r)
}

// A Move is a line of a journal that let an alias point to a version.
type Move struct {
	Entry registry.Entry
	Line  store.Digest // of the line
}

// Promotion sums up what an alias was moved on: bundles, by their files. A policy
// has an address and a digest, and no name.
func Promotion(v *registry.Version, m Move, policy Resource, now time.Time, bundles []Resource) (*Statement, error) {
	s := Summary{Time: now.UTC().Truncate(time.Second), Resource: fmt.Sprintf("mlops:model/%s@%d", v.Model, v.Version), Policy: policy, Inputs: bundles, Result: "PASSED", Levels: []string{ByPerson}}
	if m.Entry.Run != "" {
		s.Levels = []string{ByGates}
	}
	if m.Entry.Action == registry.Removed {
		s.Result, s.Levels = "FAILED", []string{Removed}
	}
	if s.Inputs == nil {
		s.Inputs = []Resource{}
	}
	s.Verifier.ID = Builder
	return statement(SummaryType, []Resource{{
		Name: fmt.Sprintf("%s@%d", v.Model, v.Version), Digest: sha(v.Digest),
		Annotations: map[string]string{"alias": m.Entry.Alias, "line": strconv.Itoa(m.Entry.Seq), "lineDigest": m.Line.String()},
	}}, s)
}
