package report

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"
)

// tidy brings a report into what [Decode] takes, whatever the records held:
// texts are valid UTF-8 and clipped in their middle, lists are cut, and what has
// not its form is left out. Parts that the report shares with the records are
// copied where they change.
func (r *Report) tidy() {
	if n := len(r.Metrics) - maxItems; n > 0 {
		r.Notes = append(slices.Clip(r.Notes), fmt.Sprintf("%d more metrics are left out", n))
	}
	tidyStruct(reflect.ValueOf(r).Elem(), rules())
	for k := range r.Sections { // copies by now
		s := &r.Sections[k]
		s.tidyPlots()
		for i, row := range s.Rows {
			cells := make([]string, len(s.Columns))
			copy(cells, row)
			s.Rows[i] = cells
		}
	}
}

func tidyStruct(v reflect.Value, r *rule) {
	for _, f := range r.fields {
		tidyValue(v.Field(f.index), f.rule)
	}
}

// tidyValue tidies a value that can be set.
func tidyValue(v reflect.Value, r *rule) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			tidyPointer(v, r)
		}
	case reflect.Struct:
		if v.Type() != reflect.TypeFor[time.Time]() {
			tidyStruct(v, r)
		}
	case reflect.Slice:
		tidySlice(v, r)
	case reflect.Map:
		tidyMap(v, r)
	case reflect.String:
		if s := tidyText(v.String(), r); s != v.String() {
			v.SetString(s)
		}
	case reflect.Float64:
		if r.kind == finite && (math.IsNaN(v.Float()) || math.IsInf(v.Float(), 0)) {
			v.SetFloat(0)
		}
	}
}

// tidyPointer changes a copy, unless there is nothing to change.
func tidyPointer(v reflect.Value, r *rule) {
	if r.kind == anyfloat {
		return
	}
	c := reflect.New(v.Type().Elem())
	c.Elem().Set(v.Elem())
	tidyValue(c.Elem(), r)
	v.Set(c)
}

func tidySlice(v reflect.Value, r *rule) {
	switch n := v.Len(); {
	case n == 0:
		v.SetZero()
		return
	case n > r.max:
		v.Set(v.Slice3(0, r.max, r.max))
	}
	if r.kind == pair || r.item.kind == pair {
		return
	}
	c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
	reflect.Copy(c, v)
	for i := range c.Len() {
		tidyValue(c.Index(i), r.item)
	}
	v.Set(c)
}

func tidyMap(v reflect.Value, r *rule) {
	if v.Len() == 0 {
		v.SetZero()
		return
	}
	from, ok := v.Interface().(map[string]string)
	if !ok {
		return
	}
	to := make(map[string]string, len(from))
	for _, k := range sortedKeys(from) {
		if len(to) < r.max {
			to[tidyText(k, &rule{max: maxText})] = tidyText(from[k], r.item)
		}
	}
	v.Set(reflect.ValueOf(to))
}

func tidyText(s string, r *rule) string {
	if s == "" {
		return s
	}
	s = clip(strings.ToValidUTF8(s, "\uFFFD"), r.max)
	if !r.takes(s) {
		return ""
	}
	return s
}
