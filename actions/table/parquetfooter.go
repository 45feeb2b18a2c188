package table

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// Limits of a footer. A file beyond them is refused.
const (
	maxFooter  = 32 << 20 // bytes
	leastChunk = 20       // bytes of it that a row group or a column in one takes at least
)

// A parquetFooter is the description at the end of a file, with offsets that lie
// within it and columns that are those of its schema.
type parquetFooter struct {
	meta *format.FileMetaData
	size int64 // of the file
}

func readParquetFooter(r io.ReaderAt, size int64) (*parquetFooter, error) {
	var tail [8]byte
	if size < 12 {
		return nil, &Error{Reason: "is not a Parquet file: too short", Fix: "copy the file again"}
	}
	if _, err := r.ReadAt(tail[:], size-8); err != nil {
		return nil, err
	}
	switch string(tail[4:]) {
	case "PAR1":
	case "PARE":
		return nil, &Error{Reason: "is an encrypted Parquet file", Fix: "decrypt it first"}
	default:
		return nil, &Error{Reason: "does not end as a Parquet file does", Fix: "copy the file again: it may have been cut off"}
	}
	length := int64(binary.LittleEndian.Uint32(tail[:4]))
	if length > size-12 || length > maxFooter {
		return nil, fmt.Errorf("footer of %d bytes in a file of %d, at most %d", length, size, maxFooter)
	}
	text := make([]byte, length)
	if _, err := r.ReadAt(text, size-8-length); err != nil {
		return nil, err
	}
	if err := walkFooter(text); err != nil {
		return nil, err
	}
	f := &parquetFooter{meta: &format.FileMetaData{}, size: size}
	if err := thrift.Unmarshal(&thrift.CompactProtocol{}, text, f.meta); err != nil {
		return nil, fmt.Errorf("footer: %w", err)
	}
	return f, f.check()
}

// walkFooter makes sure that decoding the footer needs memory in proportion to
// its length: row groups and their columns, which are large in memory, are not
// there in name only.
func walkFooter(text []byte) error {
	const rowGroups, columns = 4, 1
	c := compactReader{b: text}
	sized := func(inside func(id int64, kind byte) error) error {
		return c.elements(func(kind byte) error {
			start := c.at
			if kind != compactStruct {
				return errThrift
			}
			if err := c.fields(inside); err != nil {
				return err
			}
			if c.at-start < leastChunk {
				return errThrift
			}
			return nil
		})
	}
	skip := func(_ int64, kind byte) error { return c.skip(kind, 0) }
	err := c.fields(func(id int64, kind byte) error {
		if id != rowGroups || kind != compactList {
			return c.skip(kind, 0)
		}
		return sized(func(id int64, kind byte) error {
			if id != columns || kind != compactList {
				return c.skip(kind, 0)
			}
			return sized(skip)
		})
	})
	if err != nil {
		return fmt.Errorf("footer: %w", err)
	}
	return nil
}

// check holds the footer against the file.
func (f *parquetFooter) check() error {
	leaves := 0
	for i, e := range f.meta.Schema {
		if i > 0 && e.NumChildren.V == 0 {
			leaves++
		}
	}
	var rows int64
	for i, g := range f.meta.RowGroups {
		if len(g.Columns) != leaves {
			return fmt.Errorf("row group %d has %d columns, the schema %d", i+1, len(g.Columns), leaves)
		}
		if g.NumRows < 0 || g.NumRows > math.MaxInt64-rows {
			return fmt.Errorf("row group %d has %d rows", i+1, g.NumRows)
		}
		rows += g.NumRows
		for j := range g.Columns {
			if err := f.checkChunk(&g.Columns[j]); err != nil {
				return fmt.Errorf("row group %d, column %d: %w", i+1, j+1, err)
			}
		}
	}
	if rows != f.meta.NumRows {
		return fmt.Errorf("%d rows in row groups, %d in all", rows, f.meta.NumRows)
	}
	return nil
}

func (f *parquetFooter) checkChunk(c *format.ColumnChunk) error {
	m := &c.MetaData
	start := chunkStart(m)
	switch {
	case c.CryptoMetadata.Value != nil:
		return &Error{Reason: "is an encrypted Parquet file", Fix: "decrypt it first"}
	case c.FilePath != "":
		return errors.New("its data is in another file")
	case m.NumValues < 0:
		return fmt.Errorf("%d values", m.NumValues)
	case m.NumValues > 0 && (start < 4 || m.TotalCompressedSize < 0 || start > f.size || m.TotalCompressedSize > f.size-start):
		return fmt.Errorf("%d bytes at offset %d of a file of %d bytes", m.TotalCompressedSize, start, f.size)
	}
	return nil
}

// chunkStart is where the first page of a chunk is. Writers have left the offset
// of a dictionary out, and have written one behind that of the data.
func chunkStart(m *format.ColumnMetaData) int64 {
	if d := m.DictionaryPageOffset; d > 0 && d < m.DataPageOffset {
		return d
	}
	return m.DataPageOffset
}
