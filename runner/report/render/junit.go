package render

import (
	"encoding/xml"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report"
)

// The elements of JUnit's XML as Jenkins and GitLab read it (Jenkins' xUnit
// plugin has a schema of it, junit-10.xsd).
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Time     string       `xml:"time,attr"` // seconds
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name      string      `xml:"name,attr"`
		Tests     int         `xml:"tests,attr"`
		Failures  int         `xml:"failures,attr"`
		Errors    int         `xml:"errors,attr"`
		Skipped   int         `xml:"skipped,attr"`
		Time      string      `xml:"time,attr"`
		Timestamp string      `xml:"timestamp,attr,omitempty"`
		Cases     []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name      string     `xml:"name,attr"`
		Class     string     `xml:"classname,attr"`
		Time      string     `xml:"time,attr"`
		Skipped   *junitNote `xml:"skipped"`
		Error     *junitNote `xml:"error"`
		Failure   *junitNote `xml:"failure"`
		SystemOut string     `xml:"system-out,omitempty"`
	}
	junitNote struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes a test case for each gate and for each job. A gate that cannot
// be judged is a skipped test; a job that was cancelled is an error.
func JUnit(w io.Writer, r *report.Report, _ Options) error {
	pipeline := clip(clean(r.Pipeline), maxField)
	gates, jobs := junitSuite{Name: "gates", Time: junitTime(0)}, junitSuite{Name: "jobs"}
	for _, g := range r.Gates {
		gates.add(gateCase(pipeline, g), 0)
	}
	var wall time.Duration
	for _, j := range r.Jobs {
		if j.Only != "base" {
			jobs.add(jobCase(pipeline, j), j.Wall)
			wall += max(0, j.Wall)
		}
	}
	jobs.Time = junitTime(wall)
	all := junitSuites{Name: pipeline, Time: junitTime(r.Cost.Wall)}
	for _, s := range []junitSuite{gates, jobs} {
		if !r.Head.Started.IsZero() {
			s.Timestamp = r.Head.Started.UTC().Format("2006-01-02T15:04:05")
		}
		all.Tests, all.Failures, all.Errors = all.Tests+s.Tests, all.Failures+s.Failures, all.Errors+s.Errors
		all.Suites = append(all.Suites, s)
	}
	out, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, xml.Header+string(out)+"\n")
	return err
}

// add appends a case and counts it.
func (s *junitSuite) add(c junitCase, wall time.Duration) {
	s.Tests++
	s.Failures += btoi(c.Failure != nil)
	s.Errors += btoi(c.Error != nil)
	s.Skipped += btoi(c.Skipped != nil)
	c.Time = junitTime(wall)
	s.Cases = append(s.Cases, c)
}

func junitTime(d time.Duration) string { return strconv.FormatFloat(max(0, d.Seconds()), 'f', 3, 64) }

func gateCase(pipeline string, g report.Judged) junitCase {
	c := junitCase{Name: clip(clean(g.Gate), maxSentence), Class: pipeline + ".gates"}
	detail := clip(clean(g.Detail), maxSentence)
	switch g.Outcome {
	case report.Passed:
		c.SystemOut = detail
	case report.Failed, report.Errored:
		c.Failure = &junitNote{detail, "gate", gateParts(g)}
	default:
		c.Skipped = &junitNote{Message: list(": ", outcomeText(g.Outcome), foreign(g.Detail)).plain()}
	}
	return c
}

// gateParts lists what a failed gate read, a line each.
func gateParts(g report.Judged) string {
	var b strings.Builder
	if g.Pos.Known() {
		b.WriteString("line " + strconv.Itoa(g.Pos.Line) + "\n")
	}
	for _, p := range g.Parts {
		b.WriteString(clip(clean(p.Text), maxSentence) + " is " + clip(clean(p.Value), maxSentence) + "\n")
	}
	return b.String()
}

func jobCase(pipeline string, j report.Job) junitCase {
	c := junitCase{Name: clip(clean(j.ID), maxField), Class: pipeline + ".jobs"}
	lines := make([]string, len(j.Log))
	for i, l := range j.Log {
		lines[i] = inert(clip(cleanLine(l), maxLine))
	}
	why := clip(clean(j.Error), maxSentence)
	if why == "" {
		why = reasonWord(clip(clean(j.Reason), maxField))
	}
	note := &junitNote{why, clip(clean(j.Reason), maxField), strings.Join(lines, "\n")}
	switch j.Status {
	case record.Success:
		if j.Cached {
			c.SystemOut = "cached"
		}
	case record.Failure:
		c.Failure = note
	case record.Skipped:
		c.Skipped = &junitNote{Message: why}
	default:
		note.Message = strings.TrimSuffix(statusText(j.Status).plain()+": "+why, ": ")
		c.Error = note
	}
	return c
}
