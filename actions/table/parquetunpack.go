package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

// An unpacker unpacks pages into memory that is there already: what a page
// unpacks to beyond what its header says is an error, not an allocation.
type unpacker struct {
	zstd *zstd.Decoder
	gzip *gzip.Reader
}

// into unpacks src, which fills dst and may spill into what dst has room for
// behind its end.
func (u *unpacker) into(dst, src []byte, codec format.CompressionCodec) error {
	switch codec {
	case format.Snappy:
		if n, err := snappy.DecodedLen(src); err != nil || n != len(dst) {
			return errors.Join(errSize, err)
		}
		_, err := snappy.Decode(dst, src)
		return err
	case format.Zstd:
		return u.unzstd(dst, src)
	case format.Gzip:
		return u.gunzip(dst, src)
	case format.Brotli:
		return full(brotli.NewReader(bytes.NewReader(src)), dst)
	case format.Lz4Raw:
		n, err := lz4.UncompressBlock(src, dst)
		if err == nil && n != len(dst) {
			err = errSize
		}
		return err
	}
	return fmt.Errorf("compression %v is not supported", codec)
}

var errSize = errors.New("unpacks to another size than it says")

func (u *unpacker) unzstd(dst, src []byte) (err error) {
	if u.zstd == nil {
		u.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderLowmem(true))
		if err != nil {
			return err
		}
	}
	out, err := u.zstd.DecodeAll(src, dst[:0])
	if err == nil && len(out) != len(dst) {
		err = errSize
	}
	return err
}

func (u *unpacker) gunzip(dst, src []byte) (err error) {
	if u.gzip == nil {
		u.gzip, err = gzip.NewReader(bytes.NewReader(src))
	} else {
		err = u.gzip.Reset(bytes.NewReader(src))
	}
	if err != nil {
		return err
	}
	return full(u.gzip, dst)
}

// full reads as much as dst holds and no more.
func full(r io.Reader, dst []byte) error {
	if _, err := io.ReadFull(r, dst); err != nil {
		return err
	}
	var one [1]byte
	if n, err := r.Read(one[:]); n > 0 || err != nil && err != io.EOF {
		return errSize
	}
	return nil
}
