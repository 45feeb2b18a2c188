package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/store"
)

// A plan is kept in its decoded form under the digest of all that it was made
// of, so that an unchanged mlops.yaml is not parsed again. What the digest
// cannot hold before the plan is known, its params file and what it reads of
// the github context, stands in a header that is compared.

// planHeader is the first line of a kept plan.
type planHeader struct {
	ParamFile   string       `json:"paramFile,omitempty"`
	ParamDigest store.Digest `json:"paramDigest,omitzero"`
	Contexts    store.Digest `json:"contexts,omitzero"` // of the contexts, if the plan depends on them
	// Inputs are those of a run by hand, which the file types; the texts that were
	// given are part of the key.
	Inputs map[string]any `json:"inputs,omitempty"`
}

// buildKey tells builds of mlops apart: a kept plan is read only by the build
// that wrote it.
func buildKey() string {
	path, err := os.Executable()
	if err != nil {
		return version()
	}
	st, err := os.Stat(path)
	if err != nil {
		return version()
	}
	return fmt.Sprintf("%s %d %d", version(), st.Size(), st.ModTime().UnixNano())
}

// planKey is the digest of what is known of a plan before it is parsed.
func (p *project) planKey(params, inputs []string) store.Digest {
	return store.Sum(fmt.Appendf(nil, "plan 1\n%s\n%s\n%s\n%q\n%q\n", buildKey(), p.path, store.Sum(p.source), params, inputs))
}

func planPlace(key store.Digest) string { return "plans/" + key.Hex()[:32] }

// keptPlan returns the plan that was kept under the key, or nil.
func (p *project) keptPlan(key store.Digest) *plan.Plan {
	data, err := os.ReadFile(filepath.Join(p.store(), filepath.FromSlash(planPlace(key))))
	if err != nil {
		return nil
	}
	head, body, ok := bytes.Cut(data, []byte{'\n'})
	var h planHeader
	if !ok || json.Unmarshal(head, &h) != nil || !p.holds(h) {
		return nil
	}
	pl, err := plan.Decode(body)
	if err != nil {
		return nil
	}
	return pl
}

// holds reports whether what a header says is still so.
func (p *project) holds(h planHeader) bool {
	if h.ParamFile != "" {
		text, err := p.read(h.ParamFile)
		if err != nil || store.Sum(text) != h.ParamDigest {
			return false
		}
		p.paramDigest = h.ParamDigest
	}
	p.setInputs(h.Inputs)
	return h.Contexts.IsZero() || h.Contexts == p.contextsDigest()
}

func (p *project) contextsDigest() store.Digest {
	text, err := json.Marshal(p.contexts)
	if err != nil {
		return store.Digest{}
	}
	return store.Sum(text)
}

// keepPlan stores a plan. A store that cannot be written to only costs time.
func (p *project) keepPlan(s *store.Dir, key store.Digest, pl *plan.Plan) error {
	h := planHeader{ParamFile: pl.ParamFile}
	h.Inputs, _ = p.contexts["inputs"].(map[string]any)
	if h.ParamFile != "" {
		h.ParamDigest = p.paramDigest
	}
	if pl.Git {
		h.Contexts = p.contextsDigest()
	}
	head, err := json.Marshal(h)
	if err != nil {
		return err
	}
	forgetOldest(filepath.Join(s.Root(), "plans"))
	return s.WriteFile(planPlace(key), append(append(head, '\n'), pl.Encode()...))
}
