// Package cyclonedx writes a version of a model as a bill of materials in CycloneDX
// 1.6 (ECMA-424): the model with its model card, its files by digest, the data it was
// made of, the images its job ran in, and the code. Equal versions make equal bytes.
// It signs nothing.
package cyclonedx

import (
	"crypto/sha256"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
)

// A BOM is the document; see cyclonedx.org/docs/1.6/json.
type BOM struct {
	Format       string       `json:"bomFormat"`
	Spec         string       `json:"specVersion"`
	Serial       string       `json:"serialNumber"`
	Version      int          `json:"version"`
	Metadata     Metadata     `json:"metadata"`
	Components   []Component  `json:"components,omitempty"`
	Dependencies []Dependency `json:"dependencies,omitempty"`
}

// Metadata says what the document is about, and who wrote it.
type Metadata struct {
	Time      string    `json:"timestamp"`
	Tools     Tools     `json:"tools"`
	Component Component `json:"component"`
}

// Tools wrote the document.
type Tools struct {
	Components []Component `json:"components"`
}

// A Component is a model, file, data set, image or tool.
type Component struct {
	Type       string      `json:"type"`
	Ref        string      `json:"bom-ref,omitempty"`
	Name       string      `json:"name"`
	Version    string      `json:"version,omitempty"`
	Hashes     []Hash      `json:"hashes,omitempty"`
	External   []Reference `json:"externalReferences,omitempty"`
	Data       []Data      `json:"data,omitempty"`
	Card       *Card       `json:"modelCard,omitempty"`
	Properties []Property  `json:"properties,omitempty"`
}

// A Hash is a digest of a component's bytes.
type Hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

// A Reference is an address, such as that of the code.
type Reference struct {
	Type    string `json:"type"`
	URL     string `json:"url"`
	Comment string `json:"comment,omitempty"`
}

// Data is what a component of the type data holds.
type Data struct {
	Type string `json:"type"`
	Name string `json:"name,omitempty"`
}

// A Card is what is to be known of a model.
type Card struct {
	Parameters Parameters `json:"modelParameters"`
	Analysis   *Analysis  `json:"quantitativeAnalysis,omitempty"`
}

// Parameters name the data that a model was made of.
type Parameters struct {
	Datasets []Choice `json:"datasets,omitempty"`
}

// A Choice refers to a component.
type Choice struct {
	Ref string `json:"ref"`
}

// An Analysis is the metrics.
type Analysis struct {
	Metrics []Metric `json:"performanceMetrics"`
}

// A Metric is a number about a model, as text.
type Metric struct {
	Type  string `json:"type"`
	Value string `json:"value"`
	Slice string `json:"slice,omitempty"`
}

// A Property is a name and value of ours.
type Property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A Dependency says what a component was made of.
type Dependency struct {
	Ref  string   `json:"ref"`
	Uses []string `json:"dependsOn,omitempty"`
}

// New is the document of a version. run is the record of the run that made it; nil
// if there is none any more, and then data and images are missing. mlops is the
// version of mlops.
func New(v *registry.Version, run *record.Run, mlops string) *BOM {
	ref := v.Model + "@" + strconv.Itoa(v.Version)
	model := Component{
		Type: "machine-learning-model", Ref: ref, Name: v.Model, Version: strconv.Itoa(v.Version), External: code(v.Source),
		Card: &Card{Analysis: analysis(v.Metrics)}, Properties: properties(v),
	}
	if len(v.Files) == 1 {
		model.Hashes = []Hash{{"SHA-256", v.Files[0].Digest.Hex()}}
	}
	b := &BOM{Format: "CycloneDX", Spec: "1.6", Serial: serial(v), Version: 1}
	for _, f := range v.Files {
		b.Components = append(b.Components, Component{Type: "file", Ref: "file:" + f.Path, Name: f.Path, Hashes: []Hash{{"SHA-256", f.Digest.Hex()}}})
	}
	for _, c := range materials(run) {
		b.Components = append(b.Components, c)
		if c.Type == "data" {
			model.Card.Parameters.Datasets = append(model.Card.Parameters.Datasets, Choice{c.Ref})
		}
	}
	uses := Dependency{Ref: ref}
	for _, c := range b.Components {
		uses.Uses = append(uses.Uses, c.Ref)
		b.Dependencies = append(b.Dependencies, Dependency{Ref: c.Ref})
	}
	b.Dependencies = append([]Dependency{uses}, b.Dependencies...)
	b.Metadata = Metadata{
		Time: v.Time.UTC().Truncate(time.Second).Format(time.RFC3339), Component: model,
		Tools: Tools{[]Component{{Type: "application", Name: "mlops", Version: mlops}}},
	}
	return b
}

// serial is the document's name: it follows from the version.
func serial(v *registry.Version) string {
	sum := sha256.Sum256([]byte(v.Model + "\n" + strconv.Itoa(v.Version) + "\n" + v.Digest.String()))
	u, err := uuid.FromBytes(sum[:16])
	if err != nil {
		panic(err) // sixteen bytes are always an id
	}
	u[6], u[8] = u[6]&0x0f|0x50, u[8]&0x3f|0x80
	return u.URN()
}

func code(s record.Source) []Reference {
	if s.Repository == "" {
		return nil
	}
	return []Reference{{"vcs", s.Repository, "commit " + s.Commit}}
}

// materials are the data that the run read and the images of its jobs, each once.
func materials(run *record.Run) (out []Component) {
	if run == nil {
		return nil
	}
	for _, in := range run.Inputs() {
		name := in.Name
		if name == "" {
			name = in.Path
		}
		c := Component{
			Type: "data", Ref: "data:" + in.Path + "@" + in.Digest.Short(), Name: name, Data: []Data{{"dataset", in.Path}},
			Properties: []Property{{"mlops:digest", in.Digest.String()}},
		}
		if isFile(run, in) { // that of a folder is of its tree
			c.Hashes = []Hash{{"SHA-256", in.Digest.Hex()}}
		}
		if in.Source != "" {
			c.External = []Reference{{"distribution", in.Source, ""}}
		}
		out = append(out, c)
	}
	for _, j := range run.Jobs {
		if j.Image.Name == "" {
			continue
		}
		c := Component{Type: "container", Ref: "image:" + j.Image.Name + "@" + j.Image.ID, Name: j.Image.Name, Version: j.Image.ID}
		for _, d := range j.Image.Digests {
			c.Properties = append(c.Properties, Property{"mlops:digest", d})
		}
		out = append(out, c)
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(out, func(c Component) bool {
		again := seen[c.Ref]
		seen[c.Ref] = true
		return again
	})
}

// isFile reports whether an input of a run is one file.
func isFile(run *record.Run, in record.Input) bool {
	for _, j := range run.Jobs {
		for _, a := range j.Inputs {
			if a.Path == in.Path && a.Digest == in.Digest {
				return a.Files == 0 && a.Mode != 0
			}
		}
	}
	return false
}

func analysis(ms []record.Metric) *Analysis {
	a := &Analysis{}
	for _, m := range ms {
		one := Metric{Type: m.Name, Value: strconv.FormatFloat(m.Value, 'g', -1, 64)}
		if len(m.Slice) > 0 {
			one.Slice = m.Key()
		}
		a.Metrics = append(a.Metrics, one)
	}
	if a.Metrics == nil {
		return nil
	}
	return a
}

// properties are what the format has no field for.
func properties(v *registry.Version) []Property {
	var out []Property
	for _, p := range []Property{
		{"mlops:digest", v.Digest.String()}, {"mlops:run", v.Run}, {"mlops:runDigest", digest(v)}, {"mlops:job", v.Job},
		{"mlops:pipeline", v.Pipeline}, {"mlops:commit", v.Source.Commit},
	} {
		if p.Value != "" {
			out = append(out, p)
		}
	}
	for _, g := range v.Gates {
		out = append(out, Property{"mlops:gate", g.Gate + ": " + g.Outcome})
	}
	return out
}

func digest(v *registry.Version) string {
	if v.RunDigest.IsZero() {
		return ""
	}
	return v.RunDigest.String()
}
