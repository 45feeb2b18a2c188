package forgetest

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/forge"
)

const reporters = 4

// Four reporters of one pull request at once: in the end there is one comment,
// with the text of the newest run.
func atOnceCase(s *suite) {
	c := s.Open(s.T)
	for round := range s.o.Rounds {
		if round%3 == 2 { // from time to time the comment is gone
			s.Delete(s.T, c.Number, 0)
		}
		began := time.Now()
		var wg sync.WaitGroup
		for i := range reporters {
			f, run := s.client(), round*reporters+(i*3+round)%reporters+1
			wg.Go(func() {
				if _, err := f.Upsert(s.Context(), post(c, fmt.Sprint(run), fmt.Sprint("run ", run))); err != nil {
					s.Errorf("round %d, run %d: %v", round, run, err)
				}
			})
		}
		wg.Wait()
		s.wantTexts(c.Number, fmt.Sprint("run ", (round+1)*reporters))
		s.Logf("round %d: %s", round, time.Since(began).Round(time.Millisecond))
	}
}

func statusCase(s *suite) {
	c, f := s.Open(s.T), s.client()
	set := func(st forge.Status) {
		s.Helper()
		if err := f.Status(s.Context(), c.Head, st); err != nil {
			s.Fatalf("%s: %v", st.State, err)
		}
	}
	st := forge.Status{Context: "mlops/churn", State: forge.Pending, Description: "running", URL: "https://ci.test/1"}
	set(st)
	set(st) // as often as one likes
	if diff := cmp.Diff(st, s.Status(s.T, c.Head, st.Context)); diff != "" {
		s.Errorf("(-want +got):\n%s", diff)
	}
	for _, state := range []forge.StatusState{forge.Failure, forge.Errored, forge.Pending, forge.Success} {
		st.State, st.Description = state, strings.Repeat("ä", 200)
		set(st)
		got := s.Status(s.T, c.Head, st.Context)
		if got.State != state && (state != forge.Errored || got.State != forge.Failure) || len(got.Description) > forge.MaxDescription || !strings.HasSuffix(got.Description, "ä…") {
			s.Errorf("%s: %+v", state, got)
		}
	}
}
