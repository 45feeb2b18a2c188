package view

import "bytes"

// An item is something that waits to be shown above the live rows.
type item struct {
	job    *job   // nil for lines about the run
	text   []byte // whole lines, each with its newline
	output bool   // text is foreign: it is cleaned and gets the job's prefix
	pinned bool   // never dropped
	lost   int64  // lines of this job that stood here and were dropped; then text is nil
}

// A queue holds what the terminal has not shown yet. Beyond its limit the
// oldest output is dropped and counted, because what comes last says most about
// a failure. Lines about jobs and the run are pinned and always stay.
type queue struct {
	items []item
	size  int // bytes of what may be dropped
	limit int // bytes
}

// output adds whole lines of a job. It copies them.
func (q *queue) output(j *job, lines []byte) {
	if keep := q.limit / 2; len(lines) > keep {
		cut := len(lines) - keep
		cut += bytes.IndexByte(lines[cut:], '\n') + 1
		q.items = append(q.items, item{job: j, lost: countLines(lines[:cut])})
		lines = lines[cut:]
	}
	q.push(item{job: j, text: bytes.Clone(lines), output: true})
}

// line adds one line that is already fit to be shown.
func (q *queue) line(j *job, text string, pinned bool) {
	q.push(item{job: j, text: append([]byte(text), '\n'), pinned: pinned})
}

func (q *queue) push(it item) {
	q.items = append(q.items, it)
	if !it.pinned {
		q.size += len(it.text)
	}
	if q.size > q.limit {
		q.shed()
	}
}

// shed drops the oldest items until half of the limit is free, so that its
// cost is spread over many pushes. Counts of the same job are joined.
func (q *queue) shed() {
	kept := q.items[:0]
	gaps := map[*job]int{} // where in kept a job's count stands
	for _, it := range q.items {
		if !it.pinned && q.size > q.limit/2 {
			q.size -= len(it.text)
			it = item{job: it.job, lost: it.lost + countLines(it.text)}
		}
		if it.lost > 0 {
			if at, ok := gaps[it.job]; ok {
				kept[at].lost += it.lost
				continue
			}
			gaps[it.job] = len(kept)
		} else {
			delete(gaps, it.job)
		}
		kept = append(kept, it)
	}
	clear(q.items[len(kept):])
	q.items = kept
}

// take empties the queue.
func (q *queue) take() []item {
	items := q.items
	q.items, q.size = nil, 0
	return items
}

func countLines(b []byte) int64 { return int64(bytes.Count(b, []byte{'\n'})) }
