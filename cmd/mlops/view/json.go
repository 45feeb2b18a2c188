package view

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"math"
	"strconv"
	"sync"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/mlops-runner/mlops/runner"
)

//go:embed event.schema.json
var eventSchema []byte

// EventSchema returns the JSON Schema (2020-12) of one line of the JSON view.
// Fields may be added; those that exist keep their meaning.
func EventSchema() []byte { return bytes.Clone(eventSchema) }

// jsonLines writes each event as one line of JSON to Out, each line with one
// call of Write. Output is one event per chunk, its bytes as a string in which
// what is not UTF-8 is replaced by U+FFFD.
type jsonLines struct {
	mu   sync.Mutex // guards all below
	o    Options
	sink sink
	buf  []byte
}

var _ View = (*jsonLines)(nil)

func newJSONLines(o Options) *jsonLines { return &jsonLines{o: o, sink: sink{w: o.Out}} }

// Event implements [View].
func (v *jsonLines) Event(e runner.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if e.Time.IsZero() {
		e.Time = v.o.Now()
	}
	head, err := marshal(e)
	if err != nil {
		v.sink.keep(err)
		return
	}
	v.buf = append(v.buf[:0], escaped(head)...)
	if e.Kind == runner.JobOutput {
		v.buf = append(v.buf[:len(v.buf)-1], `,"output":`...)
		v.buf = append(appendString(v.buf, e.Data), '}')
	}
	v.buf = append(v.buf, '\n')
	v.sink.write(v.buf)
	if cap(v.buf) > maxBuffer {
		v.buf = nil
	}
}

// Close implements [View].
func (v *jsonLines) Close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.sink.err
}

// marshal returns the JSON of all fields of e but its output.
func marshal(e runner.Event) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(eventLine{Event: e, Metrics: metricLines(e.Metrics), Summary: summaryOf(e.Summary)})
	return bytes.TrimRight(b.Bytes(), "\n"), err
}

// The types below shadow the fields of runner's that JSON cannot hold as they are.
type (
	eventLine struct {
		runner.Event
		Metrics []metricLine `json:"metrics,omitempty"`
		Summary *summaryLine `json:"summary,omitempty"`
	}
	metricLine struct {
		Name   string `json:"name"`
		Value  float  `json:"value"`
		Better string `json:"better,omitempty"`
		Unit   string `json:"unit,omitempty"`
	}
	summaryLine struct {
		runner.Summary
		Jobs []jobLine `json:"jobs"`
	}
	jobLine struct {
		runner.JobSummary
		Metrics []metricLine `json:"metrics,omitempty"`
	}
)

func metricLines(ms []runner.MetricValue) []metricLine {
	var lines []metricLine
	for _, m := range ms {
		lines = append(lines, metricLine{m.Name, float(m.Value), m.Better, m.Unit})
	}
	return lines
}

func summaryOf(s *runner.Summary) *summaryLine {
	if s == nil {
		return nil
	}
	line := &summaryLine{Summary: *s, Jobs: []jobLine{}}
	for _, j := range s.Jobs {
		line.Jobs = append(line.Jobs, jobLine{j, metricLines(j.Metrics)})
	}
	return line
}

// float is a number that JSON cannot always hold: NaN and the infinities
// become the strings "NaN", "Infinity" and "-Infinity".
type float float64

// MarshalJSON implements [json.Marshaler].
func (f float) MarshalJSON() ([]byte, error) {
	v := float64(f)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return strconv.AppendQuote(nil, Number(v)), nil
	}
	return json.Marshal(v)
}

const hex = "0123456789abcdef"

// appendString appends data as a JSON string. Control characters are escaped,
// so that a line of JSON is harmless to a terminal as well.
func appendString(dst, data []byte) []byte {
	dst = append(dst, '"')
	for len(data) > 0 {
		n := unescaped(data)
		dst, data = append(dst, data[:n]...), data[n:]
		if len(data) == 0 {
			break
		}
		b, size := data[0], 1
		switch {
		case b == '"' || b == '\\':
			dst = append(dst, '\\', b)
		case b == '\n':
			dst = append(dst, `\n`...)
		case b == '\r':
			dst = append(dst, `\r`...)
		case b == '\t':
			dst = append(dst, `\t`...)
		case b < utf8.RuneSelf:
			dst = append(dst, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
		default:
			dst, size = appendRune(dst, data)
		}
		data = data[size:]
	}
	return append(dst, '"')
}

// appendRune appends the character that data begins with; those that could
// act on a terminal or change the order of text are escaped.
func appendRune(dst, data []byte) ([]byte, int) {
	r, size := utf8.DecodeRune(data)
	if r == visible(r) {
		return utf8.AppendRune(dst, r), size
	}
	for _, unit := range utf16.Encode([]rune{r}) {
		dst = append(dst, '\\', 'u', hex[unit>>12], hex[unit>>8&15], hex[unit>>4&15], hex[unit&15])
	}
	return dst, size
}

// escaped returns JSON with the characters escaped that encoding/json leaves
// as they are and [appendRune] does not.
func escaped(text []byte) []byte {
	i := bytes.IndexFunc(text, func(r rune) bool { return r >= 0x7f })
	if i < 0 {
		return text
	}
	out := bytes.Clone(text[:i])
	for text = text[i:]; len(text) > 0; {
		switch b := text[0]; {
		case b == 0x7f:
			out, text = append(out, `\u007f`...), text[1:]
		case b < utf8.RuneSelf:
			out, text = append(out, b), text[1:]
		default:
			var size int
			out, size = appendRune(out, text)
			text = text[size:]
		}
	}
	return out
}

// unescaped returns the length of the longest prefix of data that a JSON
// string holds as it is.
func unescaped(data []byte) int {
	for i, b := range data {
		if b < 0x20 || b >= 0x7f || b == '"' || b == '\\' {
			return i
		}
	}
	return len(data)
}
