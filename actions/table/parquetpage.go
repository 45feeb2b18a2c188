package table

import (
	"errors"
	"fmt"

	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"
)

// A page holds the values of a page of data. They lie in the memory of its
// reader and are gone with the next page.
type page struct {
	rows       int    // values, those that are null among them
	repetition []byte // levels; nil where the column has none
	definition []byte // the same; nil too if no value of a column that is no list is null
	present    int    // how many values are not null
	codes      []int32
	dictionary *dictionary // of codes; nil if the values stand in the page
	values     stored
}

// A dictionary holds the values that codes stand for.
type dictionary struct{ values stored }

// data decodes a page of data.
func (p *pageReader) data(h pageHead, packed []byte) (*page, error) {
	d := &page{rows: h.values, present: h.values}
	var body []byte
	var err error
	if h.kind == format.DataPage {
		body, err = p.levels1(d, h, packed)
	} else {
		body, err = p.levels2(d, h, packed)
	}
	if err != nil {
		return nil, err
	}
	if p.leaf.list != nil {
		return d, nil // its elements are counted, not looked at
	}
	if h.encoding == plainDictionary || h.encoding == format.RLEDictionary {
		if p.dictionary == nil {
			return nil, errors.New("page of codes without a dictionary")
		}
		d.dictionary = p.dictionary
		d.codes, err = p.codes(body, d.present)
		return d, err
	}
	d.values, err = p.scratch.values(p.leaf, h.encoding, body, d.present)
	return d, err
}

// codes decodes so many places in the dictionary.
func (p *pageReader) codes(body []byte, n int) ([]int32, error) {
	if n == 0 {
		return []int32{}, nil
	}
	if len(body) == 0 || body[0] > 32 {
		return nil, errRuns
	}
	if err := guardRuns(body[1:], int(body[0]), n); err != nil {
		return nil, err
	}
	var e rle.DictionaryEncoding
	codes, err := e.DecodeInt32(p.scratch.codes, body)
	if err != nil {
		return nil, err
	}
	p.scratch.codes = codes
	if len(codes) < n {
		return nil, fmt.Errorf("%d codes for %d values", len(codes), n)
	}
	return codes[:n], checkCodes(codes[:n], p.dictionary.values.n)
}

func checkCodes(codes []int32, n int) error {
	var a, b uint32 // in two lanes: neither waits for the other
	for i := 1; i < len(codes); i += 2 {
		a, b = max(a, uint32(codes[i-1])), max(b, uint32(codes[i]))
	}
	if len(codes) > 0 {
		a = max(a, uint32(codes[len(codes)-1]))
	}
	top := max(a, b)
	if len(codes) > 0 && int64(top) >= int64(n) {
		return fmt.Errorf("code %d in a dictionary of %d", top, n)
	}
	return nil
}

// newDictionary decodes a dictionary into memory of its own: it is used as long
// as the row group is read.
func (p *pageReader) newDictionary(h pageHead, packed []byte) (*dictionary, error) {
	if h.encoding != format.Plain && h.encoding != plainDictionary {
		return nil, fmt.Errorf("dictionary in encoding %v is not supported", h.encoding)
	}
	body, err := p.unpack(h, packed, h.size)
	if err != nil {
		return nil, err
	}
	var own scratch
	values, err := own.plain(p.leaf, append([]byte(nil), body...), h.values)
	return &dictionary{values}, err
}

// plainDictionary is what older writers call RLEDictionary.
const plainDictionary format.Encoding = 2
