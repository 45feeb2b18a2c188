package trigger

import "github.com/mlops-runner/mlops/spec"

// Check returns what is wrong with the filters of a file whatever event comes:
// patterns that cannot be read are errors, lists that let nothing in are
// warnings. It is safe for concurrent use.
func Check(f *spec.File) spec.Diagnostics {
	d := &decision{file: f}
	for _, on := range []*spec.GitFilter{f.On.Push, f.On.PullRequest, f.On.MergeGroup} {
		if on == nil {
			continue
		}
		for _, only := range [][]spec.Str{on.Branches, on.Tags, on.Paths} {
			d.patterns(only)
			if len(only) > 0 && onlyNegations(only) {
				d.diagnostics = append(d.diagnostics, spec.Diagnostic{
					File: f.Path, Pos: only[0].Pos, End: only[0].Pos, Severity: spec.Warning, Code: spec.CodeBadValue,
					Message: "all patterns of the list begin with !, so it lets nothing in", Fix: `put "**" before them`,
				})
			}
		}
		for _, ignore := range [][]spec.Str{on.BranchesIgnore, on.TagsIgnore, on.PathsIgnore} {
			d.patterns(ignore)
		}
	}
	return d.diagnostics
}
