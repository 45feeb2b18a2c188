package baseline

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// Folder is the place of the index's file in a store. What lies in it can be
// made anew from the records.
const Folder = "index"

const cacheFile = Folder + "/runs"

// The file holds a line with cacheMagic and the digest of the rest, then a line
// for each run: its fields with tabs between them. Why not JSON: ten thousand
// runs take it a tenth of a second, this a fifth of that.

// cacheMagic changes with the fields of Line.
const cacheMagic = "mlops runs 1 "

// readCache returns the lines of a cache file by run. One that is not as it was
// written is as good as none.
func readCache(root string) map[string]Line {
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(cacheFile)))
	if err != nil {
		return nil
	}
	head, body, _ := bytes.Cut(data, []byte("\n"))
	sum, ok := strings.CutPrefix(string(head), cacheMagic)
	if !ok || sum != store.Sum(body).String() {
		return nil
	}
	out := make(map[string]Line, bytes.Count(body, []byte("\n")))
	for text := range strings.Lines(string(body)) {
		l, ok := parseLine(strings.TrimSuffix(text, "\n"))
		if !ok {
			return nil
		}
		out[l.ID] = l
	}
	return out
}

// fields of a line in the file.
const fields = 12

func (l *Line) text() string {
	flag := func(b bool) string {
		if b {
			return "1"
		}
		return ""
	}
	all := [fields]string{
		l.ID, l.Pipeline, l.Repository, l.Commit, l.Branch, l.Event, string(l.Status), l.Reason,
		flag(l.Dirty), flag(l.Departs), flag(l.Gated), strconv.FormatInt(l.Started.UnixNano(), 10),
	}
	for i, s := range all {
		if strings.ContainsAny(s, "\\\t\n") {
			all[i] = strings.NewReplacer("\\", `\\`, "\t", `\t`, "\n", `\n`).Replace(s)
		}
	}
	return strings.Join(all[:], "\t") + "\n"
}

func parseLine(text string) (l Line, ok bool) {
	var all [fields]string
	for i := range all {
		s, rest, more := strings.Cut(text, "\t")
		if more == (i == fields-1) {
			return l, false
		}
		if strings.Contains(s, `\`) {
			s = strings.NewReplacer(`\\`, "\\", `\t`, "\t", `\n`, "\n").Replace(s)
		}
		all[i], text = s, rest
	}
	at, err := strconv.ParseInt(all[11], 10, 64)
	return Line{
		ID: all[0], Pipeline: all[1], Repository: all[2], Commit: all[3], Branch: all[4], Event: all[5], Status: record.Status(all[6]), Reason: all[7],
		Dirty: all[8] != "", Departs: all[9] != "", Gated: all[10] != "", Started: time.Unix(0, at).UTC(),
	}, err == nil
}

func encodeCache(lines []Line) []byte {
	var body strings.Builder
	for i := range lines {
		body.WriteString(lines[i].text())
	}
	return []byte(cacheMagic + store.Sum([]byte(body.String())).String() + "\n" + body.String())
}
