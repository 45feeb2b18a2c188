package store

import (
	"context"
	"fmt"
	"time"
)

// Claim takes a thing, such as the work on a fingerprint, for the caller
// alone, among all processes that use the store, and waits until nobody else
// has it. waiting, if not nil, is called once when it has to. A claim ends with
// release, or with the process. It fails when ctx ends. Where the file system
// has no locks everybody gets what they claim: work is done twice, not wrong.
func (d *Dir) Claim(ctx context.Context, thing Digest, waiting func()) (release func(), err error) {
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		release, err := d.tryClaim(thing)
		if release != nil || err != nil {
			return release, err
		}
		if waiting != nil {
			waiting()
			waiting = nil
		}
		if err := sleep(ctx, pause); err != nil {
			return nil, fmt.Errorf("claim %s: %w", thing.Short(), err)
		}
	}
}
