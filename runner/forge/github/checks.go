package github

import (
	"context"
	"fmt"

	"github.com/google/go-github/v60/github"

	"github.com/mlops-runner/mlops/runner/forge"
)

// maxAnnotations is how many annotations a request may have; each request adds to
// those that are there.
const maxAnnotations = 50

// Check implements [forge.Checker].
func (c *Client) Check(ctx context.Context, commit string, ck forge.Check) (string, error) {
	op := fmt.Sprintf("check run %s on commit %.12s of %s", ck.Name, commit, c.opts.Repo)
	if c.opts.App == nil {
		return "", &forge.Error{Op: op, Kind: forge.ErrUnsupported, Detail: "only an App's check runs stand where they belong", Fix: "use a commit status, or an App"}
	}
	if err := checkLengths(op, ck); err != nil {
		return "", err
	}
	var url string
	err := c.opts.Clock.Repeat(ctx, func() (err error) {
		url, err = c.check(ctx, commit, ck)
		return err
	})
	return url, err
}

// checkLengths tells what is too long before GitHub refuses the whole.
func checkLengths(op string, ck forge.Check) error {
	too := func(detail string) error {
		return &forge.Error{Op: op, Kind: forge.ErrTooLong, Detail: detail, Fix: "leave sections out, or link to the whole report"}
	}
	switch {
	case len(ck.Summary) > forge.MaxCheckText:
		return too(fmt.Sprintf("summary of %d bytes, at most %d", len(ck.Summary), forge.MaxCheckText))
	case len(ck.Text) > forge.MaxCheckText:
		return too(fmt.Sprintf("text of %d bytes, at most %d", len(ck.Text), forge.MaxCheckText))
	case len(ck.Actions) > 3:
		return too(fmt.Sprintf("%d actions, at most 3", len(ck.Actions)))
	}
	for _, a := range ck.Actions {
		if len(a.Label) > 20 || len(a.Description) > 40 || len(a.ID) > 20 {
			return too(fmt.Sprintf("action %q; a label has at most 20 bytes, a description 40, an id 20", a.Label))
		}
	}
	return nil
}

// check looks for the check run before it makes one: the answer to an earlier
// try may have been lost.
func (c *Client) check(ctx context.Context, commit string, ck forge.Check) (string, error) {
	list, _, err := c.api.ListCheckRunsForRef(ctx, c.owner, c.name, commit, &github.ListCheckRunsOptions{CheckName: &ck.Name, ListOptions: github.ListOptions{PerPage: 100}})
	if err != nil {
		return "", c.reading(err, "checks", "look for check run %s on commit %.12s", ck.Name, commit)
	}
	var run *github.CheckRun
	if list != nil {
		for _, r := range list.CheckRuns {
			if r.GetExternalID() == ck.ExternalID && r.GetApp().GetID() == c.opts.App.ID {
				run = r
			}
		}
	}
	if run == nil {
		return c.createCheck(ctx, commit, ck)
	}
	return c.updateCheck(ctx, run, ck, ck.Annotations[min(run.GetOutput().GetAnnotationsCount(), len(ck.Annotations)):])
}

func (c *Client) createCheck(ctx context.Context, commit string, ck forge.Check) (string, error) {
	now := ck.Annotations[:min(len(ck.Annotations), maxAnnotations)]
	run, _, err := c.api.CreateCheckRun(ctx, c.owner, c.name, github.CreateCheckRunOptions{
		Name: ck.Name, HeadSHA: commit, DetailsURL: text(ck.URL), ExternalID: text(ck.ExternalID),
		Status: statusOf(ck), Conclusion: text(ck.Conclusion), Output: output(ck, now), Actions: actions(ck),
	})
	if err != nil {
		return "", c.writing(err, "checks", "create check run %s on commit %.12s", ck.Name, commit)
	}
	if len(now) == len(ck.Annotations) {
		return run.GetHTMLURL(), nil
	}
	return c.updateCheck(ctx, run, ck, ck.Annotations[len(now):])
}

// updateCheck sets what a check run says and adds annotations to it.
func (c *Client) updateCheck(ctx context.Context, run *github.CheckRun, ck forge.Check, annotations []forge.Annotation) (string, error) {
	for {
		now := annotations[:min(len(annotations), maxAnnotations)]
		annotations = annotations[len(now):]
		// The name has to be sent again, or it becomes empty.
		_, _, err := c.api.UpdateCheckRun(ctx, c.owner, c.name, run.GetID(), github.UpdateCheckRunOptions{
			Name: ck.Name, DetailsURL: text(ck.URL), ExternalID: text(ck.ExternalID),
			Status: statusOf(ck), Conclusion: text(ck.Conclusion), Output: output(ck, now), Actions: actions(ck),
		})
		if err != nil || len(annotations) == 0 {
			return run.GetHTMLURL(), c.writing(err, "checks", "update check run %s", ck.Name)
		}
	}
}

func statusOf(ck forge.Check) *string {
	if ck.Conclusion == "" {
		return github.String("in_progress")
	}
	return github.String("completed")
}

func output(ck forge.Check, annotations []forge.Annotation) *github.CheckRunOutput {
	out := &github.CheckRunOutput{Title: &ck.Title, Summary: &ck.Summary, Text: text(ck.Text)}
	for _, a := range annotations {
		line := max(a.Line, 1)
		out.Annotations = append(out.Annotations, &github.CheckRunAnnotation{
			Path: &a.Path, StartLine: &line, EndLine: &line, AnnotationLevel: &a.Level, Title: text(a.Title), Message: &a.Message,
		})
	}
	return out
}

func actions(ck forge.Check) (list []*github.CheckRunAction) {
	for _, a := range ck.Actions {
		list = append(list, &github.CheckRunAction{Label: a.Label, Description: a.Description, Identifier: a.ID})
	}
	return list
}

// text is s for a field that is left out when it is empty.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
