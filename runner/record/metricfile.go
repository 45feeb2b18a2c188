package record

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// MetricLinesFile is the File of metrics from MLOPS_METRICS lines.
const MetricLinesFile = "MLOPS_METRICS"

const (
	maxMetricFile = 64 << 20 // bytes
	maxMarkupFile = 8 << 20  // bytes of YAML and TOML, whose readers need some 50 times the memory
	maxErrors     = 20       // reported of one source
)

// MetricFile reports whether a file is read for metrics without being told so:
// metrics.*, *.metrics.* and *_metrics.* that end in json, jsonl, yaml, yml,
// toml, csv or tsv.
func MetricFile(name string) bool {
	base := path.Base(filepath.ToSlash(name))
	ext := path.Ext(base)
	stem := strings.TrimSuffix(base, ext)
	return slices.Contains(metricFormats(), strings.ToLower(ext)) &&
		(stem == "metrics" || strings.HasSuffix(stem, ".metrics") || strings.HasSuffix(stem, "_metrics"))
}

func metricFormats() []string {
	return []string{".json", ".jsonl", ".yaml", ".yml", ".toml", ".csv", ".tsv"}
}

// ReadMetrics reads the metrics of a file in the format that its name's ending
// tells; the package documentation says how. name also becomes their File.
// Every error is a *[MetricError]; the metrics are in the order of the file.
func ReadMetrics(name string, r io.Reader) ([]Metric, error) {
	return MetricReader{}.Read(name, r)
}

// Read is [ReadMetrics] with notices.
func (mr MetricReader) Read(name string, r io.Reader) ([]Metric, error) {
	c := newCollector(name, mr)
	if err := c.read(strings.ToLower(path.Ext(filepath.ToSlash(name))), r); err != nil {
		return nil, err
	}
	return c.finish(), nil
}

func (c *collector) read(ext string, r io.Reader) error {
	limit := int64(maxMetricFile)
	switch ext {
	case ".yaml", ".yml", ".toml":
		limit = maxMarkupFile
	case ".json", ".jsonl", ".csv", ".tsv":
	default:
		return c.errorf(0, "cannot tell the format from the name; end it in json, jsonl, yaml, yml, toml, csv or tsv")
	}
	data, err := c.slurp(r, limit)
	if err != nil {
		return err
	}
	switch ext {
	case ".json", ".jsonl":
		return c.readJSON(data, 1)
	case ".toml":
		return c.readTOML(data)
	case ".csv":
		return c.readCSV(bytes.NewReader(data), ',')
	case ".tsv":
		return c.readCSV(bytes.NewReader(data), '\t')
	}
	return c.readYAML(data)
}

// slurp reads a whole file of at most limit bytes, without a byte order mark.
func (c *collector) slurp(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, c.errorf(0, "%w", err)
	}
	if int64(len(data)) > limit {
		return nil, c.errorf(0, "larger than %d MiB; keep it an output and write the numbers that matter to a smaller file", limit>>20)
	}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return nil, c.errorf(0, "is UTF-16; write UTF-8")
	}
	return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), nil
}

// Lines reads what a job wrote to the file MLOPS_METRICS: on each
// line NAME=NUMBER pairs (loss=0.3 step=10) or a JSON object, as in a file of
// JSON Lines. A later line replaces a metric's value, and with a step extends
// its history. Empty lines and lines that begin with # do not count.
//
// The metrics of good lines are returned together with the errors of bad ones,
// which are joined *[MetricError]s, at most 20.
func (mr MetricReader) Lines(text string) ([]Metric, error) {
	c := newCollector(MetricLinesFile, mr)
	var errs []error
	number := 0
	for line := range strings.SplitSeq(text, "\n") {
		number++
		if err := c.metricLine(strings.TrimSpace(line), number); err != nil {
			if errs = append(errs, err); len(errs) == maxErrors {
				errs = append(errs, c.errorf(0, "and perhaps more"))
				break
			}
		}
	}
	if len(c.series) == 0 {
		c.notice = nil // an empty file is usual
	}
	return c.finish(), errors.Join(errs...)
}

func (c *collector) metricLine(line string, number int) error {
	if line == "" || line[0] == '#' {
		return nil
	}
	if line[0] == '{' {
		return c.readJSON([]byte(line), number)
	}
	pairs, err := splitPairs(line)
	if err != nil {
		return c.errorf(number, "%w", err)
	}
	return c.takePairs(pairs, number)
}

type pair struct {
	name  string
	value float64
}

// takePairs adds the pairs of a line; step and the like are their place.
func (c *collector) takePairs(pairs []pair, line int) error {
	n := node{kind: objectNode}
	for _, p := range pairs {
		n.items = append(n.items, node{key: p.name, kind: numberNode, num: p.value, line: line})
	}
	if step := stepOf(&n); step != nil && every(&n, func(x *node) bool { return isStepKey(x.key) }) {
		return c.errorf(line, "a step alone; write the metric on the same line, such as loss=0.3 step=10")
	}
	return c.row("", &n)
}

// splitPairs reads NAME=NUMBER pairs that are separated by space, perhaps with
// commas behind and spaces around the equals sign.
func splitPairs(line string) ([]pair, error) {
	var pairs []pair
	for rest := line; rest != ""; {
		name, after, ok := strings.Cut(rest, "=")
		name = strings.TrimSpace(name)
		if !ok || name == "" || strings.ContainsAny(name, " \t:") {
			return nil, fmt.Errorf("%q is no metric; write NAME=NUMBER, such as auc=0.91", clip(strings.TrimSpace(rest)))
		}
		after = strings.TrimLeft(after, " \t")
		end := strings.IndexAny(after, " \t")
		if end < 0 {
			end = len(after)
		}
		text := strings.TrimRight(after[:end], ",;")
		f, err := parseNumber(text)
		if err != nil {
			return nil, fmt.Errorf("%s is %q, not a number%s", clip(name), clip(text), cure(name, text))
		}
		pairs = append(pairs, pair{name, f})
		rest = strings.TrimLeft(after[end:], " \t,;")
	}
	return pairs, nil
}

// cure says how to write a value that is almost a number.
func cure(name, text string) string {
	f, err := parseNumber(strings.TrimRight(strings.Trim(text, `"'`), "%abcdefghijklmnopqrstuvwxyzµ"))
	whole, fraction, comma := strings.Cut(text, ",")
	dotted, commaErr := parseNumber(whole + "." + fraction)
	switch {
	case comma && commaErr == nil:
		return fmt.Sprintf("; write %s=%v, with a point", clip(name), dotted)
	case err != nil:
		return fmt.Sprintf("; write %s=NUMBER, such as %s=0.91", clip(name), clip(name))
	case strings.HasSuffix(text, "%"):
		return fmt.Sprintf("; write %s=%.6g", clip(name), f/100)
	case strings.ContainsAny(text, `"'`):
		return fmt.Sprintf("; write %s=%v without quotes", clip(name), f)
	}
	return fmt.Sprintf("; write %s=%v, the unit belongs into metrics: in mlops.yaml", clip(name), f)
}
