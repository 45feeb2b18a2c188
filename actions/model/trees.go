package model

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
)

// json tells XGBoost's models from other JSON. JSON is data to all that read it.
func (s *scan) json(in input) Format {
	d := json.NewDecoder(in.reader())
	t, err := d.Token()
	if err != nil {
		return Text
	}
	learner, code := false, false
	for depth := 1; depth > 0; {
		key := depth == 1 && t != json.Delim('[')
		if t, err = d.Token(); err != nil {
			s.note("JSON that is damaged at byte %d", d.InputOffset())
			s.damagedConfig(in)
			return JSON
		}
		switch t {
		case "class_name", "auto_map":
			code = code || depth == 1
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		case "learner":
			learner = learner || key
		case "version":
			if key && learner || key && d.More() {
				s.xgboostVersion(d)
			}
		}
	}
	if code {
		s.config(in)
	}
	if learner {
		return XGBoost
	}
	return JSON
}

// xgboostVersion reads the three numbers that follow.
func (s *scan) xgboostVersion(d *json.Decoder) {
	var v []int
	if d.Decode(&v) == nil && len(v) == 3 {
		s.version("xgboost", fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2]))
	}
}

// lightGBM reads the lines before the first tree.
func (s *scan) lightGBM(in input) Format {
	r := bufio.NewScanner(io.LimitReader(in.reader(), 16<<20))
	r.Buffer(nil, 16<<20)
	for r.Scan() && !strings.HasPrefix(r.Text(), "Tree=") {
		key, value, _ := strings.Cut(r.Text(), "=")
		if lightGBMKeys().MatchString(key) {
			s.version("lightgbm "+key, fmt.Sprintf("%.100s", value))
		}
	}
	return LightGBM
}

var lightGBMKeys = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(version|objective|num_class|max_feature_idx)$`) })
