package gitlab

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/runner/forge"
)

// Upsert implements [forge.Reporter].
func (c *Client) Upsert(ctx context.Context, p forge.Post) (forge.Result, error) {
	p.Text = escape(p.Text)
	ch, err := p.Subject(ctx, c)
	if err != nil {
		return forge.Result{}, err
	}
	return c.sticky(p.Number, ch.URL).Upsert(ctx, ch, p)
}

// Minimize implements [forge.Minimizer]: the note stops to be the one that is
// kept up to date. GitLab folds nothing away.
func (c *Client) Minimize(ctx context.Context, number int, key string) error {
	return c.sticky(number, "").Minimize(ctx, key)
}

func (c *Client) sticky(number int, page string) *forge.Sticky {
	return &forge.Sticky{Thread: &thread{c, number, page}, Limit: noteLimit, Clock: c.opts.Clock, Ready: c.transport.Ready}
}

// escape takes the meaning of a command from lines that begin with a slash.
func escape(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		if rest := strings.TrimLeft(line, " \t\u00a0\u200b\ufeff>"); strings.HasPrefix(rest, "/") {
			lines[i] = line[:len(line)-len(rest)] + `\` + rest
		}
	}
	return strings.Join(lines, "")
}

// A thread is the notes of a merge request, whose page is at page.
type thread struct {
	*Client
	number int
	page   string
}

var _ forge.Thread = (*thread)(nil)

// A note is a comment.
type note struct {
	ID     int64  `json:"id"`
	Body   string `json:"body"`
	System bool   `json:"system"`
	Author struct {
		Login string `json:"username"`
	} `json:"author"`
}

func (t *thread) path(id int64) string {
	p := fmt.Sprintf("/merge_requests/%d/notes", t.number)
	if id != 0 {
		p += "/" + strconv.FormatInt(id, 10)
	}
	return p
}

func (t *thread) comment(n note) forge.Comment {
	c := forge.Comment{ID: n.ID, Body: n.Body}
	if t.page != "" {
		c.URL = fmt.Sprintf("%s#note_%d", t.page, n.ID)
	}
	return c
}

// Comments implements [forge.Thread].
func (t *thread) Comments(ctx context.Context) (own []forge.Comment, err error) {
	query := url.Values{"per_page": {"100"}, "sort": {"asc"}, "order_by": {"created_at"}}
	for page := 1; page <= maxPages; page++ {
		query.Set("page", strconv.Itoa(page))
		var notes []note
		a, err := t.do(ctx, "GET", t.path(0), query, nil, &notes)
		if err != nil {
			return nil, t.failed(a, err, false, "read the notes on merge request %d", t.number)
		}
		for _, n := range notes {
			if _, ok := forge.FindMarker(n.Body); !ok || n.System {
				continue
			}
			login, err := t.viewer(ctx)
			if err != nil {
				return nil, err
			}
			if n.Author.Login == login {
				own = append(own, t.comment(n))
			}
		}
		if a.Header.Get("X-Next-Page") == "" {
			break
		}
	}
	return own, nil
}

// Create implements [forge.Thread].
func (t *thread) Create(ctx context.Context, body string) (forge.Comment, error) {
	var n note
	a, err := t.do(ctx, "POST", t.path(0), nil, map[string]string{"body": body}, &n)
	return t.comment(n), t.failed(a, err, true, "comment on merge request %d", t.number)
}

// Edit implements [forge.Thread].
func (t *thread) Edit(ctx context.Context, id int64, body string) error {
	a, err := t.do(ctx, "PUT", t.path(id), nil, map[string]string{"body": body}, nil)
	return t.failed(a, err, true, "edit the note on merge request %d", t.number)
}

// Delete implements [forge.Thread].
func (t *thread) Delete(ctx context.Context, id int64) error {
	a, err := t.do(ctx, "DELETE", t.path(id), nil, nil, nil)
	return t.failed(a, err, true, "delete a note on merge request %d", t.number)
}

// Status implements [forge.Reporter]. A description may have 255 characters.
func (c *Client) Status(ctx context.Context, commit string, s forge.Status) error {
	body := map[string]string{"name": s.Context, "state": stateOf(s.State), "description": forge.Clip(s.Description, forge.MaxDescription)}
	if s.URL != "" {
		body["target_url"] = s.URL
	}
	return c.opts.Clock.Repeat(ctx, func() error {
		a, err := c.do(ctx, "POST", "/statuses/"+url.PathEscape(commit), nil, body, nil)
		if a.Status == http.StatusBadRequest && strings.Contains(a.Message, "Cannot transition status") {
			return nil // it is that already
		}
		return c.failed(a, err, true, "set status %s on commit %.12s", s.Context, commit)
	})
}

func stateOf(s forge.StatusState) string {
	switch s {
	case forge.Pending:
		return "running"
	case forge.Success:
		return "success"
	}
	return "failed" // GitLab has no word for what was not judged
}
