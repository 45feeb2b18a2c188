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
	Format       string       `json:"bomFormat"`              // CycloneDX
	Spec         string       `json:"specVersion"`            // 1.6
	Serial       string       `json:"serialNumber"`           // a URN of a UUID that follows from the version
	Version      int          `json:"version"`                // 1: a version's document is written once
	Metadata     Metadata     `json:"metadata"`               // the model itself, and who wrote this
	Components   []Component  `json:"components,omitempty"`   // files, data and images
	Dependencies []Dependency `json:"dependencies,omitempty"` // the model's first
}

// Metadata says what the document is about, and who wrote it.
type Metadata struct {
	Time      string    `json:"timestamp"` // when the version was registered, RFC 3339 in UTC
	Tools     Tools     `json:"tools"`     // this program
	Component Component `json:"component"` // the model
}

// Tools wrote the document.
type Tools struct {
	Components []Component `json:"components"` // of the type application
}

// A Component is a model, file, data set, image or tool.
type Component struct {
	Type       string      `json:"type"`                         // machine-learning-model, file, data, container or application
	Ref        string      `json:"bom-ref,omitempty"`            // unique in the document
	Name       string      `json:"name"`                         // of a model, a path, an image's or a data set's name
	Version    string      `json:"version,omitempty"`            // of a model its number
	Hashes     []Hash      `json:"hashes,omitempty"`             // of its bytes, if they are one file
	External   []Reference `json:"externalReferences,omitempty"` // where it comes from
	Data       []Data      `json:"data,omitempty"`               // of the type data alone
	Card       *Card       `json:"modelCard,omitempty"`          // of the model alone
	Properties []Property  `json:"properties,omitempty"`         // what the standard has no place for
}

// A Hash is a digest of a component's bytes.
type Hash struct {
	Algorithm string `json:"alg"`     // SHA-256
	Content   string `json:"content"` // in hex
}

// A Reference is an address, such as that of the code.
type Reference struct {
	Type    string `json:"type"`              // such as vcs
	URL     string `json:"url"`               // as it was recorded
	Comment string `json:"comment,omitempty"` // such as the commit
}

// Data is what a component of the type data holds.
type Data struct {
	Type string `json:"type"`           // dataset
	Name string `json:"name,omitempty"` // its path
}

// A Card is what is to be known of a model.
type Card struct {
	Parameters Parameters `json:"modelParameters"`                // what went in
	Analysis   *Analysis  `json:"quantitativeAnalysis,omitempty"` // what came out; nil without metrics
}

// Parameters name the data that a model was made of.
type Parameters struct {
	Datasets []Choice `json:"datasets,omitempty"` // components of the type data
}

// A Choice refers to a component.
type Choice struct {
	Ref string `json:"ref"` // of a component of the document
}

// An Analysis is the metrics.
type Analysis struct {
	Metrics []Metric `json:"performanceMetrics"` // overall and by slice
}

// A Metric is a number about a model, as text.
type Metric struct {
	Type  string `json:"type"`            // its name
	Value string `json:"value"`           // a decimal number
	Slice string `json:"slice,omitempty"` // of the rows that it is about; "" for all
}

// A Property is a name and value of ours.
type Property struct {
	Name  string `json:"name"`  // begins with mlops:
	Value string `json:"value"` // as it was recorded
}

// A Dependency says what a component was made of.
type Dependency struct {
	Ref  string   `json:"ref"`                 // of a component
	Uses []string `json:"dependsOn,omitempty"` // of what it was made of
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
