package oci

import (
	"path"
	"slices"
	"strings"
)

// Media types of ModelPack (model-spec: specs-go/v1/mediatype.go).
const (
	ArtifactType = "application/vnd.cncf.model.manifest.v1+json"
	ConfigType   = "application/vnd.cncf.model.config.v1+json"
)

// Annotations of a layer (model-spec: specs-go/v1/annotations.go).
const (
	annotationPath     = "org.cncf.model.filepath"
	annotationMetadata = "org.cncf.model.file.metadata+json"
)

// Annotations of our own.
const (
	annotationTree   = "io.github.mlops-runner.tree"   // of a manifest: digest of the model's files together
	annotationRun    = "io.github.mlops-runner.run"    // of a manifest: the run that made the model
	annotationParams = "io.github.mlops-runner.params" // of a manifest: that run's params, as JSON
	annotationCard   = "io.github.mlops-runner.card"   // of a layer: it is the model card, which is no file of the model
)

// A Kind is what a file is to a model.
type Kind string

// The kinds. The zero Kind means: by the file's name.
const (
	Weight  Kind = "weight"
	Config  Kind = "weight.config"
	Doc     Kind = "doc"
	Code    Kind = "code"
	Dataset Kind = "dataset"
)

// mediaType is that of a layer; form is raw or tar.
func (k Kind) mediaType(form string) string {
	return "application/vnd.cncf.model." + string(k) + ".v1." + form
}

// layerForm takes a layer's media type apart: "raw", "tar", "tar+gzip" or
// "tar+zstd". ok is false for a layer that is none of a model.
func layerForm(mediaType string) (form string, ok bool) {
	rest, ok := strings.CutPrefix(mediaType, "application/vnd.cncf.model.")
	kind, form, found := strings.Cut(rest, ".v1.")
	known := slices.Contains([]Kind{Weight, Config, Doc, Code, Dataset}, Kind(kind)) && slices.Contains([]string{"raw", "tar", "tar+gzip", "tar+zstd"}, form)
	return form, ok && found && known
}

var kindOf = map[string]Kind{
	".md": Doc, ".rst": Doc, ".pdf": Doc,
	".py": Code, ".sh": Code, ".ipynb": Code, ".r": Code,
	".csv": Dataset, ".parquet": Dataset, ".arrow": Dataset, ".jsonl": Dataset,
	".json": Config, ".yaml": Config, ".yml": Config, ".toml": Config, ".ini": Config, ".txt": Config,
}

// kinds says what each file is. A model has weights: where the names tell of
// none, they are in what looks like its configuration.
func kinds(files []File) []Kind {
	out := make([]Kind, len(files))
	for i, f := range files {
		if out[i] = f.Kind; out[i] == "" {
			out[i] = kindByName(f.Path)
		}
	}
	if slices.Contains(out, Weight) {
		return out
	}
	for i, f := range files {
		if f.Kind == "" && out[i] == Config {
			out[i] = Weight
		}
	}
	return out
}

func kindByName(name string) Kind {
	base := strings.ToLower(path.Base(name))
	if strings.HasPrefix(base, "license") || strings.HasPrefix(base, "readme") {
		return Doc
	}
	if base == "requirements.txt" {
		return Code
	}
	if k, ok := kindOf[path.Ext(base)]; ok {
		return k
	}
	return Weight
}
