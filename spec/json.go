package spec

import (
	"encoding/json"
	"io"
)

// jsonReport is the JSON form of Diagnostics.
type jsonReport struct {
	Version     int              `json:"version"`
	Errors      int              `json:"errors"`
	Warnings    int              `json:"warnings"`
	Diagnostics []jsonDiagnostic `json:"diagnostics"`
}

type jsonDiagnostic struct {
	File      string        `json:"file"`
	Line      int           `json:"line"`
	Column    int           `json:"column"`
	EndLine   int           `json:"endLine"`
	EndColumn int           `json:"endColumn"`
	Severity  string        `json:"severity"`
	Code      Code          `json:"code"`
	Message   string        `json:"message"`
	Fix       string        `json:"fix,omitempty"`
	Source    string        `json:"source,omitempty"`
	Related   []jsonRelated `json:"related,omitempty"`
}

type jsonRelated struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
}

// WriteJSON writes the problems as one JSON object:
//
//	{"version": 1, "errors": 1, "warnings": 0, "diagnostics": [{
//	  "file": "mlops.yaml", "line": 4, "column": 5, "endLine": 4, "endColumn": 9,
//	  "severity": "error", "code": "unknown-key", "message": "unknown key \"runs\" in step \"train\"",
//	  "fix": "did you mean \"run\"?", "source": "    runs: python train.py",
//	  "related": [{"file": …, "line": …, "column": …, "message": …}]}]}
//
// Lines and columns count from 1, columns in code points; the end is the place
// after the last character. "fix", "source" and "related" may be absent; a source
// line longer than 1,000 bytes is. New members may be added without raising the version.
func (ds Diagnostics) WriteJSON(w io.Writer) error {
	r := jsonReport{Version: 1, Diagnostics: make([]jsonDiagnostic, 0, len(ds))}
	r.Errors, r.Warnings = ds.Count()
	for _, d := range ds {
		r.Diagnostics = append(r.Diagnostics, d.json())
	}
	return writeIndented(w, r)
}

func (d Diagnostic) json() jsonDiagnostic {
	end := d.end()
	j := jsonDiagnostic{
		File: d.File, Line: d.Pos.Line, Column: d.Pos.Col, EndLine: end.Line, EndColumn: end.Col,
		Severity: d.Severity.String(), Code: d.Code, Message: d.Message, Fix: d.Fix,
	}
	if len(d.Line) <= 1000 {
		j.Source = d.Line
	}
	for _, r := range d.Related {
		j.Related = append(j.Related, jsonRelated{r.File, r.Pos.Line, r.Pos.Col, r.Message})
	}
	return j
}

// end is End, or Pos if no end is known.
func (d Diagnostic) end() Pos {
	if d.End.compare(d.Pos) < 0 {
		return d.Pos
	}
	return d.End
}

func writeIndented(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
