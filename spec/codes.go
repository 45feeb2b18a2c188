package spec

// A Code names a kind of problem. Codes are stable: scripts, suppressions and
// SARIF baselines may rely on them. [Codes] lists them with their meaning.
type Code string

// The codes. See [Codes] for what each one means.
const (
	CodeTooLarge           Code = "too-large"
	CodeEncoding           Code = "encoding"
	CodeSyntax             Code = "syntax"
	CodeEmpty              Code = "empty"
	CodeDocuments          Code = "documents"
	CodeTooDeep            Code = "too-deep"
	CodeAlias              Code = "alias"
	CodeTag                Code = "tag"
	CodeDuplicateKey       Code = "duplicate-key"
	CodeUnknownKey         Code = "unknown-key"
	CodeMissingKey         Code = "missing-key"
	CodeWrongType          Code = "wrong-type"
	CodeBadValue           Code = "bad-value"
	CodeBadName            Code = "bad-name"
	CodeBadPath            Code = "bad-path"
	CodeBadCron            Code = "bad-cron"
	CodeBadRange           Code = "bad-range"
	CodeBadColumn          Code = "bad-column"
	CodeConflict           Code = "conflict"
	CodeUnknownEvent       Code = "unknown-event"
	CodeUnknownJob         Code = "unknown-job"
	CodeUnknownData        Code = "unknown-data"
	CodeUnknownMetric      Code = "unknown-metric"
	CodeUnknownAction      Code = "unknown-action"
	CodeUnknownInput       Code = "unknown-input"
	CodeMissingInput       Code = "missing-input"
	CodeActionAlone        Code = "action-alone"
	CodeActionTwice        Code = "action-twice"
	CodeActionMaybeTwice   Code = "action-maybe-twice"
	CodeUnknownParam       Code = "unknown-param"
	CodeParamType          Code = "param-type"
	CodeParamsFile         Code = "params-file"
	CodeDuplicateStep      Code = "duplicate-step"
	CodeUnknownStep        Code = "unknown-step"
	CodeMatrix             Code = "matrix"
	CodeSelect             Code = "select"
	CodeLossyNumber        Code = "lossy-number"
	CodeExpressionSyntax   Code = "expression-syntax"
	CodeExpressionPlace    Code = "expression-place"
	CodeExpressionContext  Code = "expression-context"
	CodeExpressionName     Code = "expression-name"
	CodeExpressionFunction Code = "expression-function"
	CodeExpressionType     Code = "expression-type"
	CodeExpressionLimit    Code = "expression-limit"
	CodeExpressionShell    Code = "expression-shell"
	CodeCycle              Code = "cycle"
	CodeOwnInput           Code = "own-input"
	CodeOutputTwice        Code = "output-twice"
	CodeMatrixOutput       Code = "matrix-output"
	CodeMatrixEmpty        Code = "matrix-empty"
	CodeMatrixExpression   Code = "matrix-expression"
	CodeExpression         Code = "expression"
	CodeScript             Code = "script"
	CodeTooMany            Code = "too-many"
)

// CodeDoc documents one code.
type CodeDoc struct {
	Code    Code
	Meaning string // one sentence in lower case, without full stop
}

// Codes lists every code a Diagnostic can bear, from the file's bytes to its
// meaning; those from cycle to script are found when a run is planned, the
// others by [Parse]. The slice is the caller's.
func Codes() []CodeDoc {
	return []CodeDoc{
		{CodeTooLarge, "the file is larger than 4 MiB"},
		{CodeEncoding, "the file is not plain UTF-8 text: wrong encoding, NUL or another control character"},
		{CodeSyntax, "the file is not YAML"},
		{CodeEmpty, "the file holds nothing"},
		{CodeDocuments, "the file holds more than one YAML document"},
		{CodeTooDeep, "values are nested deeper than 64 levels"},
		{CodeAlias, "an alias contains itself, merges something that is no mapping, or aliases expand to too much"},
		{CodeTag, "a YAML tag that has no meaning here"},
		{CodeDuplicateKey, "the same key stands twice in one mapping"},
		{CodeUnknownKey, "a key that this place does not know"},
		{CodeMissingKey, "a key that this place cannot do without"},
		{CodeWrongType, "a value of another type than the key takes"},
		{CodeBadValue, "a value of the right type that the key does not take"},
		{CodeBadName, "a name with characters that names cannot have"},
		{CodeBadPath, "a path that is absolute, leaves the repository or lies in .git or .mlops"},
		{CodeBadCron, "a schedule that is not a cron line of five fields"},
		{CodeBadRange, "a range that is not a..b, a.. or ..b"},
		{CodeBadColumn, "a column line that cannot be read"},
		{CodeConflict, "two keys that exclude each other"},
		{CodeUnknownEvent, "an event in on: that starts no run"},
		{CodeUnknownJob, "a job that the file does not have"},
		{CodeUnknownData, "a dataset that data: does not declare"},
		{CodeUnknownMetric, "a metric that metrics: does not declare"},
		{CodeUnknownAction, "an action that is not built in"},
		{CodeUnknownInput, "an input that the action does not have"},
		{CodeMissingInput, "an input that the action requires"},
		{CodeActionAlone, "a step with commands beside an action that asks for something in the job's name"},
		{CodeActionTwice, "two steps that ask the same of an action that does it once a run"},
		{CodeActionMaybeTwice, "two such steps under conditions that may both hold in one run"},
		{CodeUnknownParam, "a parameter that the params do not have"},
		{CodeParamType, "an override of another type than the parameter, or a value params cannot hold"},
		{CodeParamsFile, "the params file cannot be read"},
		{CodeDuplicateStep, "two steps of one job have the same id"},
		{CodeUnknownStep, "a step that waits for, or stops, one that does not run in the background before it"},
		{CodeMatrix, "a matrix that spans no legs or too many, or excludes by a key that it does not have"},
		{CodeSelect, "a select that cannot choose a leg"},
		{CodeLossyNumber, "a number whose text changes when it is read, such as 3.10"},
		{CodeExpressionSyntax, "an expression that cannot be parsed"},
		{CodeExpressionPlace, "an expression where none is evaluated"},
		{CodeExpressionContext, "a context that has no meaning at this key"},
		{CodeExpressionName, "a name that the expression's context does not have"},
		{CodeExpressionFunction, "a function that does not exist here, or is called with the wrong number of arguments"},
		{CodeExpressionType, "operands, arguments or a result of the wrong type"},
		{CodeExpressionLimit, "an expression that is too long, too deep or too costly"},
		{CodeExpressionShell, "an expression at a place of a script where no variable can stand for it"},
		{CodeCycle, "jobs that wait for each other in a circle"},
		{CodeOwnInput, "a job that reads what it writes itself"},
		{CodeOutputTwice, "two jobs that write the same path"},
		{CodeMatrixOutput, "a path that every leg of a matrix writes, without a select"},
		{CodeMatrixEmpty, "a matrix of which exclude leaves no leg"},
		{CodeMatrixExpression, "an expression that should give the values of a matrix and gives no list"},
		{CodeExpression, "an expression that has no value when the run is planned"},
		{CodeScript, "a script that cannot be made ready for its shell"},
		{CodeTooMany, "the file has more problems than are shown"},
	}
}

// Meaning returns the sentence that documents c, or "" if c is no code.
func (c Code) Meaning() string {
	for _, d := range Codes() {
		if d.Code == c {
			return d.Meaning
		}
	}
	return ""
}
