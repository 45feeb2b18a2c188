package table

import (
	"errors"
	"fmt"

	"github.com/parquet-go/parquet-go/format"
)

// A pageHead is the header of a page, with counts that are within bounds.
type pageHead struct {
	kind           format.PageType
	packed         int // bytes of the page as it is stored
	size           int // and unpacked
	crc            uint32
	codec          format.CompressionCodec
	values         int // that are null among them
	encoding       format.Encoding
	levelEncodings [2]format.Encoding // of version 1: of repetition and definition
	levelBytes     [2]int             // of version 2, which never packs them
}

// newPageHead takes what is needed of a header.
func newPageHead(h *format.PageHeader, codec format.CompressionCodec) (pageHead, error) {
	p := pageHead{kind: h.Type, packed: int(h.CompressedPageSize), size: int(h.UncompressedPageSize), crc: uint32(h.CRC), codec: codec}
	valid := true
	switch h.Type {
	case format.DataPage:
		v := &h.DataPageHeader
		valid = v.Valid
		p.values, p.encoding = int(v.V.NumValues), v.V.Encoding
		p.levelEncodings = [2]format.Encoding{v.V.RepetitionLevelEncoding, v.V.DefinitionLevelEncoding}
	case format.DataPageV2:
		v := &h.DataPageHeaderV2
		valid = v.Valid
		p.values, p.encoding = int(v.V.NumValues), v.V.Encoding
		p.levelBytes = [2]int{int(v.V.RepetitionLevelsByteLength), int(v.V.DefinitionLevelsByteLength)}
		if v.V.IsCompressed.Valid && !v.V.IsCompressed.V {
			p.codec = format.Uncompressed
		}
	case format.DictionaryPage:
		v := &h.DictionaryPageHeader
		valid = v.Valid
		p.values, p.encoding = int(v.V.NumValues), v.V.Encoding
	}
	if !valid {
		return p, errors.New("page without the header of its kind")
	}
	return p, p.check()
}

// Limits of a page. A file with a larger one is refused.
const (
	maxPage       = 256 << 20 // bytes, unpacked
	maxPageValues = 1 << 24
)

func (p *pageHead) check() error {
	if min(p.packed, p.size) < 0 || max(p.packed, p.size) > maxPage {
		return fmt.Errorf("page of %d bytes, %d packed; at most %d", p.size, p.packed, maxPage)
	}
	if p.values < 0 || p.values > maxPageValues {
		return fmt.Errorf("page of %d values, at most %d", p.values, maxPageValues)
	}
	if min(p.levelBytes[0], p.levelBytes[1]) < 0 {
		return errors.New("page with counts below zero")
	}
	if p.levelBytes[0]+p.levelBytes[1] > min(p.packed, p.size) {
		return errors.New("page with levels that are longer than itself")
	}
	return nil
}
