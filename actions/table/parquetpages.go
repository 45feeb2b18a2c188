package table

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// A pageReader reads the pages of a column of a row group one after the other,
// each into the memory of the one before.
type pageReader struct {
	r      io.ReaderAt
	at     int64 // of the next header
	end    int64
	leaf   *leaf
	codec  format.CompressionCodec
	values int64 // that the chunk has and were not seen yet

	dictionary *dictionary // nil until its page was met
	scratch    *scratch
	press      *press
}

func newPageReader(r io.ReaderAt, m *format.ColumnMetaData, l *leaf, s *scratch, p *press) *pageReader {
	start := chunkStart(m)
	return &pageReader{r: r, at: start, end: start + m.TotalCompressedSize, leaf: l, codec: m.Codec, values: m.NumValues, scratch: s, press: p}
}

// A press is what pages are unpacked with. The readers of a row group use one in
// turns: what is in it is of no use once a page is unpacked.
type press struct {
	unpack unpacker
	packed []byte
}

// next returns the next page of data. It fails with io.EOF behind the last one.
func (p *pageReader) next() (*page, error) {
	for p.at < p.end && p.values > 0 {
		h, packed, err := p.read()
		if err != nil {
			return nil, err
		}
		switch h.kind {
		case format.DataPage, format.DataPageV2:
			if p.values -= int64(h.values); p.values < 0 {
				return nil, errors.New("more values than the footer counts")
			}
			return p.data(h, packed)
		case format.DictionaryPage:
			if p.dictionary == nil { // a second one says nothing new
				p.dictionary, err = p.newDictionary(h, packed)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, io.EOF
}

// read reads a page as it is stored.
func (p *pageReader) read() (pageHead, []byte, error) {
	h, size, err := p.header()
	if err != nil {
		return h, nil, err
	}
	p.at += size
	if int64(h.packed) > p.end-p.at {
		return h, nil, fmt.Errorf("page of %d bytes where the column has %d left", h.packed, p.end-p.at)
	}
	to := &p.press.packed
	if h.codec == format.Uncompressed {
		to = &p.scratch.page // which its values stay in
	}
	*to = sized(*to, h.packed, h.codec)
	if _, err := p.r.ReadAt(*to, p.at); err != nil && err != io.EOF {
		return h, nil, err
	}
	p.at += int64(h.packed)
	if h.crc != 0 && crc32.ChecksumIEEE(*to) != h.crc {
		return h, nil, errors.New("checksum of a page does not match")
	}
	return h, *to, nil
}

// header reads the header of the next page and returns its length. Statistics
// can make it long: they are looked at only in growing steps.
func (p *pageReader) header() (pageHead, int64, error) {
	s := p.press
	for try := int64(1 << 8); ; try *= 16 {
		s.packed = sized(s.packed, int(min(try, p.end-p.at)), format.Uncompressed)
		if _, err := p.r.ReadAt(s.packed, p.at); err != nil && err != io.EOF {
			return pageHead{}, 0, err
		}
		c := compactReader{b: s.packed}
		if err := c.skip(compactStruct, 0); err != nil {
			if try < p.end-p.at && try < maxPageHeader {
				continue
			}
			return pageHead{}, 0, fmt.Errorf("page: %w", err)
		}
		var h format.PageHeader
		if err := thrift.Unmarshal(&thrift.CompactProtocol{}, s.packed[:c.at], &h); err != nil {
			return pageHead{}, 0, fmt.Errorf("page: %w", err)
		}
		head, err := newPageHead(&h, p.codec)
		return head, int64(c.at), err
	}
}

const maxPageHeader = 16 << 20

// unpack returns the unpacked bytes of a page, behind which there is some room.
func (p *pageReader) unpack(h pageHead, packed []byte, size int) ([]byte, error) {
	if h.codec == format.Uncompressed {
		if len(packed) != size {
			return nil, fmt.Errorf("page: %w", errSize)
		}
		return packed, nil
	}
	s := p.scratch
	s.page = sized(s.page, size, h.codec)
	if err := p.press.unpack.into(s.page, packed, h.codec); err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	return s.page, nil
}

// A scratch is the memory that readers use again for one page after the other.
type scratch struct {
	page       []byte
	repetition []byte
	definition []byte
	codes      []int32
	int32s     []int32
	int64s     []int64
	float32s   []float32
	float64s   []float64
	bytes      []byte
	offsets    []uint32
	texts      [][]byte

	dense    values // of a page, without nulls
	wide     values // with room for nulls
	rowCodes []int32
	nulls    []bool
}

// sized returns a buffer of n bytes with room behind it, b if it is large enough.
func sized(b []byte, n int, codec format.CompressionCodec) []byte {
	room := pageRoom
	if codec == format.Zstd {
		room = min(max(room, 2*n), zstdRoom)
	}
	if cap(b) >= n+room {
		return b[:n]
	}
	return make([]byte, n, n+room)
}

// What decoders want behind a page to be quick: zstd's a block, which small pages
// of very many columns are better off without.
const (
	pageRoom = 1 << 10
	zstdRoom = 160 << 10
)
