"""The interface described as OpenAPI.

Version 3.1, written by hand; a test compares it with the routes of `app.py`.
"""

from __future__ import annotations

from typing import Any

from condcolor.imaging.layer_files import LAYER_MEDIA_TYPES
from condcolor.version import __version__

ID = {
    "name": "id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    "description": "What POST /api/sketches gave.",
}
NUMBER = {
    "name": "number",
    "in": "path",
    "required": True,
    "schema": {"type": "integer", "minimum": 0},
    "description": "The place of the picture in /api/review, from 0.",
}
LAYER = {
    "name": "name",
    "in": "path",
    "required": True,
    "schema": {"type": "string"},
    "description": "A name that /layers lists.",
}


def _query(name: str, description: str, **schema: object) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": schema}


MODEL = _query("model", "A name that /api/models lists; the first, if left out.", type="string")
VALUES = {
    "name": "values",
    "in": "query",
    "style": "form",
    "explode": True,
    "schema": {"type": "object", "additionalProperties": {"type": "string"}},
    "example": {"hair": "red", "shirt": "#ff8800"},
    "description": "One an attribute of the model: a value of it, a colour (#ff8800, rgb(255,136,0), tan), "
    "a mix (red:0.6,brown:0.4), `none`, or `keep`.",
}
KEEP = _query(
    "keep",
    "An attribute to leave as it is, in place of its value; repeatable.",
    type="array",
    items={"type": "string"},
)
HIDE = _query("hide", "A layer to leave out; repeatable.", type="array", items={"type": "string"})
VIVID = _query(
    "vivid", "Models of photographs: strength of the colours.", type="number", minimum=0, maximum=4
)
PAPER = _query(
    "paper",
    "Drawings: `keep` the paper, `white`, or a colour of new paper.",
    type="string",
    default="keep",
)
RECOLOR = _query(
    "recolor",
    "Photographs that have colours already: `no` leaves them as they are, `grey` colours their grey areas, "
    "`all` colours them anew.",
    enum=["no", "grey", "all"],
)
HINT = _query(
    "hint",
    "Photographs: what lies at a pixel has a colour, x,y=colour, such as 120,80=#c03020. Repeatable.",
    type="array",
    items={"type": "string"},
)
PART = _query(
    "part",
    "Models that find parts: the piece at a pixel is of a part, x,y=part, such as 120,80=hair; `none` is "
    "left white. Or it is of a person, counted from the left: 120,80=person-2. "
    "Repeatable, in order, together with `cut` at most 500.",
    type="array",
    items={"type": "string"},
)
CUT = _query(
    "cut",
    "Models that find parts: the pieces that a line crosses are divided along it, x,y:x,y. Repeatable.",
    type="array",
    items={"type": "string"},
)
LONGER = _query(
    "longer", "Reduce the picture: pixels of its longer side, at most.", type="integer", minimum=1
)
LABELS = _query("labels", "`no`: bare pictures, without headings.", enum=["yes", "no"])
ERROR = {
    "description": "What was wrong, in a line.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["error"],
                "properties": {"error": {"type": "string"}},
            }
        }
    },
}
BUSY = {
    **ERROR,
    "description": "Too much waits; ask again later.",
    "headers": {"Retry-After": {"schema": {"type": "integer"}}},
}
BYTES = {"schema": {"type": "string", "format": "binary"}}
JSON = {"application/json": {"schema": {"type": "object"}}}


def _get(summary: str, content: dict[str, Any], *parameters: dict[str, Any]) -> dict[str, Any]:
    answers: dict[str, object] = {"200": {"description": "It.", "content": content}}
    if parameters:
        answers |= {"400": ERROR, "404": ERROR, "503": BUSY}
    return {"get": {"summary": summary, "parameters": list(parameters), "responses": answers}}


PNG = {"image/png": BYTES}
ONE = "/api/sketches/{id}"
PATHS = {
    "/api/health": _get("Whether it runs, and how many requests wait.", JSON),
    "/api/models": _get("The models, their attributes, values and colours.", JSON),
    "/api/sketches": {
        "post": {
            "summary": "Send a sketch or photograph, its file's bytes as the body; it is kept for a while.",
            "requestBody": {"required": True, "content": {"image/*": BYTES}},
            "responses": {
                "201": {
                    "description": "Its id, size, notes, whether it has colours, and its kind (drawing, "
                    "photograph, or empty).",
                    "content": JSON,
                },
                **dict.fromkeys(("400", "408", "413", "415"), ERROR),
                "503": BUSY,
            },
        }
    },
    f"{ONE}/sketch.png": _get("The picture as it was understood.", PNG, ID),
    f"{ONE}/colored.png": _get(
        "It in colours.",
        PNG,
        *(ID, MODEL, VALUES, KEEP, HIDE, VIVID, HINT, RECOLOR, PAPER, PART, CUT, LONGER),
    ),
    f"{ONE}/doubts.png": _get(
        "Models that find parts: a mask, opaque on the pieces whose part is a close vote.",
        PNG,
        *(ID, MODEL, PART, CUT),
    ),
    f"{ONE}/areas.png": _get(
        "The attribute that colours each pixel: its number from 1 in the order of /api/models; 0 for none.",
        PNG,
        *(ID, MODEL, LONGER),
    ),
    f"{ONE}/pieces": _get(
        "Models that find parts: its size, notes, and its pieces: number, a point inside, box (left, top, "
        "right, bottom), area in pixels, part, probability, whether it is in doubt, or set by a correction.",
        JSON,
        *(ID, MODEL, PART, CUT),
    ),
    f"{ONE}/pieces.png": _get(
        "The number of the piece of each pixel, as R + 256 G + 65536 B.",
        PNG,
        *(ID, MODEL, LONGER, PART, CUT),
    ),
    f"{ONE}/persons": _get(
        "Models that find parts: how many persons there are, and the person of each piece by its number, "
        "from 1, left to right; 0 is nobody.",
        JSON,
        *(ID, MODEL, PART, CUT),
    ),
    f"{ONE}/parts.json": {
        **_get("The file x.parts.json with these corrections.", JSON, ID, MODEL, PART, CUT),
        "post": {
            "summary": "Send a file x.parts.json, of this picture at any size: its corrections as texts of "
            "`part` (with a =) and `cut`, and what does not fit, a line each.",
            "parameters": [ID, MODEL],
            "requestBody": {"required": True, "content": JSON},
            "responses": {
                "200": {"description": "Corrections, misfits.", "content": JSON},
                **dict.fromkeys(("400", "404", "408", "413"), ERROR),
                "503": BUSY,
            },
        },
    },
    f"{ONE}/variants.png": _get(
        "Every combination of values on a sheet.", PNG, ID, MODEL, LABELS, PART, CUT
    ),
    f"{ONE}/layers": _get(
        "The names of its layers, bottom first.", JSON, ID, MODEL, VALUES, KEEP, PAPER, PART, CUT
    ),
    **{
        f"{ONE}/layers{suffix}": _get(
            f"Its layers as {suffix} file.",
            {media_type: BYTES},
            *(ID, MODEL, VALUES, KEEP, PAPER, PART, CUT),
        )
        for suffix, media_type in LAYER_MEDIA_TYPES.items()
    },
    f"{ONE}/layers/{{name}}.png": _get(
        "A layer.", PNG, ID, LAYER, MODEL, VALUES, KEEP, PAPER, PART, CUT
    ),
    "/api/review": _get(
        "condcolor serve --review: the pictures in doubt, in order: name, doubts, values; else none.",
        JSON,
    ),
    "/api/review/{number}": {
        "post": {
            "summary": "Open a picture of the review: its id, width, height, notes, and the corrections and "
            "misfits of its x.parts.json.",
            "parameters": [NUMBER],
            "responses": {
                "200": {"description": "It.", "content": JSON},
                **dict.fromkeys(("400", "404"), ERROR),
                "503": BUSY,
            },
        }
    },
    "/api/review/{number}/parts": {
        "put": {
            "summary": "Write its corrections to x.parts.json beside it, and colour it again.",
            "parameters": [NUMBER, PART, CUT],
            "responses": {
                "200": {"description": "What is still in doubt, as text.", "content": JSON},
                **dict.fromkeys(("400", "404"), ERROR),
                "503": BUSY,
            },
        }
    },
    "/openapi.json": _get("This description.", JSON),
}


def describe() -> dict[str, Any]:
    """Return the OpenAPI document."""
    info = {
        "title": "condcolor",
        "version": __version__,
        "description": "Colours a picture the way you name it.",
    }
    return {"openapi": "3.1.0", "info": info, "paths": PATHS}
