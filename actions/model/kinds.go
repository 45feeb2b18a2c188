package model

import (
	"bytes"
	"encoding/binary"

	"github.com/mlops-runner/mlops/actions/model/pickle"
)

// kind is a format that is told by its first bytes, 512 of them.
type kind struct {
	format Format
	is     func(head []byte) bool
	check  func(*scan, input) Format
}

// kinds are tried in this order. They are a function since archives hold any of them again.
func kinds() []kind {
	return []kind{
		{Pickle, pickle.Magic, (*scan).pickle},
		{Zip, begins("PK\x03\x04", "PK\x05\x06"), (*scan).zip},
		{NPY, begins("\x93NUMPY"), (*scan).npy},
		{HDF5, begins("\x89HDF\r\n\x1a\n"), (*scan).hdf5},
		{GGUF, begins("GGUF"), (*scan).gguf},
		{LightGBM, begins("tree\nversion="), (*scan).lightGBM},
		{Pickle, begins("\x1f\x8b"), packed("gzip")},
		{Pickle, begins("BZh"), packed("bz2")},
		{Pickle, begins("\xfd7zXZ\x00"), packed("xz")},
		{Pickle, isLZMA, packed("lzma")},
		{Pickle, begins("\x04\x22\x4d\x18"), packed("lz4")},
		{Pickle, isZlib, packed("zlib")},
		{Tar, isTar, (*scan).tar},
		{Safetensors, isSafetensors, (*scan).safetensors},
		{XGBoost, isUBJ, (*scan).ubj},
		{JSON, isJSON, (*scan).json},
	}
}

func begins(marks ...string) func([]byte) bool {
	return func(head []byte) bool {
		for _, m := range marks {
			if bytes.HasPrefix(head, []byte(m)) {
				return true
			}
		}
		return false
	}
}

func packed(how string) func(*scan, input) Format {
	return func(s *scan, in input) Format { return s.unpack(in, how) }
}

// isZlib tells a zlib stream of a 32 KiB window by its two bytes (RFC 1950).
func isZlib(head []byte) bool {
	return len(head) > 2 && head[0] == 0x78 && binary.BigEndian.Uint16(head)%31 == 0 && head[1]&0x20 == 0
}

// isLZMA tells the old form by its usual properties and a size of dictionary
// that the encoders choose.
func isLZMA(head []byte) bool {
	return len(head) > 13 && head[0] == 0x5d && head[1] == 0 && head[2] == 0
}

func isTar(head []byte) bool { return len(head) > 262 && string(head[257:262]) == "ustar" }

func isSafetensors(head []byte) bool {
	return len(head) > 8 && head[8] == '{' && head[6] == 0 && head[7] == 0 && head[0]|head[1]|head[2]|head[3]|head[4]|head[5] != 0
}

func isUBJ(head []byte) bool {
	return len(head) > 16 && head[0] == '{' && bytes.IndexByte([]byte("iUIlL$#"), head[1]) >= 0 && bytes.Contains(head, []byte("learner"))
}

func isJSON(head []byte) bool {
	t := bytes.TrimLeft(head, " \t\r\n")
	if len(t) == 0 {
		return len(head) == 512 // what follows the blanks, its reader says
	}
	return (t[0] == '{' || t[0] == '[') && isText(head, int64(len(head))+1)
}
