package model

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Configs that let Keras run what they name, by a layer and by an import.
const (
	kerasLambda   = `{"module":"keras","class_name":"Sequential","config":{"layers":[{"module":"keras.layers","class_name":"Lambda","config":{}}]}}`
	kerasFunction = `{"module":"keras","class_name":"Sequential","config":{"layers":[{"module":"keras.layers","class_name":"Dense","config":{"activation":{"module":"os","class_name":"function","config":"system"}}}]}}`
	kerasImport   = `{"config":{},"class_name":"Popen","module":"subprocess"}`
	kerasDense    = `{"class_name":"Sequential","config":{"layers":[{"module":"keras.layers","class_name":"Dense","config":{"activation":"relu"}}]}}`
)

func hdf5Of(texts ...string) []byte {
	return []byte("\x89HDF\r\n\x1a\n" + strings.Repeat("\x00{\x01", 100) + strings.Join(texts, strings.Repeat("\x00", 5000)) + "\x00")
}

// TestRefusesConfigs puts what runs code where a config is read and the kind of
// the file does not say so.
func TestRefusesConfigs(t *testing.T) {
	harmless, weights := "\x80\x02}.", "\x89HDF\r\n\x1a\n"
	for label, data := range map[string][]byte{
		"Keras that looks like PyTorch":   zipOf(t, "config.json", kerasLambda, "metadata.json", "{}", "model.weights.h5", weights, "x/data.pkl", harmless),
		"Keras without weights":           zipOf(t, "config.json", kerasFunction),
		"Keras with weights of NumPy":     zipOf(t, "config.json", kerasLambda, "model.weights.npz", string(zipOf(t))),
		"Keras in an archive":             zipOf(t, "a.keras", string(zipOf(t, "config.json", kerasImport))),
		"a config in UTF-16":              zipOf(t, "config.json", "\xff\xfe{\x00}\x00", "x/data.pkl", harmless),
		"JSON of a model":                 []byte(kerasLambda),
		"JSON behind blanks":              []byte(strings.Repeat(" \n", 600) + kerasFunction),
		"JSON with NaN":                   []byte(`{"a": NaN, ` + kerasLambda[1:]),
		"JSON with NaN and escapes":       []byte(`{"a": NaN, "cl\u0061ss_name": "Lambda"}`),
		"HDF5 with a function":            hdf5Of(kerasDense, kerasFunction),
		"HDF5 with an import":             hdf5Of(kerasImport),
		"HDF5 with a package's Lambda":    hdf5Of(`{"class_name": "keras>Lambda", "config": {}}`),
		"HDF5 with a config that is none": hdf5Of(`{"a": NaN, "class_name": "Dense"}`),
		"HDF5 with a class far behind":    hdf5Of(`{"a": "` + strings.Repeat("a", 5000) + `", "class_name": "Popen", "module": "subprocess"}`),
		"HDF5 with very many beginnings":  hdf5Of(strings.Repeat("{\x00", 4000) + kerasImport),
		"Transformers' code":              []byte(`{"auto_map": {"AutoModel": "modeling_x.XModel"}}`),
		"Transformers' code, elsewhere":   []byte(`{"auto_map": {"AutoTokenizer": ["eve/repo--code.X", null]}}`),
		"a folder with bytes":             bytes.ReplaceAll(zipOf(t, "m/data.pkl", harmless, "m/data.pklX", "\x80\x02cos\nsystem\n."), []byte("pklX"), []byte("pkl/")),
		"a list of a range":               []byte("\x80\x02cbuiltins\nlist\ncbuiltins\nrange\n\x8a\x06\x00\x00\x00\x00\x00\x01\x85R\x85R."),
		"an array of a size":              []byte("\x80\x02cnumpy\nndarray\n\x8a\x06\x00\x00\x00\x00\x00\x01\x85R."),
		"an array rebuilt with a size":    []byte("\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n\x8a\x06\x00\x00\x00\x00\x00\x01\x85U\x01b\x87R."),
		"a matrix of a size":              []byte("\x80\x02cnumpy\nidentity\nJ\x00\x00\x00\x40\x85R."),
	} {
		if r := scanBytes(t, data, Options{}); !r.Refused() {
			t.Errorf("%s: taken as %s: %+v", label, r.Format, r.Holds)
		}
	}
}

// TestTakesConfigs are configs of the same places that run nothing.
func TestTakesConfigs(t *testing.T) {
	for label, data := range map[string][]byte{
		"HDF5":                 hdf5Of(kerasDense, `{"optimizer_config": {"class_name": "Adam", "config": {"lr": 0.1}}}`),
		"JSON of a model":      []byte(kerasDense),
		"metrics with NaN":     []byte(`{"loss": NaN}`),
		"Transformers":         []byte(`{"architectures": ["BertModel"], "hidden_size": 768}`),
		"an archive of theirs": zipOf(t, "config.json", `{"hidden_size": 768}`, "model.bin.txt", "a"),
		"an empty folder":      zipOf(t, "m/", "", "m/a.txt", "a"),
		"a range":              []byte("\x80\x02cbuiltins\nrange\nK\x00K\x0aK\x01\x87R."),
	} {
		if r := scanBytes(t, data, Options{}); r.Refused() {
			t.Errorf("%s (%s): %+v", label, r.Format, r.Findings)
		}
	}
	allowed := Options{Allow: []string{"modeling_x.XModel"}}
	if r := scanBytes(t, []byte(`{"auto_map": {"AutoModel": "modeling_x.XModel"}}`), allowed); r.Refused() {
		t.Errorf("an allowed class: %+v", r.Findings)
	}
}

// TestONNXByName holds a file called .onnx to the format whatever it starts with.
func TestONNXByName(t *testing.T) {
	tensor := append([]byte{8, 1, 16, 1}, wireText(13, wireText(1, []byte("location")), wireText(2, []byte("../x")))...)
	file := append(wireText(7, wireText(5, append(tensor, 0x70, 1))), 8, 8)
	if r := scanFile(t, "model.onnx", append(file, wireText(8, []byte{16, 17})...)); r.Format != ONNX || !r.Refused() {
		t.Errorf("%s: %+v", r.Format, r.Findings)
	}
	if r := scanFile(t, "model.onnx", []byte("version https://git-lfs.github.com/spec/v1\n")); !r.Refused() {
		t.Errorf("a pointer: %+v", r.Holds)
	}
}

// wireText is a field of protobuf of wire type 2.
func wireText(number int, parts ...[]byte) []byte {
	var body []byte
	for _, p := range parts {
		body = append(body, p...)
	}
	return append(binary.AppendUvarint([]byte{byte(number<<3 | 2)}, uint64(len(body))), body...)
}

func scanFile(t *testing.T, name string, data []byte) *Report {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := Scan(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}
