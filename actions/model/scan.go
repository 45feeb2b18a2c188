package model

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/mlops-runner/mlops/actions/model/pickle"
)

// scan is the work on one file.
type scan struct {
	path     string
	opts     Options
	report   *Report
	depth    int
	members  int
	expanded int64 // bytes unpacked so far
}

// input is a file, or one within an archive.
type input struct {
	name string // within the archive; "" for the file itself
	at   io.ReaderAt
	size int64
}

func (in input) reader() io.Reader { return io.NewSectionReader(in.at, 0, in.size) }

// head returns the first bytes, fewer if the file is shorter.
func (in input) head(n int) []byte {
	b := make([]byte, min(int64(n), in.size))
	got, _ := in.at.ReadAt(b, 0)
	return b[:got]
}

const maxFindings = 200

func (s *scan) find(in input, f Finding) {
	f.File = in.name
	if len(s.report.Findings) < maxFindings {
		s.report.Findings = append(s.report.Findings, f)
	}
}

func (s *scan) refuse(in input, offset int64, format string, args ...any) {
	s.find(in, Finding{Offset: offset, Reason: fmt.Sprintf(format, args...)})
}

func (s *scan) note(format string, args ...any) {
	n := fmt.Sprintf(format, args...)
	if !slices.Contains(s.report.Holds.Notes, n) && len(s.report.Holds.Notes) < 20 {
		s.report.Holds.Notes = append(s.report.Holds.Notes, n)
	}
}

func (s *scan) version(library, version string) {
	if s.report.Holds.Versions == nil {
		s.report.Holds.Versions = map[string]string{}
	}
	if len(s.report.Holds.Versions) < 100 {
		s.report.Holds.Versions[library] = version
	}
}

func (s *scan) tensor(t Tensor) {
	const shown = 1000
	if len(s.report.Holds.Tensors) == shown {
		s.report.Holds.More++
		return
	}
	s.report.Holds.Tensors = append(s.report.Holds.Tensors, t)
}

// file tells a file's format and looks at it.
func (s *scan) file(in input) {
	format := s.look(in)
	if in.name == "" {
		s.report.Format = format
	}
}

// look tells a format by the first bytes and checks the rest.
func (s *scan) look(in input) Format {
	head := in.head(512)
	for i, k := range kinds() {
		if k.is(head) {
			if i > 0 { // the first is the pickle itself
				s.alsoPickle(in)
			}
			return k.check(s, in)
		}
	}
	if f, ok := s.bare(in); ok {
		return f
	}
	if s.isONNX(in) {
		s.alsoPickle(in)
		return s.onnx(in)
	}
	s.alsoPickle(in)
	if isText(head, in.size) {
		return Text
	}
	return Unknown
}

// bare tries a file without any mark as a pickle of protocol 0 or 1.
func (s *scan) bare(in input) (Format, bool) {
	r, err := pickle.Walk(in.reader(), s.pickleOptions(false))
	whole := err == nil && r.Pickles > 0 && !r.Broken
	if err != nil || (!whole && len(runs(r)) == 0) {
		return "", false
	}
	return s.pickle(in), true
}

// alsoPickle refuses a file of another format that imports something when an
// unpickler gets it: a file can be two things.
func (s *scan) alsoPickle(in input) {
	r, err := pickle.Walk(in.reader(), s.pickleOptions(false))
	if err != nil {
		return // what reads the format finds it too
	}
	for _, f := range runs(r) {
		s.find(in, Finding{Offset: f.Offset, Opcode: f.Opcode, Global: f.Global, Within: f.Within, Reason: "also reads as a pickle; as one it " + f.Reason})
	}
}

// runs returns what bytes that may be no pickle at all would run as one: no
// faults of form, no imports that cannot be names, and nothing after a
// persistent id, at which an unpickler without a function for them stops.
func runs(r *pickle.Result) (out []pickle.Refusal) {
	for _, f := range r.Refusals {
		if f.Broken || f.Opcode == "PERSID" || f.Opcode == "BINPERSID" {
			break
		}
		if f.Runs && (f.Global == "" || isName(f.Global)) {
			out = append(out, f)
		}
	}
	return out
}

// isName reports whether Python could import s.
func isName(s string) bool {
	for _, part := range bytes.Split([]byte(s), []byte(".")) {
		for i, c := range part {
			letter := c == '_' || (c|0x20 >= 'a' && c|0x20 <= 'z') || c >= 0x80
			if !letter && (i == 0 || c < '0' || c > '9') {
				return false
			}
		}
		if len(part) == 0 {
			return false
		}
	}
	return utf8.ValidString(s)
}

// isText reports whether a file begins as text does.
func isText(head []byte, size int64) bool {
	if int64(len(head)) < size {
		for i := 0; i < 3 && len(head) > 0 && !utf8.Valid(head); i++ {
			head = head[:len(head)-1] // a letter may be cut
		}
	}
	return utf8.Valid(head) && bytes.IndexByte(head, 0) < 0
}

// peeked returns the first bytes of r and a reader of all.
func peeked(r io.Reader, n int) ([]byte, io.Reader) {
	b := bufio.NewReaderSize(r, 1<<16)
	head, _ := b.Peek(n)
	return head, b
}
