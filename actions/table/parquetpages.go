package table

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// firstPage is where the library is told that a chunk starts.
const firstPage = 4

// A pageStream is what the library reads in place of a chunk: its pages, one
// after the other, unpacked and with headers that say so. Only what is next can
// be read, which is how the library reads.
type pageStream struct {
	r      io.ReaderAt
	at     int64 // of the next header
	end    int64
	leaf   *leaf
	codec  format.CompressionCodec
	values int64 // that the chunk has and were not seen yet

	packed []byte
	page   []byte // unpacked, behind its header
	rest   []byte // of page
	pos    int64  // of rest in the stream
	unpack *unpacker
}

func newPageStream(r io.ReaderAt, m *format.ColumnMetaData, l *leaf, u *unpacker) *pageStream {
	start := chunkStart(m)
	return &pageStream{r: r, at: start, end: start + m.TotalCompressedSize, leaf: l, codec: m.Codec, values: m.NumValues, pos: firstPage, unpack: u}
}

// ReadAt reads what comes next.
func (s *pageStream) ReadAt(p []byte, off int64) (n int, err error) {
	if off != s.pos {
		return 0, errors.New("pages out of order")
	}
	for n < len(p) {
		if len(s.rest) == 0 {
			if s.at >= s.end || s.values <= 0 {
				return n, io.EOF
			}
			if n > 0 {
				return n, nil // the library's buffer is full enough
			}
			if err := s.next(); err != nil {
				return n, err
			}
		}
		m := copy(p[n:], s.rest)
		s.rest, n, s.pos = s.rest[m:], n+m, s.pos+int64(m)
	}
	return n, nil
}

// next reads a page and makes it the rest.
func (s *pageStream) next() error {
	h, size, err := s.header()
	if err != nil {
		return err
	}
	s.at += size
	if int64(h.CompressedPageSize) > s.end-s.at {
		return fmt.Errorf("page of %d bytes where the column has %d left", h.CompressedPageSize, s.end-s.at)
	}
	s.packed = sized(s.packed, int(h.CompressedPageSize))
	if _, err := s.r.ReadAt(s.packed, s.at); err != nil && err != io.EOF {
		return err
	}
	s.at += int64(h.CompressedPageSize)
	if h.CRC != 0 && crc32.ChecksumIEEE(s.packed) != uint32(h.CRC) {
		return errors.New("checksum of a page does not match")
	}
	if err := s.write(h); err != nil {
		return err
	}
	return s.count(h)
}

// header reads the header of the next page and returns its length. Statistics
// can make it long: they are looked at only in growing steps.
func (s *pageStream) header() (*format.PageHeader, int64, error) {
	for try := int64(1 << 8); ; try *= 16 {
		s.packed = sized(s.packed, int(min(try, s.end-s.at)))
		if _, err := s.r.ReadAt(s.packed, s.at); err != nil && err != io.EOF {
			return nil, 0, err
		}
		c := compactReader{b: s.packed}
		if err := c.skip(compactStruct, 0); err != nil {
			if try < s.end-s.at && try < maxPageHeader {
				continue
			}
			return nil, 0, fmt.Errorf("page: %w", err)
		}
		h := &format.PageHeader{}
		if err := thrift.Unmarshal(&thrift.CompactProtocol{}, s.packed[:c.at], h); err != nil {
			return nil, 0, fmt.Errorf("page: %w", err)
		}
		return h, int64(c.at), checkPageHeader(h)
	}
}

const maxPageHeader = 16 << 20

func checkPageHeader(h *format.PageHeader) error {
	values, levels := int32(0), int64(0)
	switch {
	case h.DataPageHeader.Valid:
		values = h.DataPageHeader.V.NumValues
	case h.DataPageHeaderV2.Valid:
		v := h.DataPageHeaderV2.V
		values, levels = v.NumValues, int64(v.RepetitionLevelsByteLength)+int64(v.DefinitionLevelsByteLength)
		if min(v.RepetitionLevelsByteLength, v.DefinitionLevelsByteLength, v.NumNulls) < 0 || v.NumNulls > values {
			return errors.New("page with counts below zero")
		}
	case h.DictionaryPageHeader.Valid:
		values = h.DictionaryPageHeader.V.NumValues
	}
	if h.CompressedPageSize < 0 || h.UncompressedPageSize < 0 || h.UncompressedPageSize > maxPage || h.CompressedPageSize > maxPage {
		return fmt.Errorf("page of %d bytes, %d packed; at most %d", h.UncompressedPageSize, h.CompressedPageSize, maxPage)
	}
	if values < 0 || values > maxPageValues {
		return fmt.Errorf("page of %d values, at most %d", values, maxPageValues)
	}
	if levels > int64(min(h.CompressedPageSize, h.UncompressedPageSize)) {
		return errors.New("page with levels that are longer than itself")
	}
	return nil
}

// write unpacks the page behind a header of its own.
func (s *pageStream) write(h *format.PageHeader) error {
	plain := *h
	plain.CRC, plain.CompressedPageSize = 0, h.UncompressedPageSize
	plain.DataPageHeader.V.Statistics, plain.DataPageHeaderV2.V.Statistics = format.Statistics{}, format.Statistics{}
	levels := int32(0)
	codec := s.codec
	if v := &plain.DataPageHeaderV2; v.Valid {
		levels = v.V.RepetitionLevelsByteLength + v.V.DefinitionLevelsByteLength
		if v.V.IsCompressed.Valid && !v.V.IsCompressed.V {
			codec = format.Uncompressed
		}
	}
	text, err := thrift.Marshal(&thrift.CompactProtocol{}, &plain)
	if err != nil {
		return err
	}
	length := len(text) + int(h.UncompressedPageSize)
	s.page = sized(s.page, length+zstdRoom)[:length]
	head := copy(s.page, text)
	head += copy(s.page[head:], s.packed[:levels])
	if err := s.unpack.into(s.page[head:], s.packed[levels:], codec); err != nil {
		return fmt.Errorf("page: %w", err)
	}
	s.rest = s.page
	return guardPage(&plain, s.page[len(text):], s.leaf)
}

// count holds the pages' values against the chunk's.
func (s *pageStream) count(h *format.PageHeader) error {
	switch h.Type {
	case format.DataPage:
		s.values -= int64(h.DataPageHeader.V.NumValues)
	case format.DataPageV2:
		s.values -= int64(h.DataPageHeaderV2.V.NumValues)
	}
	if s.values < 0 {
		return errors.New("more values than the footer counts")
	}
	return nil
}

// sized returns a buffer of n bytes, b if it is large enough.
func sized(b []byte, n int) []byte {
	if cap(b) >= n {
		return b[:n]
	}
	return make([]byte, n)
}

var _ io.ReaderAt = (*pageStream)(nil)
