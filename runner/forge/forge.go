package forge

import "context"

// A Forge is one repository on a forge. Its methods may be called at once.
// Errors are an [*Error] whose Kind says what a caller can do about it, or those
// of the context.
type Forge interface {
	Source
	Reporter
	// Caps says what the forge can show. It asks nobody.
	Caps() Caps
}

// A Source answers questions about a repository.
type Source interface {
	// Change returns the pull request that r means. It fails with [ErrNoChange]
	// if there is none, and with [ErrAmbiguous] if several have that head.
	Change(ctx context.Context, r Ref) (Change, error)
	// MergeBase returns the best common ancestor of two commits, and how many
	// commits base has that it has not, -1 if unknown. It fails with
	// [ErrUnsupported] where the forge cannot tell; git can.
	MergeBase(ctx context.Context, base, head string) (commit string, behind int, err error)
	// File returns a file of a commit, path from the repository's top. It fails with
	// [ErrNotFound] if the commit has none, and for more than [MaxFile] bytes.
	File(ctx context.Context, path, commit string) ([]byte, error)
}

// A Reporter tells a forge what a run came to.
type Reporter interface {
	// Upsert keeps the comment of a report up to date. A post that is not made,
	// because it is out of date or says nothing new, is no error: see [Outcome].
	Upsert(ctx context.Context, p Post) (Result, error)
	// Status sets the commit status s.Context of a commit.
	Status(ctx context.Context, commit string, s Status) error
}

// A Minimizer can take a report's comment out of use: it is folded away, and
// the next report gets a new one. Nothing happens if there is no comment.
type Minimizer interface {
	Minimize(ctx context.Context, number int, key string) error
}

// A Checker can make check runs, if Caps().Checks is true.
type Checker interface {
	// Check creates the check run of c's name and external id on a commit, or
	// brings it up to date, and returns its page.
	Check(ctx context.Context, commit string, c Check) (url string, err error)
}

// MaxFile is the size in bytes of the largest file that a [Source] reads.
const MaxFile = 1 << 20

// Caps are what a forge shows in a comment and beside it.
type Caps struct {
	// MaxComment is how many bytes the text of a comment should have at most. It is
	// below the forge's limit by room for the marker, and because forges do not
	// agree on what a character is.
	MaxComment int
	HTML       bool // tags, such as details and sub
	Mermaid    bool
	Alerts     bool // > [!WARNING]
	Checks     bool // check runs can be made with this token
	Minimize   bool // comments can be folded away
}

// A Ref says which pull request is meant.
type Ref struct {
	Number int // 0 = the one that has the head below
	// Head is the newest commit of the pull request. Repo (owner/name) and Branch
	// are where it was pushed to; "" = this repository, any branch.
	Head, Repo, Branch string
}

// Check returns an error if r can mean no pull request.
func (r Ref) Check() error {
	if r.Number > 0 || len(r.Head) >= 7 {
		return nil
	}
	return &Error{Op: "look for a pull request", Kind: ErrNoChange, Detail: "neither a number nor a commit is given", Fix: "name it by its number"}
}

// A Change is a pull request (merge request) as the forge describes it.
type Change struct {
	Number   int
	URL      string // of its page
	Head     string // newest commit, whole or at least its first 12 digits
	Base     string // commit at the tip of the branch it goes into, as far as the forge keeps track
	HeadRef  string // branch it comes from, in HeadRepo
	BaseRef  string // branch it goes into
	HeadRepo string // owner/name, "" if that repository is gone
	BaseRepo string // owner/name
	// MergeBase is where Head left the base branch, "" if the forge does not say
	// so with the pull request. After a merge it may mean nothing.
	MergeBase string
	Fork      bool // Head was pushed to another repository
	Draft     bool
	State     State
	Author    string // login
}

// State is whether a pull request is still worked on.
type State string

// The states.
const (
	Open   State = "open"
	Closed State = "closed" // without a merge
	Merged State = "merged"
)

// A Status is a commit status: a word and a line that the forge shows beside a
// commit, and that it can require before a merge.
type Status struct {
	Context     string // mlops/churn
	State       StatusState
	Description string // clipped to [MaxDescription] bytes
	URL         string // page with the details; may be empty
}

// StatusState is what a commit status says.
type StatusState string

// The states of a commit status.
const (
	Pending StatusState = "pending"
	Success StatusState = "success"
	Failure StatusState = "failure" // a gate or job failed
	Errored StatusState = "error"   // nothing was judged
)

// MaxDescription is how long a status's description may be in bytes. GitHub takes
// 140 characters, the others more.
const MaxDescription = 140

// A Check is a check run: what a status says, with room for details.
type Check struct {
	Name       string
	ExternalID string // ours: run id or digest
	// Conclusion is "" while it runs, then success, failure, neutral, cancelled,
	// timed_out, action_required or skipped.
	Conclusion  string
	URL         string
	Title       string
	Summary     string // Markdown, at most [MaxCheckText] bytes
	Text        string // Markdown, at most [MaxCheckText] bytes
	Annotations []Annotation
	Actions     []Action // buttons, at most 3
}

// MaxCheckText is how long the texts of a check run may be in bytes.
const MaxCheckText = 65_535

// An Annotation is a remark about a line of a file.
type Annotation struct {
	Path    string
	Line    int    // from 1
	Level   string // notice, warning, failure
	Title   string
	Message string
}

// An Action is a button of a check run: a label of at most 20 characters, a
// description of at most 40, and an id of at most 20 that comes back in the event.
type Action struct{ Label, Description, ID string }
