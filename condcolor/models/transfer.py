"""The weights of a trained network fitted to other attributes and values: what is shared is kept."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from condcolor.conditions.schema import AttributeSchema
from condcolor.models.config import ModelConfig
from condcolor.runtime.messages import listed


def with_values(
    weights: Mapping[str, Tensor],
    config: ModelConfig,
    known: AttributeSchema,
    schema: AttributeSchema,
) -> dict[str, Tensor]:
    """Return the weights of a generator for `schema`, begun as those of one for `known`.

    The weights of a plane (a value of an attribute) are those of the same plane; a new value of a known
    attribute has the mean of that attribute's, a plane of a new attribute 0, which has no effect at first.

    Args:
        weights: of the trained generator.
        config: its config.
    """
    taking = _with_planes(weights, config, known.planes)
    return {
        name: _fitted(tensor, known, schema) if name in taking else tensor
        for name, tensor in weights.items()
    }


def _with_planes(weights: Mapping[str, Tensor], config: ModelConfig, planes: int) -> set[str]:
    """Return the names of the weights that multiply condition planes: the last of their inputs."""
    found = {n for n in weights if n.endswith(".cond.weight") or n == "head.colors.weight"}
    if config.cond_levels != "head":  # the first convolution sees them beside the source
        inputs = config.source_channels + planes
        found.add(next(n for n, w in weights.items() if w.ndim == 4 and w.shape[1] == inputs))
    return found


def _fitted(tensor: Tensor, known: AttributeSchema, schema: AttributeSchema) -> Tensor:
    old, new = _planes(known), _planes(schema)
    before = tensor.shape[1] - len(old)  # inputs that are no planes
    columns = [tensor[:, :before]]
    for attribute, value in new:
        alike = [i for i, plane in enumerate(old) if plane == (attribute, value)]
        alike = alike or [i for i, (name, _) in enumerate(old) if name == attribute]
        own = tensor[:, [before + i for i in alike]]
        columns.append(own.mean(dim=1, keepdim=True) if alike else torch.zeros_like(tensor[:, :1]))
    return torch.cat(columns, dim=1)


def differences(known: AttributeSchema, schema: AttributeSchema) -> list[str]:
    """Return what is new in a schema, and what of another it has no more, as sentences."""
    said = []
    names = [name for name in schema.names if name not in known.names]
    said += [f"new to the model: {listed(names)}"] if names else []
    gone = [name for name in known.names if name not in schema.names]
    said += [f"not in the data, so not in the new model: {listed(gone)}"] if gone else []
    for attribute in schema.attributes:
        if attribute.name in known.names:
            own = known.attribute(attribute.name)
            values = [value for value in attribute.values if value not in own.values]
            said += [f"{attribute.name}: new to the model: {listed(values)}"] if values else []
            values = [value for value in own.values if value not in attribute.values]
            said += [f"{attribute.name}: not in the data: {listed(values)}"] if values else []
    return said


def _planes(schema: AttributeSchema) -> list[tuple[str, str]]:
    return [(a.name, value) for a in schema.attributes for value in a.values]
