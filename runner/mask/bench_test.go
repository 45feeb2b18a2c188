package mask

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"
)

// logText is a log of about size bytes, a secret in every thousandth line.
func logText(size int, secrets []string) []byte {
	r := rand.New(rand.NewPCG(5, 6))
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "2026-03-04T05:06:%02d.%06dZ epoch %d step %d: loss %.6f accuracy %.4f lr %.2e eta %dm\n", i%60, r.IntN(1e6), i/500, i, r.Float64(), r.Float64(), r.Float64()/1e3, r.IntN(90))
		if i%1000 == 999 {
			fmt.Fprintf(&b, "GET https://example.com/v1?token=%s HTTP/1.1\n", secrets[r.IntN(len(secrets))])
		}
	}
	return []byte(b.String())
}

// tokens are secrets of the usual kind.
func tokens(n int) []string {
	r := rand.New(rand.NewPCG(7, 8))
	out := make([]string, n)
	for i := range out {
		out[i] = letters(r, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 12+r.IntN(30))
	}
	return out
}

// BenchmarkWriter is the claim: 200 MB/s with 120 secrets on one core. MB/cpu-s
// is the same by the time that the process had the processor, for a machine that
// others use too.
func BenchmarkWriter(b *testing.B) {
	for _, n := range []int{0, 1, 120} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := &Set{}
			all := tokens(120)
			for _, v := range all[:n] {
				_ = s.Add(v)
			}
			log := logText(8<<20, all)
			b.SetBytes(int64(len(log)))
			began := cpuTime(b)
			for b.Loop() {
				w := s.Writer(io.Discard)
				for at := 0; at < len(log); at += 64 << 10 {
					_, _ = w.Write(log[at:min(len(log), at+64<<10)])
				}
				_ = w.Close()
			}
			b.ReportMetric(float64(len(log))*float64(b.N)/1e6/(cpuTime(b)-began).Seconds(), "MB/cpu-s")
		})
	}
}

// cpuTime is what the process has used.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkAdd is what ::add-mask:: costs a job with 120 secrets.
func BenchmarkAdd(b *testing.B) {
	all := tokens(120)
	for b.Loop() {
		s := &Set{}
		for _, v := range all {
			_ = s.Add(v)
		}
		s.automaton()
	}
}
