"""The avatar kits: a row each, and what differs between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

HAIR, SHIRT, SKIN = "hair", "shirt", "skin"  # also the order of a mask's channels
BEARDS = ("facialHair", "beard", "mustache")  # components that only some heads wear
FEATURES = ("eyes", "eyebrows", "mouth", "nose", "glasses", "accessories", "mood")


@dataclass(frozen=True)
class Kit:
    """A dicebear style, which has the kit's name, and how it is drawn as line art."""

    weight: int  # its share of the characters
    hair: str  # component whose variants are the hair shapes
    slots: Mapping[str, str]  # color slot -> part
    stroke: float  # width of outlines added to slots, in kit units; 0: the kit has its own
    held_out: tuple[str, ...]  # hair shapes drawn on request only
    transform: tuple[float, float, float]  # scale, x, y: kit units to a 256 square
    bald: tuple[str, ...] = ()  # hair shapes without visible hair
    excluded: tuple[str, ...] = ()  # hair shapes that are never drawn
    tones: Mapping[str, str] = field(default_factory=dict)  # color of other slots; default white
    optional: Mapping[str, float] = field(default_factory=dict)  # component -> chance; default 1
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # component -> its variants
    # components whose fine marks are drawn solid and never have a part's color
    features: tuple[str, ...] = FEATURES
    held_out_parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # further variants
    bearded: tuple[str, ...] = ()  # hair shapes that facial hair goes with; default all
    chin: float | None = None  # y below which a bust is added to a kit of heads
    ink: Mapping[str, float] = field(default_factory=dict)  # slot of filled lines -> stroke width


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


KITS: dict[str, Kit] = {
    "avataaars": Kit(
        weight=30,
        hair="top",
        slots={"hair": HAIR, "facialHair": HAIR, "clothes": SHIRT, "skin": SKIN},
        stroke=4,
        transform=(256 / 280, 0, 0),
        held_out=("curly", "bigHair", "shaggyMullet", "dreads02"),
        bald=("sides",),
        excluded=_names("hat hijab turban winterHat02 winterHat03 winterHat04 winterHat1"),
        tones={"accessories": "#333333"},
        optional={"accessories": 0.1, "facialHair": 0.25},
        bearded=_names(
            "dreads01 dreads02 frizzle shaggy shortCurly shortFlat shortRound shortWaved sides "
            "theCaesar theCaesarAndSidePart"
        ),
        only={
            "mouth": ("default", "eating", "serious", "smile", "twinkle"),
            "eyebrows": _names(
                "default defaultNatural flatNatural raisedExcited raisedExcitedNatural upDown"
            ),
            "eyes": ("closed", "default", "happy", "side", "squint", "surprised", "wink"),
        },
    ),
    "personas": Kit(
        weight=14,
        hair="hair",
        slots={"hair": HAIR, "facialHair": HAIR, "clothing": SHIRT, "skin": SKIN},
        stroke=1,
        transform=(4, 0, 0),
        held_out=("pigtails", "curlyHighTop"),
        bald=("bald", "balding"),
        excluded=("beanie", "cap"),
        optional={"facialHair": 0.25},
        only={"mouth": ("bigSmile", "frown", "lips", "smile", "smirk", "surprise")},
        bearded=_names(
            "bald balding bunUndercut buzzcut curlyHighTop fade mohawk shortCombover "
            "shortComboverChops"
        ),
    ),
    "micah": Kit(
        weight=6,
        hair="hair",
        slots={"hair": HAIR, "facialHair": HAIR, "shirt": SHIRT, "base": SKIN},
        stroke=4,
        transform=(256 / 360, 0, 0),
        held_out=("pixie",),
        bald=("mrClean", "dougFunny"),
        bearded=("dannyPhantom", "fonze", "mrT", "mrClean", "dougFunny"),
        excluded=("turban",),
        tones={
            "mouth": "#000000",
            "eyes": "#000000",
            "eyebrows": "#000000",
            "glasses": "#000000",
            "earring": "#000000",
            "eyeShadow": "#999999",
        },
        optional={"facialHair": 0.15, "earrings": 0.3, "glasses": 0.15},
    ),
    "toon-head": Kit(
        weight=12,
        hair="hair",
        slots={"hair": HAIR, "clothes": SHIRT, "skin": SKIN},
        stroke=10,
        transform=(0.291, 16.2, 0),
        held_out=("bun",),
        tones={"stroke": "#000000"},
        optional={"beard": 0.3, "rearHair": 0.55},
        held_out_parts={"rearHair": ("longWavy",)},
        bearded=("sideComed", "undercut"),
    ),
    "miniavs": Kit(
        weight=7,
        hair="hair",
        slots={"hair": HAIR, "body": SHIRT, "skin": SKIN},
        stroke=1,
        transform=(3.3, 22, 20),
        held_out=("curly",),
        bald=("balndess", "slaughter"),
        optional={"glasses": 0.15, "mustache": 0.2, "blush": 0.0},
        bearded=("classic01", "classic02", "elvis", "stylish", "balndess", "slaughter"),
    ),
    "pixel-art": Kit(
        weight=5,
        hair="hair",
        slots={"hair": HAIR, "clothing": SHIRT, "skin": SKIN},
        stroke=0.25,
        transform=(13, 24, 48),
        held_out=("long05", "long12", "long16", "short06", "short17"),
        tones={"eyes": "#000000", "mouth": "#444444", "glasses": "#444444"},
        bald=("short07", "short20", "short21", "short23"),
        only={
            "clothes": tuple(
                f"variant{n:02d}" for n in (1, 2, 3, 4, 5, 6, 8, 10, 11, 12, 13, 14, 16, 17, 23)
            )
        },
        optional={"glasses": 0.1, "beard": 0.0, "hat": 0.0, "accessories": 0.0},
    ),
    "voxel-art": Kit(
        weight=7,
        hair="top",
        slots={"hair": HAIR, "shirt": SHIRT, "jacket": SHIRT, "skin": SKIN},
        stroke=1.3,
        transform=(2.35, -18, -2),
        held_out=("buns", "curly"),
        excluded=("cap", "beanie", "animalEars", "bunnyEars"),
        tones={"shoes": "#555555", "pants": "#aaaaaa"},
        only={
            "animation": ("none",),
            "outfit": ("plain", "jacket", "hoodie", "tie", "coat", "dress", "suit"),
        },
        optional={"beard": 0.15, "glasses": 0.1, "cheeks": 0.0, "animation": 0.0},
        bearded=("short", "spiky", "sideSwept", "halfShaved"),
        features=("eyes", "eyebrows", "mouth", "glasses"),
    ),
    "adventurer": Kit(
        weight=24,
        hair="hair",
        slots={"hair": HAIR, "skin": SKIN},
        stroke=0,
        transform=(0.3, 15.5, -5),
        chin=164,
        ink={"ink": 5},
        held_out=("long01", "long06", "long16", "short03", "short16"),
        bald=("short19", "short12"),
        tones={
            "ink": "#000000",
            "eyes": "#000000",
            "glasses": "#000000",
            "throat": "#333333",
            "lips": "#999999",
            "tongue": "#999999",
        },
        optional={"glasses": 0.1, "details": 0.1, "earrings": 0.2},
    ),
    "lorelei": Kit(
        weight=24,
        hair="hair",
        slots={"hair": HAIR, "skin": SKIN},
        stroke=12,
        transform=(0.23, 15, 0),
        chin=170,
        bald=("variant25", "variant28", "variant34"),
        ink={"outline": 5, "eyebrows": 3, "mouth": 3, "nose": 3},
        held_out=("variant05", "variant15", "variant24", "variant27", "variant31", "variant40"),
        tones=dict.fromkeys(
            ("outline", "eyes", "eyebrows", "mouth", "nose", "freckles", "glasses", "earrings"),
            "#000000",
        ),
        optional={
            "glasses": 0.1,
            "beard": 0.0,
            "earrings": 0.1,
            "freckles": 0.1,
            "hairAccessories": 0.0,
        },
    ),
    "big-ears": Kit(
        weight=20,
        hair="hair",
        slots={"hair": HAIR, "skin": SKIN},
        stroke=11,
        transform=(0.44, 31, 2),
        chin=172,
        held_out=("long02", "long11", "long16", "short06", "short18"),
        held_out_parts={"frontHair": ("variant05",)},
        optional={"details": 0.1},
    ),
    "big-smile": Kit(
        weight=8,
        hair="hair",
        slots={"hair": HAIR, "skin": SKIN},
        stroke=10,
        transform=(0.39, 30, 18),
        chin=162,
        held_out=("curlyShortHair", "wavyBob"),
        optional={"accessories": 0.0},
    ),
    "dylan": Kit(
        weight=8,
        hair="hair",
        slots={"hair": HAIR, "skin": SKIN},
        stroke=1.4,
        transform=(2.45, 28.5, 2),
        chin=165,
        held_out=("longCurls",),
        optional={"facialHair": 0.15},
        bearded=("flatTop", "plain", "parting", "shortCurls", "spiky", "wavy"),
    ),
}
