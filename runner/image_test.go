package runner

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner/agent"
)

// slowImager answers when its caller is cancelled, or when it is released.
type slowImager struct {
	mu      sync.Mutex
	asked   int
	entered chan struct{}
	release chan struct{}
}

func (*slowImager) Name() string { return "slow" }

func (*slowImager) Run(context.Context, Task, func(agent.Event)) (agent.Result, error) {
	return agent.Result{}, errors.New("not in this test")
}

func (s *slowImager) Resolve(ctx context.Context, r ImageRequest) (Image, error) {
	s.mu.Lock()
	s.asked++
	s.mu.Unlock()
	s.entered <- struct{}{}
	select {
	case <-s.release:
		return Image{Name: r.Name, ID: "sha256:1"}, nil
	case <-ctx.Done():
		return Image{}, ctx.Err()
	}
}

// TestImageAskedOnce: jobs share one answer, and the cancelled one among them
// does not take it away from the others.
func TestImageAskedOnce(t *testing.T) {
	t.Parallel()
	s := &slowImager{entered: make(chan struct{}, 9), release: make(chan struct{})}
	images := newImages(s)
	r := ImageRequest{Name: "a:1"}
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { _, err := images.resolve(ctx, r); first <- err }()
	<-s.entered
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			if im, err := images.resolve(t.Context(), r); err != nil || im.ID != "sha256:1" {
				t.Errorf("%+v, %v", im, err)
			}
		})
	}
	impatient, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	if _, err := images.resolve(impatient, r); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a job that gave up waiting: %v", err)
	}
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("the cancelled job: %v", err)
	}
	<-s.entered // another asks
	close(s.release)
	wg.Wait()
	if s.asked != 2 {
		t.Errorf("asked %d times", s.asked)
	}
}
