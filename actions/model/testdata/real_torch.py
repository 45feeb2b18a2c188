#!/usr/bin/python3
"""Writes what PyTorch saves, as JSON: name to bytes in base64. Names that begin with
"refused" are of files that cannot be known to be harmless: a module's own class, and
TorchScript. Debian 12 has PyTorch 1.13.

    /usr/bin/python3 real_torch.py >real_torch.json
"""

import base64, io, json, pickle, sys

import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2), nn.ReLU(), nn.Linear(2, 1))
adam = torch.optim.Adam(model.parameters())
model(torch.ones(4, 3)).sum().backward()
adam.step()
files = {}


def add(label, thing, **how):
    f = io.BytesIO()
    torch.save(thing, f, **how)
    files[label] = {"data": base64.b64encode(f.getvalue()).decode()}


add("state", model.state_dict())
add("state before 1.6", model.state_dict(), _use_new_zipfile_serialization=False)
add("state, protocol 4", model.state_dict(), pickle_protocol=4)
add("checkpoint", {"model": model.state_dict(), "optimizer": adam.state_dict(), "epoch": 3, "loss": 0.5})
add("kinds", [torch.arange(3), torch.tensor(1 + 2j), torch.ones(2, dtype=torch.bool), torch.ones(2, dtype=torch.bfloat16), torch.ones(2, dtype=torch.half)])
add("parameter", nn.Parameter(torch.ones(2)))
add("views of one memory", [torch.ones(4)[1:], torch.ones(2, 2).t()])
add("sparse", torch.sparse_coo_tensor([[0, 1]], [1.0, 2.0], (2,)))
add("shape, type and device", [torch.Size([1, 2]), torch.float32, torch.device("cpu")])
add("quantized", torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8))
add("refused: a module", model)
script = io.BytesIO()
torch.jit.save(torch.jit.script(nn.Linear(1, 1)), script)
files["refused: TorchScript"] = {"data": base64.b64encode(script.getvalue()).decode()}
files["refused: a pickle of a state"] = {"data": base64.b64encode(pickle.dumps(model.state_dict())).decode()}

json.dump(files, sys.stdout, indent=0, sort_keys=True)
print()
