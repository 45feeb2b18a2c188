package spec

import (
	"fmt"
	"strconv"
	"strings"
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

// checkCron checks a cron line as POSIX crontab(5) has it: minute, hour, day of
// the month, month, day of the week; with *, lists, ranges, steps and names.
func checkCron(line string) error {
	fields := strings.Fields(line)
	if len(fields) != len(cronFields) {
		return fmt.Errorf("it has %d fields, not 5: minute, hour, day of the month, month, day of the week", len(fields))
	}
	for i, f := range fields {
		for _, item := range strings.Split(f, ",") {
			if err := checkCronItem(item, i); err != nil {
				return fmt.Errorf("%s %q: %w", cronFields[i].name, f, err)
			}
		}
	}
	return nil
}

func checkCronItem(item string, field int) error {
	span, step, hasStep := strings.Cut(item, "/")
	if n, err := strconv.Atoi(step); hasStep && (err != nil || n < 1) {
		return fmt.Errorf("the step %q is not a positive number", step)
	}
	if span == "*" {
		return nil
	}
	from, to, isRange := strings.Cut(span, "-")
	a, err := cronNumber(from, field)
	if err != nil || !isRange {
		return err
	}
	b, err := cronNumber(to, field)
	if err == nil && b < a {
		return fmt.Errorf("%s ends before it starts", span)
	}
	return err
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
