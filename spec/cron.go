package spec

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// cronFields are the fields of a cron line with their limits and names.
var cronFields = [5]struct {
	name     string
	min, max int
	words    []string
}{
	{"minute", 0, 59, nil},
	{"hour", 0, 23, nil},
	{"day of the month", 1, 31, nil},
	{"month", 1, 12, []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
	{"day of the week", 0, 7, []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
}

// A Cron is a cron line as POSIX crontab(5) has it: minute, hour, day of the
// month, month, day of the week; with *, lists, ranges, steps and names. All
// times are UTC. The zero Cron never comes.
type Cron struct {
	minutes, hours, days, months, weekdays uint64 // a bit for each value
	// eitherDay: both fields of days are restricted, so that a day in either counts.
	eitherDay bool
}

// ParseCron reads a cron line; the error says which field is wrong, and why.
func ParseCron(line string) (Cron, error) {
	fields := strings.Fields(line)
	if len(fields) != len(cronFields) {
		return Cron{}, fmt.Errorf("it has %d fields, not 5: minute, hour, day of the month, month, day of the week", len(fields))
	}
	var sets [5]uint64
	for i, f := range fields {
		for _, item := range strings.Split(f, ",") {
			set, err := cronItem(item, i)
			if err != nil {
				return Cron{}, fmt.Errorf("%s %q: %w", cronFields[i].name, f, err)
			}
			sets[i] |= set
		}
	}
	const sunday, alsoSunday = 1 << 0, 1 << 7
	if sets[4]&alsoSunday != 0 {
		sets[4] |= sunday
	}
	return Cron{
		minutes: sets[0], hours: sets[1], days: sets[2], months: sets[3], weekdays: sets[4],
		// As in Debian's crontab(5): a field that contains * is no restriction, even with a step.
		eitherDay: !strings.Contains(fields[2], "*") && !strings.Contains(fields[4], "*"),
	}, nil
}

// cronItem returns the values of one item of a list.
func cronItem(item string, field int) (uint64, error) {
	span, step, hasStep := strings.Cut(item, "/")
	every := 1
	if hasStep {
		n, err := strconv.Atoi(step)
		if err != nil || n < 1 {
			return 0, fmt.Errorf("the step %q is not a positive number", step)
		}
		every = min(n, 60) // no field is longer
	}
	from, to, err := cronSpan(span, field, hasStep)
	if err != nil {
		return 0, err
	}
	var set uint64
	for v := from; v <= to; v += every {
		set |= 1 << v
	}
	return set, nil
}

// cronSpan returns the ends of *, a number or a range. A number with a step
// goes on to the end of the field.
func cronSpan(span string, field int, hasStep bool) (from, to int, err error) {
	if span == "*" {
		return cronFields[field].min, cronFields[field].max, nil
	}
	first, last, isRange := strings.Cut(span, "-")
	if from, err = cronNumber(first, field); err != nil {
		return 0, 0, err
	}
	switch {
	case !isRange && hasStep:
		return from, cronFields[field].max, nil
	case !isRange:
		return from, from, nil
	}
	to, err = cronNumber(last, field)
	if err == nil && to < from {
		err = fmt.Errorf("%s ends before it starts", span)
	}
	return from, to, err
}

func cronNumber(s string, field int) (int, error) {
	f := cronFields[field]
	for i, word := range f.words {
		if strings.EqualFold(s, word) {
			return i + f.min, nil
		}
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < f.min || n > f.max {
		return 0, fmt.Errorf("%q is not between %d and %d", s, f.min, f.max)
	}
	return n, nil
}

// Next returns the first time of the schedule after t, in UTC, or the zero
// time if there is none within the next eight years, as for February 30.
// Eight, because between 1896 and 1904 there was no February 29 either.
func (c Cron) Next(t time.Time) time.Time {
	t = t.UTC().Truncate(time.Minute).Add(time.Minute)
	for limit := t.AddDate(8, 0, 1); t.Before(limit); {
		switch {
		case !has(c.months, int(t.Month())):
			t = time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, time.UTC)
		case !c.day(t):
			t = time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, time.UTC)
		case !has(c.hours, t.Hour()):
			t = t.Truncate(time.Hour).Add(time.Hour)
		default:
			rest := c.minutes >> t.Minute() << t.Minute()
			if rest != 0 {
				return t.Truncate(time.Hour).Add(time.Duration(bits.TrailingZeros64(rest)) * time.Minute)
			}
			t = t.Truncate(time.Hour).Add(time.Hour)
		}
	}
	return time.Time{}
}

func (c Cron) day(t time.Time) bool {
	month, week := has(c.days, t.Day()), has(c.weekdays, int(t.Weekday()))
	if c.eitherDay {
		return month || week
	}
	return month && week
}

func has(set uint64, value int) bool { return set>>value&1 == 1 }
