// Package schemas holds the JSON Schemas of the files that people write, and of
// the reports and profiles that mlops writes for other programs to read. Editors
// complete and check a mlops.yaml by them: put this line at its top, or name the
// schema in the editor's settings.
//
//	# yaml-language-server: $schema=https://raw.githubusercontent.com/mlops-runner/mlops/main/schemas/mlops.schema.json
//
// The schemas are generated from the readers' own tables ("make generate") and
// only embedded here; this package validates nothing. What a schema cannot say,
// such as whether a job in `needs` exists, `mlops validate` finds.
package schemas

import _ "embed"

//go:generate go run generate.go
//go:generate go test . -run TestReportIsGenerated|TestProfileIsGenerated -update

//go:embed mlops.schema.json
var pipeline string

// Pipeline returns the schema of mlops.yaml: JSON Schema, draft 2020-12.
func Pipeline() string { return pipeline }

//go:embed report.schema.json
var reports string

// Report returns the schema of a report in JSON: JSON Schema, draft 2020-12.
func Report() string { return reports }

//go:embed profile.schema.json
var profiles string

// Profile returns the schema of the profile of a table: JSON Schema, draft 2020-12.
func Profile() string { return profiles }

//go:embed checks.schema.json
var checks string

// Checks returns the schema of checks.json, which a data check keeps with the
// record of its job: JSON Schema, draft 2020-12.
func Checks() string { return checks }

//go:embed audit.schema.json
var audit string

// Audit returns the schema of what "mlops audit MODEL@REF --json" prints: JSON
// Schema, draft 2020-12. It is written by hand; a test holds the output to it.
func Audit() string { return audit }
