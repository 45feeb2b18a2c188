package mlflow

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// A searchQuery is what all searches ask.
type searchQuery struct {
	Filter string  `json:"filter"`
	Order  texts   `json:"order_by"`
	Max    integer `json:"max_results"`
	Page   string  `json:"page_token"`
}

// kind is what a field belongs to.
type kind int

const (
	attribute kind = iota
	measure
	parameter
	tag
	dataset
)

// A field is something that can be asked of what is searched.
type field struct {
	kind kind
	name string
}

// unknown is the value of a field that the things searched do not have at all;
// nil that of one that this thing lacks.
const unknown absent = "unknown"

type absent string

func optional(m map[string]string, key string) any {
	if v, ok := m[key]; ok {
		return v
	}
	return nil
}

// search returns a page of what a filter lets through, in the order that is asked
// for, else in that of all. get returns nil, a string, a float64, several texts, or unknown.
func search[T any](q searchQuery, usual int, all []T, get func(T, field) any) (found []T, next string, err error) {
	conditions, err := parseFilter(q.Filter)
	if err != nil {
		return nil, "", err
	}
	for _, x := range all {
		ok, err := holds(conditions, func(f field) any { return get(x, f) })
		if err != nil {
			return nil, "", err
		}
		if ok {
			found = append(found, x)
		}
	}
	if err := order(q.Order, found, get); err != nil {
		return nil, "", err
	}
	return page(found, int(q.Max), q.Page, usual)
}

// page cuts a list; a token is where the next page begins.
func page[T any](all []T, most int, token string, usual int) (part []T, next string, err error) {
	switch {
	case most == 0:
		most = usual
	case most < 0 || most > maxResults:
		return nil, "", invalid("Invalid value %d for parameter 'max_results': from 1 to %d.", most, maxResults)
	}
	from := 0
	if token != "" {
		if from, err = strconv.Atoi(token); err != nil || from < 0 {
			return nil, "", invalid("Invalid page token %q: use one that a search returned.", token)
		}
	}
	from = min(from, len(all))
	to := min(from+most, len(all))
	if to < len(all) {
		next = strconv.Itoa(to)
	}
	return all[from:to], next, nil
}

// order sorts stably by the keys, what lacks one behind all that has it.
func order[T any](keys []string, list []T, get func(T, field) any) error {
	for _, key := range slices.Backward(keys) {
		name, down := strings.TrimSpace(key), false
		if head, last, ok := cutLast(name); ok {
			switch strings.ToUpper(last) {
			case "DESC":
				name, down = head, true
			case "ASC":
				name = head
			}
		}
		f, err := parseField(name)
		if err != nil {
			return err
		}
		if f.kind == dataset {
			return invalid("Invalid order_by %q: a run may have several data sets.", key)
		}
		if len(list) > 0 && get(list[0], f) == any(unknown) {
			return invalid("Invalid order_by %q: there is no such attribute.", key)
		}
		sort.SliceStable(list, func(i, j int) bool { return compare(get(list[i], f), get(list[j], f), down) < 0 })
	}
	return nil
}

// cutLast cuts the last word off.
func cutLast(s string) (head, last string, ok bool) {
	i := strings.LastIndexByte(s, ' ')
	if i < 0 {
		return s, "", false
	}
	return strings.TrimSpace(s[:i]), s[i+1:], true
}

// compare orders values; nil and NaN are last either way.
func compare(a, b any, down bool) int {
	if lackA, lackB := lacks(a), lacks(b); lackA || lackB {
		switch {
		case lackA && lackB:
			return 0
		case lackA:
			return 1
		}
		return -1
	}
	c := 0
	x, isText := a.(string)
	if y, both := b.(string); isText && both {
		c = cmp.Compare(x, y)
	} else if !isText && !both {
		c = cmp.Compare(a.(float64), b.(float64))
	}
	if down {
		return -c
	}
	return c
}

func lacks(v any) bool {
	f, ok := v.(float64)
	return v == nil || ok && math.IsNaN(f)
}
