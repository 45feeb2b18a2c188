package agent

import (
	"sync"
	"time"

	"github.com/mlops-runner/mlops/runner/mask"
)

// quietTime is how long a step may be silent before what may be the beginning
// of a secret is shown, if it is less than half of one.
const quietTime = 200 * time.Millisecond

// A veil masks one step's output on its way to the journal. Its append and end
// are called from one goroutine.
type veil struct {
	journal *journal
	step    int

	mu    sync.Mutex // guards all below
	w     *mask.Writer
	now   time.Time // when the bytes that w passes on were read
	quiet *time.Timer
	over  bool
}

func newVeil(j *journal, step int, masks *mask.Set) *veil {
	v := &veil{journal: j, step: step}
	v.w = masks.Writer(passed{v})
	return v
}

// passed is where a veil's writer writes to, while the veil is locked.
type passed struct{ *veil }

func (p passed) Write(b []byte) (int, error) {
	p.journal.append(p.step, b, p.now)
	return len(b), nil
}

// append masks output that was read at a time. Like the journal's it never fails.
func (v *veil) append(p []byte, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now = now
	_, _ = v.w.Write(p)
	switch {
	case v.w.Held() == 0:
	case v.quiet == nil:
		v.quiet = time.AfterFunc(quietTime, v.pause)
	default:
		v.quiet.Reset(quietTime)
	}
}

func (v *veil) pause() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.over {
		_ = v.w.Flush()
	}
}

// end passes on what is held back; nothing more will come.
func (v *veil) end() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.over = true
	if v.quiet != nil {
		v.quiet.Stop()
	}
	_ = v.w.Close()
}
