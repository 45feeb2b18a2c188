package trigger

import (
	"context"
	"errors"
	"path"
	"strings"
)

// Changes tells which files differ between two commits.
type Changes interface {
	// Changed returns the files that a range adds, removes or alters, by their
	// paths relative to the folder of the mlops.yaml, with slashes; files outside of
	// it are left out. An error says why they cannot be known; it is shown to people.
	Changed(ctx context.Context, r Range) ([]string, error)
}

// A Range is what is compared: the commit From, or what it leads to, with the commit To.
type Range struct {
	From, To string
	Base     Base
	// Trial is the commit that merges To into its base, if there is one: what it
	// changes beside its first parent is the same, and needs less of the history.
	Trial string
}

// A Base says which commit a range begins at.
type Base int

// The bases.
const (
	Itself    Base = iota // From, as git diff From..To
	MergeBase             // where From and To parted, as git diff From...To
	Parent                // the first parent of From, or nothing if it has none
)

// errNoCommits is a branch that was made of commits which were there before, or of
// more than its push can name.
var errNoCommits = errors.New("the branch is new, and the event names no commit that is its first")

// rangeOf says what the event changed, as GitHub compares it.
func (e *Event) rangeOf() (Range, error) {
	switch {
	case e.Name == PullRequest && e.Before != "":
		return Range{From: e.Before, To: e.Head, Base: MergeBase, Trial: e.Sha}, nil
	case e.Before != "":
		return Range{From: e.Before, To: e.Head}, nil
	case e.Deepest != "":
		return Range{From: e.Deepest, To: e.Head, Base: Parent}, nil
	case e.Created:
		return Range{}, errNoCommits
	}
	return Range{}, errors.New("the event does not say what it is to be compared with")
}

// files returns the changed files of an event. What the payload lists is used
// only where git cannot tell, because it also names what was changed back.
func (o Options) files(ctx context.Context, e *Event) ([]string, error) {
	r, err := e.rangeOf()
	if err == nil && o.Changes != nil {
		var paths []string
		if paths, err = o.Changes.Changed(ctx, r); err == nil {
			return paths, nil
		}
	}
	if err == nil {
		err = errors.New("there is no repository to compare its commits in")
	}
	if e.Name == Push && e.Whole {
		return below(o.Folder, e.Touched), nil
	}
	return nil, err
}

// below returns the paths inside a folder ("" for all), relative to it.
func below(folder string, paths []string) []string {
	if folder = path.Clean(folder); folder == "." {
		return paths
	}
	var out []string
	for _, p := range paths {
		if rest, ok := strings.CutPrefix(p, folder+"/"); ok {
			out = append(out, rest)
		}
	}
	return out
}
