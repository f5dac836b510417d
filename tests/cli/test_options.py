"""Options that a model brings: any names, any values, and the help, hints and completion of them."""

from __future__ import annotations

import click
import pytest
from click.shell_completion import ShellComplete
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from models import HOUSES, save_random
from pictures import sketch

from condcolor.cli import main
from condcolor.cli.colorize import colorize
from condcolor.cli.options import take_values
from condcolor.conditions.schema import RESERVED, Attribute, AttributeSchema, name_key
from condcolor.errors import UsageError

ODD = AttributeSchema(
    (
        Attribute("device", ("a", "b")),
        Attribute("Overwrite", ("x/y", "x_y", "..")),
        Attribute("_x", ("-1", "--model", "dark blue")),
        Attribute("o", ("1", "2")),
        Attribute("attribute-device", ("c",)),
        Attribute("skip_existing", ("yes",)),
        Attribute("髪", ("赤い", "é")),
        Attribute("debug_", ("n",)),
    )
)
ODD_FLAGS = (
    *("--attribute-device", "--attribute-Overwrite", "--x", "--attribute-o"),
    *("--attribute-attribute-device", "--attribute-skip-existing", "--髪", "--attribute-debug"),
)


@pytest.fixture
def houses(here):
    return save_random(here / "houses", HOUSES)


@pytest.fixture
def odd(here):
    return save_random(here / "odd", ODD)


def taken(model, *words: str) -> dict[str, str]:
    """The values that `colorize` takes from these words."""
    context = colorize.make_context("colorize", ["a.png", "--model", str(model), *words])
    names = [name for name in context.params if name.startswith("attribute_")]
    asked = take_values(context, {name: context.params[name] for name in names})
    return {name: spec.value for name, spec in asked.items()}


def completed(*words: str) -> list[str]:
    """What the Tab key offers for the last of these words."""
    complete = ShellComplete(main, {}, "condcolor", "_CONDCOLOR_COMPLETE")
    return [item.value for item in complete.get_completions(list(words[:-1]), words[-1])]


@pytest.mark.parametrize("place", ["-m X", "-mX", "--model X", "--model=X"])
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.usefixtures("built_in")
def test_the_model_may_be_named_anyhow_and_anywhere(condcolor, houses, here, place, first):
    sketch().save(here / "ada.png")
    model = [word.replace("X", "houses") for word in place.split()]
    values = ["--roof", "tile", "--wall-colour=mint", "--door-wood", "oak"]
    words = ["ada.png", *model, *values] if first else [*values, "ada.png", *model]
    done = condcolor("colorize", *words)
    assert (done.exit_code, done.stdout) == (0, "ada-tile-mint-oak.png\n")


HOUSE = ["--roof", "tile", "--wall-colour", "mint", "--door-wood", "oak"]


@pytest.mark.usefixtures("built_in")
def test_the_last_of_several_models_counts(houses, random_model):
    assert len(taken(random_model, "-m", str(houses), *HOUSE)) == 3


@pytest.mark.usefixtures("built_in", "houses")
def test_what_only_looks_like_the_model_is_none(condcolor, here):
    """The value of another option, and a file behind two dashes."""
    sketch().save(here / "-mhouses", "PNG")
    done = condcolor(
        "colorize", "--hair", "red", "--shirt", "blue", "-o", "-mhouses.d/", "--", "-mhouses"
    )
    assert (done.exit_code, done.stdout) == (0, "-mhouses.d/-mhouses.png\n")


@pytest.mark.usefixtures("built_in")
def test_help_lists_the_values_of_the_model(condcolor, houses):
    shown = condcolor("colorize", "--help").stdout
    assert "--hair VALUE" in shown
    assert "blue, brown, green, red, yellow" in shown
    shown = condcolor("colorize", "-m", houses, "--help").stdout
    assert "--hair " not in shown.partition("Options:")[2]
    for attribute in HOUSES.attributes:
        assert ", ".join(attribute.values) in shown


def test_help_comes_without_a_model_and_says_so(condcolor, here):
    done = condcolor("colorize", "-m", "none", "--help")
    assert done.exit_code == 0
    assert "Without the options of the model: model 'none' is neither" in " ".join(
        done.stdout.split()
    )


def test_a_long_list_of_values_is_cut_and_counted(condcolor, here):
    many = AttributeSchema((Attribute("style", tuple(f"s{i}" for i in range(200))),))
    model = save_random(here / "many", many)
    assert "and 180 more" in condcolor("colorize", "-m", model, "--help").stdout
    assert "s199" in condcolor("info", model).stdout
    assert taken(model, "--style", "s199") == {"style": "s199"}
    done = condcolor("colorize", "a.png", "-m", model, "--style", "s1999")
    assert "did you mean 's199'" in done.stderr


@pytest.mark.usefixtures("built_in")
def test_a_missing_attribute_is_named_with_its_choices(condcolor, houses):
    done = condcolor("colorize", "a.png", "--hair", "red")
    assert done.stderr.startswith(
        "Error: --shirt is missing: one of blue, brown, green, red, yellow"
    )
    done = condcolor("colorize", "a.png", "-m", houses)
    for said in ("--roof is missing: one of slate", "--wall-colour is", "--door-wood is missing"):
        assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("value", ["rad", "Red", "red ", ""])
@pytest.mark.usefixtures("built_in")
def test_a_wrong_value_is_told_with_its_choices(condcolor, value):
    done = condcolor("colorize", "a.png", "--hair", value, "--shirt", "blue")
    assert done.exit_code == 2
    assert f"--hair: {value!r} is not one of blue, brown, green, red, yellow" in done.stderr
    assert "did you mean 'red'" in done.stderr or not value


def test_attributes_named_like_options_have_options_all_the_same(odd):
    flags = [option.opts[0] for option in colorize.options_of(ODD.attributes)]
    assert tuple(flags) == ODD_FLAGS
    values = {attribute.name: attribute.values[-1] for attribute in ODD.attributes}
    words = [
        word
        for flag, value in zip(ODD_FLAGS, values.values(), strict=True)
        for word in (flag, value)
    ]
    assert taken(odd, *words) == values


def test_odd_values_color_and_name_files(condcolor, odd, here):
    sketch().save(here / "ada.png")
    first = [a.values[0] for a in ODD.attributes]
    words = [word for pair in zip(ODD_FLAGS, first, strict=True) for word in pair]
    done = condcolor("colorize", "ada.png", "-m", odd, *words)
    assert (done.exit_code, done.stderr) == (0, "")
    assert (here / "ada-a-x_y--1-1-c-yes-赤い-n.png").exists()


names = st.text(min_size=1, max_size=8).filter(
    lambda n: n.replace("-", "_").isidentifier() and name_key(n) not in RESERVED
)
values = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=8).filter(
    lambda v: v.strip() == v
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(st.dictionaries(names, st.lists(values, min_size=1, max_size=3, unique=True), max_size=4))
def test_any_schema_has_options_that_differ_and_parse(attributes):
    try:
        schema = AttributeSchema(tuple(Attribute(n, tuple(v)) for n, v in attributes.items()))
    except UsageError:  # two names alike but for case
        return
    options = colorize.options_of(schema.attributes)
    own = {flag for param in colorize.params for flag in param.opts}
    flags = [option.opts[0] for option in options]
    assert len(set(flags)) == len(flags)
    assert not set(flags) & own
    words = [
        word
        for o, v in zip(options, attributes.values(), strict=True)
        for word in (o.opts[0], v[-1])
    ]
    given_back = click.Command("x", params=options).make_context("x", words).params
    assert [given_back[f"attribute_{i}"].value for i in range(len(options))] == [
        v[-1] for v in attributes.values()
    ]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["col"], ["colorize"]),
        (["data", ""], ["new", "check", "icons", "coco", "pets"]),
        (["colorize", "--ha"], ["--hair"]),
        (["colorize", "a.png", "--hair", "b"], ["blue", "brown"]),
        (["colorize", "--hair=R"], ["red"]),
        (["colorize", "-m", "houses", "--roof", "s"], ["slate", "straw"]),
        (["colorize", "--model=houses", "--wall"], ["--wall-colour"]),
        (["colorize", "-m", "ic"], ["ic", "icons"]),  # the first asks the shell for folders
        (["info", "ic"], ["ic", "icons"]),
        (["evaluate", ""], ["", "icons"]),
        (["train", "--precision", "b"], ["bf16"]),
        (["data", "icons", "--framing", ""], ["portrait", "close", "wide"]),
        (["data", "icons", "--kit", "pix"], ["pixel-art"]),
        (["colorize", "--device", "c"], ["cpu", "cuda"]),
    ],
)
@pytest.mark.usefixtures("built_in", "houses")
def test_the_tab_key_offers_commands_options_models_and_values(words, offered):
    assert completed(*words) == offered


@pytest.mark.parametrize(
    "words", [["colorize", "-m", "none", "--"], ["nonsense", ""], ["LICENSE", ""]]
)
@pytest.mark.usefixtures("built_in")
def test_the_tab_key_never_fails(here, words):
    (here / "LICENSE").touch()
    (here / "none").mkdir()
    (here / "none/config.json").write_text("damaged")
    assert isinstance(completed(*words), list)


@pytest.mark.usefixtures("built_in")
def test_pictures_and_folders_complete_as_paths():
    complete = ShellComplete(main, {}, "condcolor", "_CONDCOLOR_COMPLETE")
    for words in (["colorize"], ["variants"], ["colorize", "a.png", "-o"], ["train"], ["plot"]):
        assert {i.type for i in complete.get_completions(words, "x")} <= {"file", "dir"}


def test_an_attribute_has_one_option_in_all_commands():
    """`TAKEN` holds the options of every command that has attributes, and no other."""
    from condcolor.cli.colorize import colorize
    from condcolor.cli.layers import layers, recolor
    from condcolor.cli.options import TAKEN

    own = {"h", "help", "debug"}
    for command in (colorize, layers, recolor):
        own |= {
            flag.lstrip("-") for param in command.params for flag in param.opts if flag[0] == "-"
        }
    assert own == TAKEN
