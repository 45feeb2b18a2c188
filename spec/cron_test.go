package spec

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

func TestCronNext(t *testing.T) {
	for _, c := range []struct{ name, line, after, want string }{
		{"the same minute is over", "0 3 * * *", "2026-03-02T03:00:00Z", "2026-03-03T03:00:00Z"},
		{"seconds before it count", "0 3 * * *", "2026-03-02T02:59:59Z", "2026-03-02T03:00:00Z"},
		{"Mondays", "0 3 * * 1", "2026-03-03T00:00:00Z", "2026-03-09T03:00:00Z"},
		{"a name and 7 are Sunday", "0 0 * * sun", "2026-03-03T00:00:00Z", "2026-03-08T00:00:00Z"},
		{"7 is Sunday", "0 0 * * 5-7", "2026-03-07T00:00:00Z", "2026-03-08T00:00:00Z"},
		{"a step from a number goes on to the end", "5/20 * * * *", "2026-03-03T00:25:00Z", "2026-03-03T00:45:00Z"},
		{"ranges with steps, lists", "0-10/5,30 4 * * *", "2026-03-03T04:10:00Z", "2026-03-03T04:30:00Z"},
		{"either day counts if both are given", "0 0 13 * 5", "2026-03-01T00:00:00Z", "2026-03-06T00:00:00Z"},
		{"both count if one is a star with a step", "0 0 */2 * 5", "2026-03-06T00:00:00Z", "2026-03-13T00:00:00Z"},
		{"leap days", "0 0 29 2 *", "2026-03-01T00:00:00Z", "2028-02-29T00:00:00Z"},
		{"a century without a leap day", "0 0 29 2 *", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z"},
		{"a day that never comes", "0 0 30 feb *", "2026-03-01T00:00:00Z", "0001-01-01T00:00:00Z"},
		{"another zone is read as UTC", "0 3 * * *", "2026-03-02T03:30:00+02:00", "2026-03-02T03:00:00Z"},
		{"a year's end", "59 23 31 dec *", "2026-12-31T23:59:00Z", "2027-12-31T23:59:00Z"},
		{"a huge step is the first value", "*/9223372036854775807 * * * *", "2026-03-02T03:30:00Z", "2026-03-02T04:00:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cron, err := ParseCron(c.line)
			after, timeErr := time.Parse(time.RFC3339, c.after)
			if err != nil || timeErr != nil {
				t.Fatal(err, timeErr)
			}
			if got := cron.Next(after).Format(time.RFC3339); got != c.want {
				t.Errorf("%s after %s: %s, want %s", c.line, c.after, got, c.want)
			}
		})
	}
}

// TestCronNextIsTheFirst compares Next with a walk from minute to minute.
func TestCronNextIsTheFirst(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		line := fmt.Sprintf("%d,%d %d-23/7 %s * %s", r.IntN(60), r.IntN(60), r.IntN(12),
			[]string{"*", "*/3", "7", "10-20"}[r.IntN(4)], []string{"*", "1-5", "sat", "*/2"}[r.IntN(4)])
		c, err := ParseCron(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		at := time.Date(2026, 1, 1, 0, r.IntN(60*24*365), r.IntN(60), 0, time.UTC)
		got := c.Next(at)
		if !got.After(at) || !c.matches(got) {
			t.Fatalf("%s: %v after %v is none of its times", line, got, at)
		}
		for m := at.Truncate(time.Minute).Add(time.Minute); m.Before(got); m = m.Add(time.Minute) {
			if c.matches(m) {
				t.Fatalf("%s: %v is before %v", line, m, got)
			}
		}
	}
}

// matches says directly what the fields mean.
func (c Cron) matches(t time.Time) bool {
	in := func(set uint64, v int) bool { return set&(1<<v) != 0 }
	day := in(c.days, t.Day()) && in(c.weekdays, int(t.Weekday()))
	if c.eitherDay {
		day = in(c.days, t.Day()) || in(c.weekdays, int(t.Weekday()))
	}
	return in(c.minutes, t.Minute()) && in(c.hours, t.Hour()) && in(c.months, int(t.Month())) && day
}
