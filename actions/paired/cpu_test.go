package paired

import (
	"syscall"
	"testing"
	"time"
)

// cpu reports the CPU time of each iteration of f, which the two workers of both models share.
func cpu(b *testing.B, f func()) {
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	from := used()
	for b.Loop() {
		f()
	}
	b.ReportMetric(float64((used()-from).Milliseconds())/float64(b.N), "cpu-ms/op")
}
