package model

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/binary"
	"testing"
)

// zipOf is an archive of files given as name, content, name, content.
func zipOf(t *testing.T, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{Name: files[i], Method: zip.Store})
		if err == nil {
			_, err = w.Write([]byte(files[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarOf(t *testing.T, name, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(content)), Mode: 0o644})
	if err == nil {
		_, err = w.Write([]byte(content))
	}
	if err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func safetensorsFile(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, data)...)
}

// ggufFile has one key and one tensor of two dimensions.
func ggufFile() []byte {
	text := func(b []byte, s string) []byte {
		return append(binary.LittleEndian.AppendUint64(b, uint64(len(s))), s...)
	}
	b := binary.LittleEndian.AppendUint32([]byte("GGUF"), 3)
	b = binary.LittleEndian.AppendUint64(b, 1)
	b = binary.LittleEndian.AppendUint64(b, 1)
	b = binary.LittleEndian.AppendUint32(text(b, "general.architecture"), 8)
	b = text(b, "llama")
	b = binary.LittleEndian.AppendUint32(text(b, "w"), 2)
	b = binary.LittleEndian.AppendUint64(b, 2)
	b = binary.LittleEndian.AppendUint64(b, 4)
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint64(b, 0)
	return append(b, make([]byte, 64)...)
}

// tensorPickle is what torch.save writes for {"w": a tensor of two floats}, by
// the opcodes of its own serialization.
const tensorPickle = "\x80\x02}q\x00X\x01\x00\x00\x00wq\x01ctorch._utils\n_rebuild_tensor_v2\nq\x02((X\x07\x00\x00\x00storageq\x03ctorch\nFloatStorage\nq\x04" +
	"X\x01\x00\x00\x000q\x05X\x03\x00\x00\x00cpuq\x06K\x02tq\x07QK\x00K\x02\x85q\x08K\x01\x85q\x09\x89ccollections\nOrderedDict\nq\x0a)Rq\x0btq\x0cRq\x0ds."

// TestTakesFormats scans files of the formats for which real.py has no library (of
// PyTorch's, real_torch.json has more),
// written by hand after the formats' descriptions.
func TestTakesFormats(t *testing.T) {
	keras := `{"module":"keras","class_name":"Sequential","config":{"layers":[{"module":"keras.layers","class_name":"Dense","config":{"units":1,"activation":"relu",` +
		`"kernel_initializer":{"module":"keras.initializers","class_name":"GlorotUniform","config":{"seed":null}}}}]}}`
	oldTorch := "\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19." + "\x80\x02M\xe9\x03." + "\x80\x02}." + tensorPickle + "\x80\x02]X\x01\x00\x00\x000a." + string(make([]byte, 16))
	for label, c := range map[string]struct {
		data    []byte
		format  Format
		tensors int
	}{
		"safetensors":       {safetensorsFile(`{"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[2],"data_offsets":[16,24]},"a":{"dtype":"BF16","shape":[2,4],"data_offsets":[0,16]}}  `, 24), Safetensors, 2},
		"empty safetensors": {safetensorsFile(`{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}`, 0), Safetensors, 1},
		"gguf":              {ggufFile(), GGUF, 1},
		"lightgbm":          {[]byte("tree\nversion=v3\nnum_class=1\nobjective=binary sigmoid:1\n\nTree=0\nnum_leaves=2\n"), LightGBM, 0},
		"torch":             {zipOf(t, "m/data.pkl", tensorPickle, "m/data/0", "\x00\x01\x02\x03\x04\x05\x06\x07", "m/version", "3\n"), Torch, 1},
		"torch before 1.6":  {[]byte(oldTorch), Torch, 0},
		"keras":             {zipOf(t, "config.json", keras, "metadata.json", `{"keras_version":"3.3.0"}`, "model.weights.h5", "\x89HDF\r\n\x1a\n"), Keras, 0},
		"a zip of a model":  {zipOf(t, "model.pkl", "\x80\x02N.", "README.md", "a model\n"), Zip, 0},
		"a tar of a model":  {tarOf(t, "model.pkl", "\x80\x02N."), Tar, 0},
		"a table":           {[]byte("count,name\n1,a\n"), Text, 0},
		"notes":             {[]byte("Git v2.10.1 and later\n"), Text, 0},
		"metrics":           {[]byte(`{"auc": 0.9}`), JSON, 0},
		"an image":          {[]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), Unknown, 0},
		"nothing":           {nil, Text, 0},
	} {
		r := scanBytes(t, c.data, Options{})
		if r.Refused() || r.Format != c.format || len(r.Holds.Tensors) != c.tensors {
			t.Errorf("%s: %s, %d tensors, %+v", label, r.Format, len(r.Holds.Tensors), r.Findings)
		}
	}
}
