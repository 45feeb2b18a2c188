package table

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func TestErrors(t *testing.T) {
	long := strings.Repeat("a,b\n", 300_000)
	for _, c := range []struct{ name, file, text, want string }{
		{"empty", "t.csv", "", "t.csv: is empty; write at least a line with the names of the columns\n"},
		{"blank", "t.csv", "\n \n", "t.csv: is empty; write at least a line with the names of the columns\n"},
		{"too many fields", "t.csv", "a,b\n1,2\n\n1,2,3\n", "t.csv:4: 3 fields where the first row has 2; quote the fields that hold a ','\n"},
		{"too few fields", "t.tsv", "a\tb\n1\t2\n1\n", "t.tsv:3: 1 field where the first row has 2; add what is missing, or quote the fields that hold a line break\n"},
		{"a quote that is not closed", "t.csv", "a,b\n1,\"2\n3,4\n", "t.csv:2: a quote is not closed; close it with a \", or double it if it is part of the text\n"},
		{"text behind a quote", "t.csv", "a,b\n1,\"x\ny\"z\n", "t.csv:2: text after a closing quote; double the quotes (\"\") inside a quoted field\n"},
		{"two columns of one name", "t.csv", "a,b,a\n1,2,3\n", "t.csv:1: column \"a\": the 1st and the 3rd column have this name; rename one\n"},
		{"a NUL byte", "t.csv", "a,b\n1,2\n3,x\x00y\n", "t.csv:3: column \"b\": a NUL byte; look whether the file is text, and take the byte out\n"},
		{"a NUL byte in a name", "t.csv", "\na,b\x00\n1,2\n", "t.csv:2: a NUL byte in the name of column 2; look whether the file is text, and take the byte out\n"},
		{"nothing but NUL bytes", "t.csv", strings.Repeat("\x00", 5000), "t.csv:1: a NUL byte in the name of column 1; look whether the file is text, and take the byte out\n"},
		{"bytes that are not UTF-8 behind the head", "t.csv", long + "1,caf\xe9\n", "a string, b string\n" + strings.Repeat("a|b\n", 299_999) + "t.csv:300001: column \"b\": bytes that are not UTF-8; convert the file, as by iconv -f WINDOWS-1252 -t UTF-8\n"},
		{"a workbook", "t.csv", "PK\x03\x04....", "t.csv: is a ZIP archive or a workbook; unpack it, or export the sheet as CSV\n"},
		{"a pointer of Git LFS", "t.parquet", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "t.parquet: is a pointer of Git LFS and not what it stands for; fetch the file by git lfs pull\n"},
		{"a table with the word in its header", "t.csv", "version https,b\n1,2\n", "version https int, b int\n1|2\n"},
		{"a web page", "t.csv", "<!DOCTYPE html>\n<html>", "t.csv: is a web page; look where it was loaded from: a login or an error may have come in its place\n"},
		{"XML", "t.csv", "<?xml version=\"1.0\"?>\n<a/>", "t.csv: is XML; export the table as CSV\n"},
		{"a comment above the header", "t.csv", "# ours\na,b\n1,2\n", "t.csv:2: 2 fields where the first row has 1; take out what stands above the names of the columns, if it does\n"},
		{"packed by xz", "t.csv.xz", "\xfd7zXZ\x00..", "t.csv.xz: is packed by xz; pack it by gzip or zstd\n"},
		{"gzip cut off", "t.csv.gz", packed(t, "gzip", strings.Repeat("a,b\n", 1000))[:30], "t.csv.gz: read: unexpected EOF; copy or pack the file again: it was cut off\n"},
		{"gzip broken", "t.csv.gz", "\x1f\x8bxxxxxxxxxxxxxxxxxxxx", "t.csv.gz: unpack: gzip: invalid header; copy or pack the file again: it is damaged\n"},
		{"the second half of a Parquet file", "t.parquet", "a,b\n1,2,3\n\x10\x00\x00\x00PAR1", "t.parquet: ends as a Parquet file does and does not start as one; copy the file again: its beginning is missing\n"},
		{"a text that ends with the word", "t.csv", "a\nPAR1", "a string\nPAR1\n"},
		{"a row without an end", "t.csv.gz", packed(t, "gzip", strings.Repeat("x", 2*maxRow)), "t.csv.gz:1: a row of more than 64 MiB; look whether the file is text with line ends\n"},
		{"a quote that swallows the rest", "t.csv.gz", packed(t, "gzip", "a\n\""+strings.Repeat("x\n", maxRow)), "t.csv.gz:2: a row of more than 64 MiB; look for a quote that is not closed\n"},
		{"a value that is too long", "t.csv.gz", packed(t, "gzip", "a,b\n1,"+strings.Repeat("x", maxField+1)+"\n"), "t.csv.gz:2: a value of more than 16 MiB; keep what is so large in a file of its own, and its name here\n"},
		{"a quoted value that is too long and has lines", "t.csv.gz", packed(t, "gzip", "a,b\n1,\""+strings.Repeat("1,x\n", maxField/4+1)+"\"\n"), "t.csv.gz:2: a value of more than 16 MiB; look for a quote that is not closed\n"},
		{"JSON: not an object", "t.jsonl", "{\"a\":1}\n\n[1]\n", "t.jsonl:3: not a JSON object; write one object a line, as {\"a\": 1}\n"},
		{"JSON: not closed", "t.jsonl", "{\"a\":1}\n{\"a\":\n", "t.jsonl:3: an object is not closed; look whether the file is whole\n"},
		{"JSON: an array not closed", "t.json", "[{\"a\":1},", "t.json:1: the array is not closed; look whether the file is whole\n"},
		{"JSON: a bad value", "t.jsonl", "{\"a\":1}\n{\"a\":\nx1}", "t.jsonl:3: not valid JSON: a value was expected; write one object a line, as {\"a\": 1}\n"},
		{"JSON: a bad number", "t.jsonl", "{\"a\":1-2}\n", "t.jsonl:1: not valid JSON: a value was expected; write one object a line, as {\"a\": 1}\n"},
		{"JSON: a line break in a string", "t.jsonl", "{\"a\":\"x\ny\"}\n", "t.jsonl:1: not valid JSON: a line break or control character in a string; write one object a line, as {\"a\": 1}\n"},
		{"JSON: a bad escape", "t.jsonl", "{\"a\":\"\\x\"}\n", "t.jsonl:1: not valid JSON: a backslash that escapes nothing; write one object a line, as {\"a\": 1}\n"},
		{"JSON: a value that is too long", "t.jsonl", "{\"a\":\"" + strings.Repeat("x", maxField+1) + "\"}\n", "t.jsonl:1: a value of more than 16 MiB; keep what is so large in a file of its own, and its name here\n"},
		{"JSON: too deep", "t.jsonl", strings.Repeat("{\"a\":", 100) + "1" + strings.Repeat("}", 100), "t.jsonl:1: objects lie more than 64 deep in each other; flatten them\n"},
		{"JSON by name alone", "t.jsonl", "a,b\n1,2\n", "t.jsonl:1: not a JSON object; write one object a line, as {\"a\": 1}\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, shown(written(t, c.file, c.text), Options{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What comes behind the last whole row of a file that is cut off is no row.
func TestCutOff(t *testing.T) {
	var text strings.Builder
	text.WriteString("a\n")
	for i := range 400_000 {
		fmt.Fprintln(&text, 1_000_000+i*i%1_000_003)
	}
	gz := packed(t, "gzip", text.String())
	paths := written(t, "t.csv.gz", gz[:len(gz)*3/4])
	tab, err := Open(paths, Options{Kinds: map[string]Kind{"a": Int}})
	if err != nil {
		t.Fatal(err)
	}
	for b, err := range tab.Batches(context.Background()) {
		if err != nil {
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Error(err)
			}
			return
		}
		for _, v := range b.Columns[0].Ints {
			if v < 1_000_000 {
				t.Fatalf("a row of %d", v)
			}
		}
	}
	t.Error("no error")
}

// packed returns text packed by gzip or zstd.
func packed(t testing.TB, how, text string) string {
	t.Helper()
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	var w interface {
		Write([]byte) (int, error)
		Close() error
	} = z
	if how == "gzip" {
		w = gzip.NewWriter(&b)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What is not a file is refused at once, and a pipe that nobody writes blocks nothing.
func TestNotFiles(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o666); err != nil {
		t.Skip(err)
	}
	for _, c := range []struct{ path, want string }{
		{dir, ": is a folder; name the files in it"},
		{pipe, ": is a pipe, which cannot be read twice; write it to a file first"},
		{os.DevNull, ": is not a file; name a file that holds the table"},
		{filepath.Join(dir, "none.csv"), ": open: no such file or directory; check the path"},
	} {
		_, err := Open([]string{c.path}, Options{})
		var e *Error
		if !errors.As(err, &e) || err.Error() != c.path+c.want {
			t.Errorf("%v, want %s%s", err, c.path, c.want)
		}
	}
}

// Sizes beyond what is promised are errors, and take no more memory than that.
func TestLimits(t *testing.T) {
	t.Run("a value", func(t *testing.T) {
		wantError(t, "a,b\n1,\""+strings.Repeat("x", 17<<20)+"\"\n", ":2: a value of more than 16 MiB; keep what is so large in a file of its own, and its name here")
	})
	t.Run("a row", func(t *testing.T) {
		wantError(t, "a,b,c,d,e\n"+strings.Repeat(strings.Repeat("x", 15<<20)+",", 4)+strings.Repeat("x", 15<<20)+"\n", ":2: a row of more than 64 MiB; keep what is so large in a file of its own, and its name here")
	})
	t.Run("columns", func(t *testing.T) {
		wantError(t, strings.Repeat("x,", 100_000)+"x\n", ":1: 100001 columns, more than 100000; write one row for each value instead")
	})
	t.Run("keys", func(t *testing.T) {
		var b strings.Builder
		for i := range 10_001 {
			fmt.Fprintf(&b, `"k%d":1,`, i)
			if i%1000 == 0 {
				b.WriteString("\"id\":1}\n{")
			}
		}
		wantError(t, "{"+b.String(), ":11: more than 10000 different keys; look whether keys are data, as ids or dates are, and write them as values")
	})
}

func wantError(t *testing.T, text, want string) {
	t.Helper()
	paths := written(t, "t", text)
	tab, err := Open(paths, Options{})
	if err == nil {
		for _, err = range tab.Batches(context.Background()) {
		}
	}
	if err == nil || err.Error() != paths[0]+want {
		t.Errorf("%v, want %s", err, want)
	}
}

// As many columns as are promised can be read.
func TestWide(t *testing.T) {
	var names, row strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&names, "x%d,", i)
		fmt.Fprintf(&row, "%d,", i)
	}
	text := strings.TrimSuffix(names.String(), ",") + "\n" + strings.Repeat(strings.TrimSuffix(row.String(), ",")+"\n", 5)
	tab, err := Open(written(t, "t.csv", text), Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for b, err := range tab.Batches(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		if got := b.Columns[99_999].Ints[b.Rows-1]; got != 99_999 {
			t.Errorf("the last value is %d", got)
		}
		rows += b.Rows
	}
	if rows != 5 {
		t.Errorf("%d rows", rows)
	}
}
