"""The network in PyTorch; its layer is PyTorch Geometric's own `GATv2Conv`.

This file needs torch, torch_geometric and safetensors, and nothing else: it is copied
beside exported weights, and works where no JAX is. Shapes are those of CLRS: B graphs,
N nodes; node features are (B, N), edge features (B, N, N), graph features (B,).

`GATv2Conv` computes for a receiver i and its senders j

    sum_j softmax_j(att . leaky_relu(lin_l x_j + lin_r x_i + lin_edge e_ij)) lin_l x_j

with one `lin_l` for scores and values. Here it has twice the features of a head, W_in
for the scores beside W_value for the values, and `att` is zero on the latter.
"""

# pyright: reportMissingImports=false
# (torch is in none of mindgap's extras: whoever runs this file has it)

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional
from torch_geometric.nn import GATv2Conv

SHARPEN = -1000.0
"""The constant of the simple pointer decoder (paper, Eq. 20)."""
SLOPE = 0.01
"""Slope of the leaky ReLU below zero, as in dm-clrs."""


class Seen(NamedTuple):
    """The encoded inputs of one step, and which nodes may attend to each other."""

    node: Tensor
    """(B, N, D)."""
    edge: Tensor
    """(B, N, N, D)."""
    graph: Tensor
    """(B, D)."""
    neighbours: Tensor
    """(B, N, N), True where row i may attend to column j."""


class Result(NamedTuple):
    """The results of the network on a batch."""

    logits: dict[str, Tensor]
    """Outputs as decoded at the last step of each graph."""
    hints: dict[str, Tensor]
    """Predicted hints as decoded after each step, (B, S, ...)."""
    states: Tensor
    """Hidden states after each step of attention, (B, S, N, D)."""


class Network(nn.Module):
    """A graph attention network with its encoders and decoders.

    `description` names the features and settings, and `weights` has the parameters by
    names such as `attention/value/w`; `load` reads both from a folder.
    """

    def __init__(self, description: Mapping[str, Any], weights: Mapping[str, Tensor]):
        super().__init__()
        self.features: dict[str, dict] = description["features"]
        self.encoded: list[str] = description["encoded"]
        self.decoded: list[str] = description["decoded"]
        self.config: dict[str, Any] = description["config"]
        self.linear = nn.ModuleDict(
            {
                # names of modules may not contain dots, but slashes
                name.removesuffix("/w"): _linear(weights, name.removesuffix("/w"))
                for name in weights
                if name.endswith("/w") and "attention/score" not in name
            }
        )
        self.conv = _attention(weights, self.config)
        for name in ("bias", "norm/scale", "norm/offset"):
            tensor = weights.get(f"attention/{name}")
            parameter = None if tensor is None else nn.Parameter(tensor.clone())
            self.register_parameter(name.replace("/", "_"), parameter)

    def forward(
        self,
        inputs: Mapping[str, Tensor],
        first_hints: Mapping[str, Tensor],
        steps: Tensor,
    ) -> Result:
        """Runs the network for `steps`, (B,), of each graph: its hints less one.

        `inputs` has each input feature, `first_hints` the hints before the first step,
        with pointers as node numbers.
        """
        batch, nodes = inputs["pos"].shape
        if self.config["nodes"] not in (None, nodes):
            raise ValueError(
                f"this network only takes {self.config['nodes']} nodes, got {nodes}"
            )
        fed = {
            name: self._as_fed(name, first_hints[name])
            for name in self.encoded
            if self.features[name]["stage"] == "hint"
        }
        hints = [n for n in self.decoded if self.features[n]["stage"] == "hint"]
        outputs = [n for n in self.decoded if self.features[n]["stage"] == "output"]
        hidden = inputs["pos"].new_zeros(batch, nodes, self.config["hidden_size"])
        logits: dict[str, Tensor] = {}
        predicted: dict[str, list[Tensor]] = {name: [] for name in hints}
        states = []
        total = max(1, int(steps.max()))
        last = (steps - 1).clamp(0, total - 1)
        for time in range(total):
            seen, new = self._encode({**inputs, **fed}), hidden
            for _ in range(self.config["message_steps"]):
                new = self._attend(seen, new)
                states.append(new)
            ends = last == time
            for name in outputs if ends.any() else ():
                now = self._decode(name, seen, hidden, new)
                here = ends.view(-1, *[1] * (now.dim() - 1))
                logits[name] = torch.where(here, now, logits.get(name, now))
            for name in hints:
                predicted[name].append(self._decode(name, seen, hidden, new))
            fed = {name: self._feed_back(name, predicted[name][-1]) for name in fed}
            hidden = new
        stacked = {name: torch.stack(each, 1) for name, each in predicted.items()}
        return Result(logits, stacked, torch.stack(states, 1))

    def _as_fed(self, name: str, hint: Tensor) -> Tensor:
        """A first hint as the encoder reads it: a pointer as one row of a matrix."""
        if self.features[name]["type"] == "pointer":
            hint = functional.one_hot(hint.long(), hint.shape[-1])
        return hint.to(torch.get_default_dtype())

    def _feed_back(self, name: str, prediction: Tensor) -> Tensor:
        """A decoded hint as an input of the next step: a value, choice or chances."""
        kind, hard = self.features[name]["type"], self.config.get("feedback") == "hard"
        if kind == "scalar":
            return prediction
        if kind == "mask":
            return (prediction > 0) * 1.0 if hard else prediction.sigmoid()
        if hard:
            classes = prediction.shape[-1]
            return functional.one_hot(prediction.argmax(-1), classes).to(prediction)
        return prediction.softmax(-1)

    def _encode(self, values: Mapping[str, Tensor]) -> Seen:
        """Encodes all inputs (Eq. 10) and finds who may attend to whom (Eq. 7)."""
        batch, nodes = values["pos"].shape
        size = self.config["hidden_size"]
        zeros = values["pos"].new_zeros
        node, graph = zeros(batch, nodes, size), zeros(batch, size)
        edge = zeros(batch, nodes, nodes, size)
        eye = torch.eye(nodes, dtype=torch.bool, device=node.device)
        neighbours = eye.expand(batch, nodes, nodes)
        for name in self.encoded:
            feature, value = self.features[name], values[name]
            kind, place = feature["type"], feature["location"]
            read = value if kind == "categorical" else value[..., None]
            encoded = self.linear[f"encoder/{name}"](read)
            if place == "edge" or kind == "pointer":
                edge = edge + encoded
            elif place == "node":
                node = node + encoded
            else:
                graph = graph + encoded
            if kind == "pointer":
                neighbours = neighbours | (value + value.mT > 0.5)
            elif place == "edge" and kind == "mask":
                neighbours = neighbours | (value + value.mT > 0)
        if self.config["attend_to"] == "all":
            neighbours = torch.ones_like(neighbours)
        return Seen(node, edge, graph, neighbours)

    def _attend(self, seen: Seen, hidden: Tensor) -> Tensor:
        """One step of attention: the new hidden states (Eq. 3-9, 15-17)."""
        batch, nodes, size = hidden.shape
        graph, receiver, sender = seen.neighbours.nonzero().T
        index = torch.stack([graph * nodes + sender, graph * nodes + receiver])
        edges = seen.edge[graph, receiver, sender]
        scalars = edges
        if self.bias is not None:
            oneself = (receiver == sender).to(edges)
            of_all = self.bias.shape == (1,)  # one for all nodes with themselves
            bias = self.bias * oneself if of_all else self.bias[receiver, sender]
            bias = bias[:, None]
            scalars = torch.cat([edges, bias], -1)
        reads = torch.cat([seen.node, hidden], -1)
        context = seen.graph[:, None].expand(-1, nodes, -1)
        flat = reads.flatten(0, 1), torch.cat([reads, context], -1).flatten(0, 1)
        both, (_, alpha) = self.conv(
            flat, index, scalars, return_attention_weights=True
        )
        heads = self.config["heads"]
        attended = both.view(batch * nodes, heads, 2, size // heads)[:, :, 1]
        new = attended.reshape(batch * nodes, size)
        if (kind := self.config["edge_values"]) != "none":
            new = new + self._edge_information(kind, edges, alpha, index[1], new)
        new = new + self.linear["attention/skip"](flat[0])
        new = functional.relu(new)
        if self.norm_scale is not None:
            new = functional.layer_norm(
                new, (size,), self.norm_scale, self.norm_offset, 1e-5
            )
        return new.view(batch, nodes, size)

    def _edge_information(
        self, kind: str, edges: Tensor, alpha: Tensor, receivers: Tensor, new: Tensor
    ) -> Tensor:
        """The edges' term of the attended values (Eq. 15-16)."""
        zeros = torch.zeros_like(new)
        if kind == "first_component":
            first = (alpha[:, 0] * edges[:, 0])[:, None]
            summed = zeros[:, :1].index_add(0, receivers, first)
            return torch.cat([summed, zeros[:, 1:]], -1)
        info = self.linear["attention/edge_info"](edges)
        by_head = info.view(len(info), alpha.shape[1], -1) * alpha[..., None]
        summed = zeros.index_add(0, receivers, by_head.flatten(1))
        return self.linear["attention/edge_reduce"](summed)

    def _decode(self, name: str, seen: Seen, hidden: Tensor, new: Tensor) -> Tensor:
        """The prediction of one feature (Eq. 11-14, 20)."""
        feature = self.features[name]
        reads = torch.cat([seen.node, hidden, new], -1)

        def layer(part: str, read: Tensor) -> Tensor:
            return self.linear[f"decoder/{name}/{part}"](read)

        if feature["type"] == "pointer":
            if self.config["pointer_decoder"] == "simple":
                return SHARPEN * torch.maximum(layer("p1", reads), layer("p2", reads))
            # the pointer from i to j reads the edge from j to i
            sides = layer("sender", reads)[:, :, None] + layer("edge", seen.edge)
            largest = torch.maximum(sides, layer("receiver", reads)[:, None])
            return layer("score", largest)[..., 0].mT
        if feature["location"] == "graph":
            value = layer("node", reads.amax(1)) + layer("meta", seen.graph)
        else:
            value = layer("node", reads)
        return value if feature["type"] == "categorical" else value[..., 0]


def load(folder: str | Path) -> Network:
    """The network in a folder with `network.json` and `weights.safetensors`."""
    folder = Path(folder)
    description = json.loads((folder / "network.json").read_text(encoding="utf-8"))
    return Network(description, load_file(folder / "weights.safetensors"))


def _linear(weights: Mapping[str, Tensor], name: str) -> nn.Linear:
    w, b = weights[f"{name}/w"], weights[f"{name}/b"]
    layer = nn.Linear(*w.shape)
    layer.weight, layer.bias = nn.Parameter(w.T.clone()), nn.Parameter(b.clone())
    return layer


def _attention(weights: Mapping[str, Tensor], config: Mapping[str, Any]) -> GATv2Conv:
    """PyTorch Geometric's layer with the parameters of Eq. 2."""
    size, heads = config["hidden_size"], config["heads"]
    w, b = (
        {
            part: weights[f"attention/{part}/{leaf}"]
            for part in ("in", "value", "out", "meta", "edge")
        }
        for leaf in ("w", "b")
    )
    with_bias = "attention/bias" in weights
    conv = GATv2Conv(
        (2 * size, 3 * size),
        2 * size // heads,
        heads,
        negative_slope=SLOPE,
        add_self_loops=False,
        edge_dim=size + with_bias,
    )

    def beside(first: Tensor, second: Tensor) -> nn.Parameter:
        """Columns for scores and columns for values, alternating by head."""
        by_head = [side.reshape(-1, heads, size // heads) for side in (first, second)]
        return nn.Parameter(torch.stack(by_head, 2).reshape(len(first), -1).T.clone())

    receiver = torch.cat([w["out"], w["meta"]])
    edge = w["edge"]
    if with_bias:
        edge = torch.cat([edge, torch.ones(1, size)])
    constant = b["out"] + b["meta"] + b["edge"]
    conv.lin_l.weight = beside(w["in"], w["value"])
    conv.lin_r.weight = beside(receiver, torch.zeros_like(receiver))
    conv.lin_edge.weight = beside(edge, torch.zeros_like(edge))
    conv.lin_l.bias = nn.Parameter(beside(b["in"][None], b["value"][None])[:, 0])
    conv.lin_r.bias = nn.Parameter(
        beside(constant[None], torch.zeros_like(constant)[None])[:, 0]
    )
    scores = torch.stack(
        [weights[f"attention/score_{k}/w"][:, 0] for k in range(heads)]
    )
    conv.att = nn.Parameter(torch.cat([scores, torch.zeros_like(scores)], -1)[None])
    conv.bias = nn.Parameter(torch.zeros(2 * size))
    return conv
