package spec

import "gopkg.in/yaml.v3"

var triggerTable = object[Triggers]{
	name: "on", doc: "What starts a run by itself.",
	keys: []key[Triggers]{
		{keyDoc{name: "push", form: form{kind: kindObject, object: &pushTable, null: true}, doc: "A push to a branch or tag.", example: "{branches: [main]}"},
			func(w *walker, t *Triggers, n *yaml.Node) {
				t.Push = w.gitFilter(n, &pushTable, "push")
			}},
		{keyDoc{name: "pull_request", form: form{kind: kindObject, object: &pullRequestTable, null: true}, doc: "A pull request is opened, reopened or gets commits.", example: "{paths: [src/**]}"},
			func(w *walker, t *Triggers, n *yaml.Node) {
				t.PullRequest = w.gitFilter(n, &pullRequestTable, "pull_request")
			}},
		{keyDoc{name: "merge_group", form: form{kind: kindObject, object: &mergeGroupTable, null: true}, doc: "A pull request enters the merge queue.", example: "{branches: [main]}"},
			func(w *walker, t *Triggers, n *yaml.Node) {
				t.MergeGroup = w.gitFilter(n, &mergeGroupTable, "merge_group")
			}},
		{keyDoc{name: "schedule", form: form{kind: kindList, nonEmpty: true, elem: &form{kind: kindObject, object: &scheduleTable}}, doc: "Times in UTC, as cron lines.", example: `[{cron: "0 3 * * 1"}]`},
			(*walker).schedule},
		{keyDoc{name: "data", form: form{kind: kindTexts, nonEmpty: true}, doc: "Datasets whose new version starts a run.", example: "[customers]"},
			func(w *walker, t *Triggers, n *yaml.Node) { t.Data = strs(n) }},
		{keyDoc{name: "workflow_dispatch", form: form{kind: kindObject, object: &dispatchTable, null: true}, doc: "A run started by hand, with typed inputs.", example: "{inputs: {depth: {type: number, default: 6}}}"},
			(*walker).dispatch},
	},
	foreign: []foreignKey{
		{"pull_request_target", `write "pull_request"; mlops always reads gates from the base branch`},
		{"workflow_call", "remove it; a pipeline cannot be called by another one"},
		{"workflow_run", `use "needs:" between jobs of this file`},
		{"repository_dispatch", `write "workflow_dispatch"`},
		{"manual", `write "workflow_dispatch"`},
		{"cron", `write "schedule: [{cron: ...}]"`},
		{"tag", `write "push: {tags: [...]}"`},
		{"release", `write "push: {tags: [...]}"`},
	},
}

// The filters of push, pull_request and merge_group differ in which of these
// rows they have.
const (
	branchesDoc       = "Branches, as glob patterns; a leading ! excludes."
	branchesIgnoreDoc = "Branches that start no run; not together with `branches`."
	pathsDoc          = "Files of which at least one must have changed, as glob patterns; a leading ! excludes."
	pathsIgnoreDoc    = "Files that alone start no run; not together with `paths`."
)

func setBranches(w *walker, f *GitFilter, n *yaml.Node)       { f.Branches = strs(n) }
func setBranchesIgnore(w *walker, f *GitFilter, n *yaml.Node) { f.BranchesIgnore = strs(n) }
func setPaths(w *walker, f *GitFilter, n *yaml.Node)          { f.Paths = strs(n) }
func setPathsIgnore(w *walker, f *GitFilter, n *yaml.Node)    { f.PathsIgnore = strs(n) }

var pushTable = object[GitFilter]{
	name: "push", doc: "Which pushes start a run.",
	keys: []key[GitFilter]{
		{keyDoc{name: "branches", form: textsForm, doc: branchesDoc, example: "[main, release/**]"}, setBranches},
		{keyDoc{name: "branches-ignore", form: textsForm, doc: branchesIgnoreDoc, example: "[wip/**]"}, setBranchesIgnore},
		{keyDoc{name: "tags", form: textsForm, doc: "Tags, as glob patterns; a leading ! excludes.", example: "[v*]"},
			func(w *walker, f *GitFilter, n *yaml.Node) { f.Tags = strs(n) }},
		{keyDoc{name: "tags-ignore", form: textsForm, doc: "Tags that start no run; not together with `tags`.", example: "[nightly]"},
			func(w *walker, f *GitFilter, n *yaml.Node) { f.TagsIgnore = strs(n) }},
		{keyDoc{name: "paths", form: textsForm, doc: pathsDoc, example: "[src/**]"}, setPaths},
		{keyDoc{name: "paths-ignore", form: textsForm, doc: pathsIgnoreDoc, example: "[docs/**]"}, setPathsIgnore},
	},
}

var pullRequestTable = object[GitFilter]{
	name: "pullRequest", doc: "Which pull requests start a run.",
	keys: []key[GitFilter]{
		{keyDoc{name: "branches", form: textsForm, doc: branchesDoc, example: "[main]"}, setBranches},
		{keyDoc{name: "branches-ignore", form: textsForm, doc: branchesIgnoreDoc, example: "[wip/**]"}, setBranchesIgnore},
		{keyDoc{name: "paths", form: textsForm, doc: pathsDoc, example: "[src/**]"}, setPaths},
		{keyDoc{name: "paths-ignore", form: textsForm, doc: pathsIgnoreDoc, example: "[docs/**]"}, setPathsIgnore},
		{keyDoc{name: "types", form: form{kind: kindUnion, alts: []form{{kind: kindWord, words: activityTypes}, {kind: kindList, elem: &form{kind: kindWord, words: activityTypes}}}},
			doc: "Activities that start a run.", def: "[opened, synchronize, reopened]", example: "[opened, labeled]"},
			func(w *walker, f *GitFilter, n *yaml.Node) { f.Types = strs(n) }},
	},
}

var activityTypes = []string{"opened", "synchronize", "reopened", "edited", "closed", "labeled", "unlabeled", "assigned",
	"unassigned", "ready_for_review", "converted_to_draft", "review_requested", "review_request_removed", "milestoned",
	"demilestoned", "locked", "unlocked", "enqueued", "dequeued", "auto_merge_enabled", "auto_merge_disabled"}

var mergeGroupTable = object[GitFilter]{
	name: "mergeGroup", doc: "Which merge groups start a run.",
	keys: []key[GitFilter]{
		{keyDoc{name: "branches", form: textsForm, doc: branchesDoc, example: "[main]"}, setBranches},
		{keyDoc{name: "branches-ignore", form: textsForm, doc: branchesIgnoreDoc, example: "[wip/**]"}, setBranchesIgnore},
		{keyDoc{name: "types", form: form{kind: kindUnion, alts: []form{{kind: kindWord, words: []string{"checks_requested"}}, {kind: kindList, elem: &form{kind: kindWord, words: []string{"checks_requested"}}}}},
			doc: "Activities that start a run.", def: "[checks_requested]", example: "[checks_requested]"},
			func(w *walker, f *GitFilter, n *yaml.Node) { f.Types = strs(n) }},
	},
}

var scheduleTable = object[Str]{
	name: "schedule", doc: "A time at which runs start.",
	keys: []key[Str]{
		{keyDoc{name: "cron", form: textForm, required: true, doc: "Minute, hour, day of the month, month and day of the week, in UTC.", example: `"0 3 * * 1"`},
			func(w *walker, s *Str, n *yaml.Node) {
				*s = str(n)
				if _, err := ParseCron(n.Value); err != nil {
					w.at(n, CodeBadCron, `write five fields, such as "0 3 * * 1" for Mondays at 3:00 UTC`, "bad cron line %s: %v", clip(n.Value), err)
				}
			}},
	},
}

var dispatchTable = object[Dispatch]{
	name: "workflowDispatch", doc: "A run started by hand.",
	keys: []key[Dispatch]{
		{keyDoc{name: "inputs", form: form{kind: kindMap, elem: &form{kind: kindObject, object: &dispatchInputTable, null: true}, names: namePattern}, doc: "What a person may fill in; expressions read it as `inputs.NAME`.", example: "{depth: {type: number, default: 6}}"},
			(*walker).dispatchInputs},
	},
}

var dispatchInputTable = object[dispatchInput]{
	name: "dispatchInput", doc: "An input of a run started by hand.",
	keys: []key[dispatchInput]{
		{keyDoc{name: "type", form: form{kind: kindWord, words: []string{"string", "number", "boolean", "choice"}}, doc: "Type of the value.", def: "string", example: "number"},
			func(w *walker, d *dispatchInput, n *yaml.Node) { d.Type = n.Value }},
		{keyDoc{name: "description", form: textForm, doc: "What a person reads beside the field.", example: "Depth of the trees"},
			func(w *walker, d *dispatchInput, n *yaml.Node) { d.Description = n.Value }},
		{keyDoc{name: "required", form: boolForm, doc: "Whether the field must be filled in.", def: "false", example: "true"},
			func(w *walker, d *dispatchInput, n *yaml.Node) { d.Required = truth(n) }},
		{keyDoc{name: "default", form: textForm, doc: "Value if the field is left empty.", example: "6"},
			func(w *walker, d *dispatchInput, n *yaml.Node) { d.preset = n }},
		{keyDoc{name: "options", form: form{kind: kindList, elem: &textForm, nonEmpty: true}, doc: "The values of a `choice`.", example: "[small, large]"},
			func(w *walker, d *dispatchInput, n *yaml.Node) { d.Options = strs(n) }},
	},
}
