package spec

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"
)

// A large file is decoded in pieces, on all cores: it is cut between two jobs
// into texts of which each is YAML by itself. Where a cut fell into a value that
// goes over several lines, the piece before it has a quote or bracket that is not
// closed, and the file is decoded as a whole after all; so it is where anything
// else is not as expected. A cut cannot fall into a block: its lines stand deeper
// than the job's key.

// pieceSize is how much text is worth a piece, in bytes.
const pieceSize = 64 << 10

// documentInPieces is what [walker.document] returns of a file without errors,
// or nil if it has to be decoded as a whole. It is cut into so many pieces at most.
func documentInPieces(text string, pieces int) *yaml.Node {
	cuts, indent := cutJobs(text, pieces)
	if cuts == nil {
		return nil
	}
	parts := make([]*yaml.Node, len(cuts)-1)
	var wg sync.WaitGroup
	for i := range parts {
		wg.Go(func() {
			parts[i] = onlyMapping(text[cuts[i]:cuts[i+1]])
			if parts[i] != nil && i > 0 {
				shiftLines(parts[i], strings.Count(text[:cuts[i]], "\n"))
			}
		})
	}
	wg.Wait()
	return assemble(parts, indent)
}

// piecesOf is into how many pieces a text is best cut.
func piecesOf(text string) int { return min(runtime.GOMAXPROCS(0), len(text)/pieceSize) }

// assemble puts the pieces together: all but the last hold jobs, the first also
// what stands before them, the last what stands behind them. It is nil if one
// of them is something else.
func assemble(parts []*yaml.Node, indent int) *yaml.Node {
	root, rest := parts[0], parts[len(parts)-1]
	if !block(root, 0) || rest != nil && !block(rest, 0) && len(rest.Content) > 0 {
		return nil
	}
	n := len(root.Content)
	jobs := root.Content[n-1]
	if root.Content[n-2].Value != "jobs" || !block(jobs, indent) || rest == nil {
		return nil
	}
	for _, p := range parts[1 : len(parts)-1] {
		if !block(p, indent) {
			return nil
		}
		jobs.Content = append(jobs.Content, p.Content...)
	}
	root.Content = append(root.Content, rest.Content...)
	return root
}

// block reports whether a node is a mapping that is not in braces, at an indent.
func block(n *yaml.Node, indent int) bool {
	return n != nil && n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle == 0 && n.Column == indent+1 && len(n.Content) > 0
}

// onlyMapping decodes a text that is a mapping, or nothing but comments; then the
// node is empty. It is nil for every other text.
func onlyMapping(text string) *yaml.Node {
	d := yaml.NewDecoder(strings.NewReader(text))
	var doc, more yaml.Node
	switch err := safely(func() error { return d.Decode(&doc) }); {
	case errors.Is(err, io.EOF):
		return new(yaml.Node)
	case err != nil || len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode:
		return nil
	}
	if err := safely(func() error { return d.Decode(&more) }); !errors.Is(err, io.EOF) {
		return nil
	}
	return doc.Content[0]
}

func shiftLines(n *yaml.Node, by int) {
	n.Line += by
	for _, c := range n.Content {
		shiftLines(c, by)
	}
}

// cutJobs returns where a text is cut into at most so many pieces with jobs, and
// one with what stands behind them: offsets from 0 to its length. indent is that of
// the jobs' names. It returns nil for a text that is not to be cut: a short one,
// one with several documents, anchors, tags, question marks before keys, or line
// breaks that are not LF.
func cutJobs(text string, pieces int) (cuts []int, indent int) {
	if pieces < 2 || mayShare(text) || marked(text) {
		return nil, 0
	}
	from := strings.Index(text, "\njobs:\n") + 1
	if from == 0 && !strings.HasPrefix(text, "jobs:\n") {
		return nil, 0
	}
	from += len("jobs:\n")
	end := endOfBlock(text, from)
	first := firstName(text[from:end])
	for indent = 0; from+first+indent < end && text[from+first+indent] == ' '; {
		indent++
	}
	cuts = []int{0}
	for i := 1; i < pieces && indent > 0; i++ {
		at := nextLine(text, max(from+first, i*len(text)/pieces, cuts[len(cuts)-1]))
		for at < end && !nameAt(text[at:], indent) {
			at = nextLine(text, at)
		}
		if at < end {
			cuts = append(cuts, at)
		}
	}
	if len(cuts) == 1 {
		return nil, 0
	}
	return append(cuts, end, len(text)), indent
}

// firstName is where the first line begins that is neither empty nor a comment.
func firstName(text string) int {
	at := 0
	for at < len(text) {
		if line := strings.TrimLeft(text[at:], " "); line != "" && line[0] != '\n' && line[0] != '#' {
			break
		}
		at = nextLine(text, at)
	}
	return at
}

// marked reports whether a text has marks of documents, directives, or line breaks
// by which lines cannot be counted as LFs.
func marked(text string) bool {
	for _, mark := range []string{"\n---", "\n...", "\n%", "\r", "\u0085", "\u2028", "\u2029"} {
		if strings.Contains(text, mark) {
			return true
		}
	}
	return strings.HasPrefix(text, "---") || strings.HasPrefix(text, "...") || strings.HasPrefix(text, "%") || questioned(text)
}

// questioned reports whether a text may have a key after a question mark. If its
// value is left out, that stands where the next key begins.
func questioned(text string) bool {
	for at := 0; ; at++ {
		i := strings.IndexByte(text[at:], '?')
		if i < 0 {
			return false
		}
		at += i
		before := at
		for before > 0 && strings.IndexByte(" -:\t", text[before-1]) >= 0 {
			before--
		}
		if before == 0 || text[before-1] == '\n' {
			return true
		}
	}
}

// endOfBlock is the first line from an offset on that is not indented, empty
// or a comment.
func endOfBlock(text string, from int) int {
	for from < len(text) && (text[from] == ' ' || text[from] == '#' || text[from] == '\n') {
		from = nextLine(text, from)
	}
	return from
}

// nextLine is where the line after that of an offset begins.
func nextLine(text string, at int) int {
	if i := strings.IndexByte(text[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(text)
}

// nameAt reports whether a line is a plain key at an indent, such as "  train:".
func nameAt(line string, indent int) bool {
	if len(line) <= indent || strings.TrimLeft(line[:indent], " ") != "" {
		return false
	}
	name := line[indent:]
	n := 0
	for n < len(name) && (name[n] == '_' || name[n] == '-' || '0' <= name[n] && name[n] <= '9' || 'a' <= name[n]|0x20 && name[n]|0x20 <= 'z') {
		n++
	}
	return n > 0 && name[0] != '-' && n+1 < len(name) && name[n] == ':' && (name[n+1] == ' ' || name[n+1] == '\n')
}
