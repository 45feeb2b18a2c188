package table

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// openFile looks at the head of a file and says what it is. Whoever reads it
// later opens it again: a table holds no file open but those of Parquet.
func openFile(path string, o Options) (file, error) {
	f, info, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	magic := make([]byte, 48)
	n, err := io.ReadFull(f, magic)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		f.Close()
		return nil, readError(path, err)
	}
	if bytes.HasPrefix(magic[:n], []byte("PAR1")) {
		return openParquet(path, f, info.Size(), o) // which owns f from here on
	}
	half := endsAsParquet(f, info.Size())
	f.Close()
	if half {
		return nil, &Error{File: path, Reason: "ends as a Parquet file does and does not start as one", Fix: "copy the file again: its beginning is missing"}
	}
	for _, k := range foreign {
		if len(k.magic) <= n && strings.EqualFold(string(magic[:len(k.magic)]), k.magic) {
			return nil, &Error{File: path, Reason: "is " + k.name, Fix: k.fix}
		}
	}
	return openText(path, info, o)
}

// endsAsParquet reports whether a file ends with the length of a footer, the
// highest byte of which is zero and is so in no text, and the magic word.
func endsAsParquet(f io.ReaderAt, size int64) bool {
	var tail [5]byte
	_, err := f.ReadAt(tail[:], max(0, size-int64(len(tail))))
	return err == nil && string(tail[:]) == "\x00PAR1"
}

// readError says that a file could not be read to its end. What is packed can be
// cut off or damaged.
func readError(path string, err error) *Error {
	e := &Error{File: path, Reason: "read", Err: cause(err)}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		e.Fix = "copy or pack the file again: it was cut off"
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.Is(err, zstd.ErrCRCMismatch), errors.Is(err, zstd.ErrMagicMismatch):
		e.Fix = "copy or pack the file again: it is damaged"
	}
	return e
}

// foreign are kinds of files that are taken for tables but are none.
var foreign = [...]struct{ magic, name, fix string }{
	{"PK\x03\x04", "a ZIP archive or a workbook", "unpack it, or export the sheet as CSV"},
	{"\xd0\xcf\x11\xe0", "an old workbook", "export the sheet as CSV"},
	{"BZh", "packed by bzip2", "pack it by gzip or zstd"},
	{"\xfd7zXZ", "packed by xz", "pack it by gzip or zstd"},
	{"ARROW1", "an Arrow file", "write it as Parquet"},
	{"ORC", "an ORC file", "write it as Parquet"},
	{"Obj\x01", "an Avro file", "write it as Parquet"},
	{"SQLite f", "an SQLite database", "export the table as CSV"},
	{"version https://git-lfs.github.com/spec/", "a pointer of Git LFS and not what it stands for", "fetch the file by git lfs pull"},
	{"<!doctype html", "a web page", "look where it was loaded from: a login or an error may have come in its place"},
	{"<html", "a web page", "look where it was loaded from: a login or an error may have come in its place"},
	{"<?xml", "XML", "export the table as CSV"},
}

// openRegular opens a file and nothing else: a pipe would block, and a device
// has no end.
func openRegular(path string) (*os.File, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err == nil {
		err = notRegular(path, info.Mode())
	}
	if err != nil {
		return nil, nil, openError(path, err)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe may have taken its place
	if err != nil {
		return nil, nil, openError(path, err)
	}
	if info, err = f.Stat(); err == nil {
		err = notRegular(path, info.Mode())
	}
	if err != nil {
		f.Close()
		return nil, nil, openError(path, err)
	}
	return f, info, nil
}

func notRegular(path string, m fs.FileMode) error {
	e := &Error{File: path}
	switch {
	case m.IsRegular():
		return nil
	case m.IsDir():
		e.Reason, e.Fix = "is a folder", "name the files in it"
	case m&fs.ModeNamedPipe != 0:
		e.Reason, e.Fix = "is a pipe, which cannot be read twice", "write it to a file first"
	default:
		e.Reason, e.Fix = "is not a file", "name a file that holds the table"
	}
	return e
}

func openError(path string, err error) error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	e = &Error{File: path, Reason: "open", Err: cause(err)}
	if errors.Is(err, fs.ErrNotExist) {
		e.Fix = "check the path"
	}
	return e
}

// cause takes the path out of an error, which [Error] says itself.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// unpack returns what f holds, unpacked if it is packed. What it is packed by
// is told by its first bytes.
func unpack(f *os.File) (r io.Reader, closer func(), err error) {
	magic := make([]byte, 4)
	n, _ := f.ReadAt(magic, 0)
	switch magic = magic[:n]; {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(f)
		if err != nil {
			return nil, nil, err
		}
		return z, func() { z.Close() }, nil
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		// One goroutine, and windows as zstd --long makes them but no larger.
		z, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	}
	return f, func() {}, nil
}
