package forgetest

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/forge"
)

// A repo is the repository of a fake: acme/churn, whose main branch has ten
// commits, and whatever pull requests are made to it.
type repo struct {
	pulls    map[int]*pull
	commits  map[string]bool
	statuses map[string][]forge.Status // by commit, oldest first
	files    map[string]string         // the same in every commit
	last     int64                     // id that was given out
	pushed   int
}

// A pull is a pull request.
type pull struct {
	forge.Change
	comments []*remark
	former   []string // heads before this one
	merge    string   // commit that merged it
}

// A remark is a comment.
type remark struct {
	id     int64
	pull   int
	user   User
	body   string
	hidden bool
	gone   bool // Bitbucket goes on listing what was deleted
}

const mainCommits = 10

func newRepo() repo {
	r := repo{pulls: map[int]*pull{}, commits: map[string]bool{}, statuses: map[string][]forge.Status{}, files: map[string]string{
		"mlops.yaml": "name: churn\n", "models/größe v2/mlops.yaml": "name: größe\n", "large.bin": strings.Repeat("x", forge.MaxFile+1),
	}}
	for i := range mainCommits {
		r.commits[mainCommit(i)] = true
	}
	return r
}

// mainCommit is the i-th commit of the main branch.
func mainCommit(i int) string { return fmt.Sprintf("a%07x%032x", i, i) }

// mergeBase is where pull requests leave main: three commits before its tip.
func (r *repo) mergeBase(base, head string) string {
	if base == head {
		return base
	}
	return mainCommit(mainCommits - 4)
}

func (r *repo) behind(base, head string) int {
	if base == head {
		return 0
	}
	return 3
}

// open makes a pull request from a branch of a repository.
func (r *repo) open(repository, branch string) *pull {
	n := len(r.pulls) + 1
	p := &pull{Change: forge.Change{
		Number: n, State: forge.Open, Base: mainCommit(mainCommits - 1), BaseRef: "main", BaseRepo: "acme/churn",
		HeadRef: branch, HeadRepo: repository, Fork: repository != "acme/churn", Author: "ada",
	}}
	r.pulls[n] = p
	r.push(p)
	return p
}

// push gives a pull request a new head.
func (r *repo) push(p *pull) {
	if p.Head != "" {
		p.former = append(p.former, p.Head)
	}
	r.pushed++
	p.Head = fmt.Sprintf("b%07x%032x", r.pushed, r.pushed)
	r.commits[p.Head] = true
}

// remark adds a comment.
func (r *repo) remark(p *pull, u User, body string) *remark {
	r.last++
	one := &remark{id: r.last, pull: p.Number, user: u, body: body}
	p.comments = append(p.comments, one)
	return one
}

// find looks for a comment.
func (r *repo) find(id int64) (*remark, *pull) {
	for _, p := range r.pulls {
		for _, one := range p.comments {
			if one.id == id {
				return one, p
			}
		}
	}
	return nil, nil
}

func (p *pull) remove(one *remark) {
	p.comments = slices.DeleteFunc(p.comments, func(o *remark) bool { return o == one })
}

func (r *repo) setStatus(commit string, s forge.Status) {
	r.statuses[commit] = append(r.statuses[commit], s)
}

// status is the newest status of a context.
func (r *repo) status(commit, context string) (found forge.Status) {
	for _, s := range r.statuses[commit] {
		if strings.EqualFold(s.Context, context) {
			found = s
		}
	}
	return found
}

// base64Lines is a file as GitHub's contents have it.
func base64Lines(text string) string {
	s := base64.StdEncoding.EncodeToString([]byte(text))
	var b strings.Builder
	for len(s) > 60 {
		b.WriteString(s[:60] + "\n")
		s = s[60:]
	}
	return b.String() + s + "\n"
}
