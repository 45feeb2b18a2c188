package spec

import (
	"io"
	"path/filepath"
	"strings"
)

// The part of SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0) that WriteSARIF uses.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name  string      `json:"name"`
		Rules []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID    string    `json:"id"`
		Short sarifText `json:"shortDescription"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
		Related   []sarifLocation `json:"relatedLocations,omitempty"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
		Message  *sarifText    `json:"message,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
		EndLine     int `json:"endLine"`
		EndColumn   int `json:"endColumn"`
	}
)

// WriteSARIF writes the problems as a SARIF 2.1.0 log with one run, for code
// scanning services. Columns count code points. The fix follows the message.
func (ds Diagnostics) WriteSARIF(w io.Writer) error {
	rules, index := sarifRules()
	run := sarifRun{Tool: sarifTool{sarifDriver{Name: "mlops", Rules: rules}}, ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	for _, d := range ds {
		run.Results = append(run.Results, d.sarif(index[d.Code]))
	}
	return writeIndented(w, sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

func sarifRules() ([]sarifRule, map[Code]int) {
	var rules []sarifRule
	index := map[Code]int{}
	for i, c := range Codes() {
		rules = append(rules, sarifRule{string(c.Code), sarifText{c.Meaning}})
		index[c.Code] = i
	}
	return rules, index
}

func (d Diagnostic) sarif(rule int) sarifResult {
	text := d.Message
	if d.Fix != "" {
		text += "; fix: " + d.Fix
	}
	r := sarifResult{RuleID: string(d.Code), RuleIndex: rule, Level: d.Severity.String(), Message: sarifText{text}}
	r.Locations = []sarifLocation{{Physical: sarifPlace(d.File, d.Pos, d.end())}}
	for _, rel := range d.Related {
		r.Related = append(r.Related, sarifLocation{sarifPlace(rel.File, rel.Pos, rel.Pos), &sarifText{rel.Message}})
	}
	return r
}

func sarifPlace(file string, from, to Pos) sarifPhysical {
	return sarifPhysical{sarifArtifact{fileURI(file)}, sarifRegion{from.Line, from.Col, to.Line, to.Col}}
}

// fileURI makes a relative or absolute path a URI reference.
func fileURI(path string) string {
	path = filepath.ToSlash(path)
	var b strings.Builder
	if strings.HasPrefix(path, "/") {
		b.WriteString("file://")
	}
	for i := range len(path) {
		if c := path[i]; uriSafe(c) {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + strings.ToUpper(hexByte(c)))
		}
	}
	return b.String()
}

func uriSafe(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("/-._~", c) >= 0
}

func hexByte(c byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[c>>4], digits[c&15]})
}
