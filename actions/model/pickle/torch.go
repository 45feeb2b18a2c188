package pickle

import (
	"regexp"
	"sync"
)

// torchNames are the names that PyTorch's own loader takes with weights_only.
var torchNames = map[string]string{
	"torch._utils": "_rebuild_tensor _rebuild_tensor_v2 _rebuild_parameter _rebuild_parameter_with_state _rebuild_sparse_tensor _rebuild_qtensor",
	"torch": "Size Tensor device float16 float32 float64 bfloat16 int8 int16 int32 int64 uint8 bool complex64 complex128 half float double long int short " +
		"qint8 quint8 qint32 quint4x2 quint2x4 per_tensor_affine per_channel_affine per_tensor_symmetric per_channel_symmetric per_channel_affine_float_qparams",
	"torch.nn.parameter":  "Parameter Buffer",
	"torch.storage":       "UntypedStorage TypedStorage",
	"torch.serialization": "_get_layout",
}

var torchStorage = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Z][A-Za-z0-9]*Storage$`) })

func torchAllowed(module, name string) bool {
	return has(torchNames[module], name) || (module == "torch" && torchStorage().MatchString(name))
}
