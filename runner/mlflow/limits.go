package mlflow

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of MLflow (REST API, "Request Limits", and mlflow/utils/validation.py).
const (
	maxMetrics    = 1000 // in a batch
	maxPairs      = 100  // parameters in a batch, and tags
	maxTogether   = 1000 // in a batch
	maxKey        = 250  // characters
	maxParamValue = 6000
	maxTagValue   = 8000
	maxResults    = 50_000
	maxBody       = 16 << 20  // bytes of a request that is no artifact
	maxPart       = 255       // bytes of a name of a file or folder
	maxPath       = 2048      // bytes of the path of an artifact
	maxFilter     = 256 << 10 // bytes
)

// inKey reports whether names of metrics, parameters and tags may have a character:
// what Python's \w is, in all scripts, and a few signs.
func inKey(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsNumber(r) || strings.ContainsRune("_/.- :", r)
}

// checkKey fails for what MLflow takes for no name. kind is for people.
func checkKey(kind, key string) error {
	switch {
	case key == "":
		return invalid("Missing value for required parameter 'key' of a %s.", kind)
	case utf8.RuneCountInString(key) > maxKey:
		return invalid("The name of %s %.40q… is longer than %d characters.", kind, key, maxKey)
	case strings.ContainsFunc(key, func(r rune) bool { return !inKey(r) }):
		return invalid("Invalid %s name %q: names may only contain letters, digits, '_', '-', '.', ':', ' ' and '/'.", kind, key)
	case path.Clean(key) != key || strings.HasPrefix(key, "/") || strings.HasPrefix(key, "..") || key == ".":
		return invalid("Invalid %s name %q: it may be taken for the path of a file, and must not mean another one.", kind, key)
	}
	return nil
}

// maxTime is the last millisecond that records can have, in ms since 1970.
const maxTime = 253402300799999

// checkTime fails for a time that no record can have; 0 is none.
func checkTime(kind string, ms int64) error {
	if ms < 0 || ms > maxTime {
		return invalid("Invalid value %d for parameter '%s': milliseconds since 1970, up to the year 9999.", ms, kind)
	}
	return nil
}

func checkValue(kind, key, value string, most int) error {
	if n := utf8.RuneCountInString(value); n > most {
		return invalid("The value of %s %q has %d characters; at most %d are allowed.", kind, key, n, most)
	}
	return nil
}

// checkBatch fails for what is too much, or wrongly named, in one request.
func checkBatch(metrics []metric, params, tags []pair) error {
	switch {
	case len(metrics) > maxMetrics:
		return invalid("A batch logging request can contain at most %d metrics. Got %d. Please split up metrics across multiple requests and try again.", maxMetrics, len(metrics))
	case len(params) > maxPairs:
		return invalid("A batch logging request can contain at most %d params. Got %d. Please split up params across multiple requests and try again.", maxPairs, len(params))
	case len(tags) > maxPairs:
		return invalid("A batch logging request can contain at most %d tags. Got %d. Please split up tags across multiple requests and try again.", maxPairs, len(tags))
	case len(metrics)+len(params)+len(tags) > maxTogether:
		return invalid("A batch logging request can contain at most %d metrics, params and tags together.", maxTogether)
	}
	for _, m := range metrics {
		if err := checkKey("metric", m.Key); err != nil {
			return err
		}
		if m.Value == nil {
			return invalid("Missing value for required parameter 'value' of metric %q.", m.Key)
		}
	}
	for _, p := range params {
		if err := checkKey("param", p.Key); err != nil {
			return err
		}
		if err := checkValue("param", p.Key, p.Value, maxParamValue); err != nil {
			return err
		}
	}
	return checkTags(tags)
}

func checkTags(tags []pair) error {
	for _, t := range tags {
		if err := checkKey("tag", t.Key); err != nil {
			return err
		}
		if err := checkValue("tag", t.Key, t.Value, maxTagValue); err != nil {
			return err
		}
	}
	return nil
}
