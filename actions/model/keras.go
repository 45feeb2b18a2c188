package model

import (
	"encoding/json"
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
