package runner

import (
	"fmt"
	"time"
)

// fetchProgress tells of a download that takes long.
type fetchProgress struct {
	x     *execution
	job   string
	name  string
	began time.Time
	told  time.Time
}

// patience is after what silence a person is told what is waited for.
const patience = 10 * time.Second

func (p *fetchProgress) tell(done, total int64) {
	now := p.x.now()
	last := p.told
	if last.IsZero() {
		last = p.began
	}
	if now.Sub(last) < patience {
		return
	}
	p.told = now
	p.x.watch.send(Event{Kind: Waiting, Job: p.job, Text: p.text(done, total, now.Sub(p.began))})
}

func (p *fetchProgress) text(done, total int64, took time.Duration) string {
	const mega = 1e6
	share := ""
	if total > 0 {
		share = fmt.Sprintf(" of %.0f MB (%d%%)", float64(total)/mega, 100*done/total)
	}
	return fmt.Sprintf("for the data of %s: %.0f MB%s, %.1f MB/s", p.name, float64(done)/mega, share, float64(done)/mega/took.Seconds())
}
