package paired

import (
	"math"
	"testing"
)

// known is an estimate with a difference and its standard error, of many rows.
func known(diff, se float64) Estimate {
	r := &Rows{level: 0.95, counted: 1000, clusters: 1000, effective: 1000}
	e := r.estimate("", Value{Value: diff}, Value{})
	e.differ(r, noise{se: se}, math.Inf(1))
	return e
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		diff, se  float64
		margin    float64
		verdict   Word
		better    Word // than margin
		notWorse  Word
		same      Word
		pNotWorse float64
		pSame     float64
	}{
		{"clearly more", 0.05, 0.01, 0.02, Better, Yes, Yes, No, 1.279812543885835e-12, 0.9986501019683699},
		{"more, but within the margin", 0.01, 0.002, 0.02, Same, No, Yes, Yes, 3.6709661993126986e-51, 2.866515718791946e-07},
		{"open", 0.01, 0.02, 0.02, CantTell, CantTell, CantTell, CantTell, 0.06680720126885807, 0.3085375387259869},
		{"less", -0.05, 0.01, 0.02, Worse, No, No, No, 0.9986501019683699, 0.9986501019683699},
	} {
		e := known(c.diff, c.se)
		if got := e.Verdict(c.margin); got != c.verdict {
			t.Errorf("%s: verdict %q", c.name, got)
		}
		if got := e.Better(c.margin).Word; got != c.better {
			t.Errorf("%s: better %q", c.name, got)
		}
		notWorse, same := e.NotWorse(c.margin), e.Same(c.margin)
		if notWorse.Word != c.notWorse || same.Word != c.same {
			t.Errorf("%s: not worse %q, same %q", c.name, notWorse.Word, same.Word)
		}
		expectNear(t, c.name+": p of not worse", notWorse.P, c.pNotWorse)
		expectNear(t, c.name+": p of same", same.P, c.pSame)
	}
}

// TestBack: of a loss the other direction is the better one.
func TestBack(t *testing.T) {
	t.Parallel()
	e := known(-0.05, 0.01)
	if e.Verdict(0) != Worse || e.Back().Verdict(0) != Better || e.Back().Back() != e {
		t.Errorf("%+v, back %+v", e, e.Back())
	}
}

// TestNeeds computes the interval of as many rows more as were said to be needed.
func TestNeeds(t *testing.T) {
	t.Parallel()
	for _, margin := range []float64{0, 0.001, 0.03} {
		e := known(0.01, 0.02)
		n := e.Needs(margin, 0.5)
		more := known(0.01, 0.02*math.Sqrt(1000/float64(1000+n)))
		less := known(0.01, 0.02*math.Sqrt(1000/(1000+0.8*float64(n)))) // the number is rounded up
		if n == 0 || more.Verdict(margin) == CantTell || less.Verdict(margin) != CantTell {
			t.Errorf("margin %v: %d more rows, then %q, with fewer %q", margin, n, more.Verdict(margin), less.Verdict(margin))
		}
		if careful := e.Needs(margin, 0.8); careful <= n {
			t.Errorf("margin %v: power 0.8 needs %d, 0.5 %d", margin, careful, n)
		}
	}
	if n := known(0.05, 0.01).Needs(0, 0.8); n != 0 {
		t.Errorf("a decided one needs %d", n)
	}
	if n := known(0, 0.01).Needs(0, 0.8); n != 0 {
		t.Errorf("no difference needs %d", n)
	}
}
