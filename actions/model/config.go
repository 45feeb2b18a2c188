package model

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// maxConfig is the longest config that is read, in bytes.
const maxConfig = 64 << 20

// config looks through a config in JSON for what its library would run: classes and
// functions that Keras imports, and the Python files beside it that Transformers
// imports by auto_map where it is told to trust them.
func (s *scan) config(in input) {
	text, err := io.ReadAll(io.LimitReader(in.reader(), maxConfig))
	var v any
	if err == nil {
		err = json.Unmarshal(text, &v)
	}
	if err != nil {
		s.refuse(in, 0, "damaged config: %v", err)
		return
	}
	s.kerasObject(in, v)
	if top, ok := v.(map[string]any); ok {
		s.autoMap(in, top["auto_map"])
	}
}

// damagedConfig refuses JSON that Go does not read and Python may, such as with NaN,
// where it has to be looked through.
func (s *scan) damagedConfig(in input) {
	text, err := io.ReadAll(io.LimitReader(in.reader(), maxConfig))
	if err != nil {
		return // told by who reads the file
	}
	for _, word := range []string{"class_name", "auto_map"} {
		if bytes.Contains(text, []byte(`"`+word+`"`)) {
			s.refuse(in, 0, "has a %q and cannot be read as JSON", word)
		}
	}
	if hdf5Hidden().Match(text) {
		s.refuse(in, 0, "hides letters of a text behind escapes, and cannot be read as JSON")
	}
}

// autoMap refuses classes of Python files that come with the model, but for those
// that are allowed by module.name.
func (s *scan) autoMap(in input, v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			s.autoMap(in, v[key])
		}
	case []any:
		for _, x := range v {
			s.autoMap(in, x)
		}
	case string:
		_, name, of := strings.Cut(v, "--") // of another repository
		if !of {
			name = v
		}
		if of || !slices.Contains(s.opts.Allow, name) {
			s.find(in, Finding{Global: name, Reason: fmt.Sprintf("auto_map names %.200q, Python code that Transformers runs with trust_remote_code", v)})
		}
	}
}
