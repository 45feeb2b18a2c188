package model

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"
	"sync"
)

// kerasModules are those whose classes a config may name. Keras imports what a
// config says, so that any other module is as good as a pickle's import.
var kerasModules = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(keras|keras\.src|keras_core|keras_core\.src|tensorflow\.keras|tensorflow\.python\.keras)(\.(layers|models|initializers|regularizers|constraints|optimizers|losses|metrics|activations|dtype_policies|engine|saving|random)(\.[a-z0-9_]+)*)?$`)
})

// kerasActivations are the functions that a config names without a module of Keras.
const kerasActivations = " relu relu6 sigmoid hard_sigmoid softmax log_softmax tanh linear elu selu gelu softplus softsign exponential swish silu mish leaky_relu "

// kerasConfig looks through the layers of a Keras archive.
func (s *scan) kerasConfig(in input) {
	text, err := io.ReadAll(io.LimitReader(in.reader(), 64<<20))
	var v any
	if err == nil {
		err = json.Unmarshal(text, &v)
	}
	if err != nil {
		s.refuse(in, 0, "damaged config: %v", err)
		return
	}
	s.kerasObject(in, v)
}

func (s *scan) kerasObject(in input, v any) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			s.kerasObject(in, x)
		}
	case map[string]any:
		s.kerasClass(in, v)
		for _, x := range v {
			s.kerasObject(in, x)
		}
	}
}

// kerasClass refuses a class that runs code, or comes from elsewhere than Keras.
func (s *scan) kerasClass(in input, v map[string]any) {
	class, ok := v["class_name"].(string)
	if !ok {
		return
	}
	module, named := v["module"].(string)
	config, _ := v["config"].(string)
	switch {
	case class == "Lambda" || class == "__lambda__" || strings.HasSuffix(class, ">Lambda"):
		s.refuse(in, 0, "has a Lambda layer, which is Python code")
	case class == "function":
		if !strings.Contains(kerasActivations, " "+config+" ") || config == "" {
			s.refuse(in, 0, "names the function %.100q", config)
		}
	case class == "__tensor__" || class == "__numpy__" || class == "__bytes__" || class == "__ellipsis__" || class == "slice":
	case named && !kerasModules().MatchString(module):
		s.refuse(in, 0, "imports %.100q of the module %.100q", class, module)
	}
}

func (s *scan) kerasVersion(in input) {
	var v struct {
		Version string `json:"keras_version"`
	}
	text, err := io.ReadAll(io.LimitReader(in.reader(), 1<<20))
	if err == nil && json.Unmarshal(text, &v) == nil && v.Version != "" {
		s.version("keras", v.Version)
	}
}

var (
	hdf5Lambda = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`"class_name"\s*:\s*"(Lambda|__lambda__)"`) })
	// JSON has no need to write ASCII as an escape, but to hide it.
	hdf5Hidden = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[ -~"]\\u00[2-7][0-9a-fA-F]`) })
)

// hdf5 looks for a Lambda layer in the text of a Keras config that stands in
// the file. The format itself is data and not looked into.
func (s *scan) hdf5(in input) Format {
	const overlap = 256
	r := bufio.NewReaderSize(in.reader(), 1<<16)
	block := make([]byte, 0, 1<<20)
	at := int64(0)
	for {
		n, err := io.ReadFull(r, block[len(block):cap(block)])
		block = block[:len(block)+n]
		s.hdf5Block(in, block, at)
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				s.refuse(in, at, "cannot be read: %v", err)
			}
			return HDF5
		}
		kept := copy(block, block[len(block)-overlap:])
		at += int64(len(block) - kept)
		block = block[:kept]
	}
}

func (s *scan) hdf5Block(in input, b []byte, at int64) {
	if bytes.Contains(b, []byte("ambda")) {
		if m := hdf5Lambda().FindIndex(b); m != nil {
			s.refuse(in, at+int64(m[0]), "has a Lambda layer, which is Python code")
		}
	}
	if bytes.Contains(b, []byte(`\u00`)) {
		if m := hdf5Hidden().FindIndex(b); m != nil {
			s.refuse(in, at+int64(m[0]), "hides letters of a text behind escapes")
		}
	}
}
