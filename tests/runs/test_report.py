"""Reports of runs: all of a log is there, nothing of it is markup, and no run is too large or too bare."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import html.parser
import io
import json
import re
import shutil
import time
from dataclasses import replace

import pytest
from drawn import draw_set
from models import ICONS
from PIL import Image
from runs import icons_test, keep_model, log_of, photo_test, plan_run, save_sheet, write_log

from condcolor.conditions.schema import Attribute, AttributeSchema
from condcolor.errors import CheckpointError, UsageError
from condcolor.models.networks import PatchGAN, count_parameters, make_generator
from condcolor.recipes import RECIPES
from condcolor.runs.curves import MOST_POINTS
from condcolor.runs.folder import FINISHED, STOPPED, TRAINING, RunFolder
from condcolor.runs.report import MOST_BYTES, page_environment, write_report
from condcolor.runs.summary import parameters
from condcolor.runs.tables import MOST_ROWS

GAN = (replace(RECIPES["icons"].phases[0], epochs=6),)
PETS = tuple(
    replace(phase, epochs=epochs)
    for phase, epochs in zip(RECIPES["pets"].phases, (2, 1, 3), strict=True)
)


VOID = frozenset(("img", "input", "meta"))  # elements that hold nothing and have no end


class Read(html.parser.HTMLParser):
    """A page as its elements, its text and its tables; every element must be closed in its order."""

    def __init__(self, text: str):
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.words: list[str] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.open: list[str] = []
        self.descriptions: list[str] = []
        self.caption = ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "caption":
            self.caption = ""
        if tag == "desc":
            self.descriptions.append("")
        if tag == "tr":
            self.tables.setdefault(self.caption, []).append([])
        if tag in ("td", "th"):
            self.tables[self.caption][-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.words.append(data)
        if "desc" in self.open:
            self.descriptions[-1] += data
        if "caption" in self.open:
            self.caption += data
        if {"td", "th"} & set(self.open):
            self.tables[self.caption][-1][-1] += data

    @property
    def charts(self) -> dict[str, tuple[str, list[dict]]]:
        """Title -> what a chart says in words, and the paths in the colours of its lines."""
        charts = {}
        for svg, words, shapes in self._drawings():
            lines = [s for s in shapes if re.match(r"var\(--s\d", s.get("stroke", "")) and "d" in s]
            charts[svg["aria-label"].removesuffix(", against steps")] = (words, lines)
        return charts

    def _drawings(self):
        """Yield each chart's svg, its description and its shapes."""
        descriptions = iter(self.descriptions)
        starts = [i for i, (_, a) in enumerate(self.elements) if a.get("role") == "img"]
        for start in starts:
            tags = [tag for tag, _ in self.elements[start:]]
            end = start + tags.index("div")  # the legend
            shapes = [attributes for _, attributes in self.elements[start + 1 : end]]
            yield self.elements[start][1], next(descriptions), shapes

    @property
    def text(self) -> str:
        return " ".join(self.words)

    def all(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.elements if name == tag]

    def table(self, begin: str) -> list[list[str]]:
        (found,) = (rows for caption, rows in self.tables.items() if caption.startswith(begin))
        return found


def report_of(run) -> Read:
    return Read(write_report(run).read_text(encoding="utf-8"))


@pytest.fixture
def icons(tmp_path):
    """A run of icons that is over, its fourth of six epochs kept."""
    run = tmp_path / "icons"
    plan = plan_run(run, phases=GAN, lr=0.0005, data="my data")
    log = log_of("gan", range(1, 7), steps=20, of=6)
    write_log(run, [*log, {"kind": "phase", "phase": "gan", "index": 0, "epoch": 6, "step": 120}])
    keep_model(run, plan, 80, icons_test(4 / 6))
    for name in ("train-epoch-0001", "test-epoch-0001", "test-epoch-0005", "test-after-gan"):
        save_sheet(run, f"{name}.png")
    return run


@pytest.fixture
def pets(tmp_path):
    """A run in three phases, the last in progress."""
    run = tmp_path / "pets"
    plan = plan_run(run, "pets", phases=PETS)
    log = log_of("generator", range(1, 3), steps=20, test=photo_test, of=6)
    end = {"kind": "phase", "phase": "generator", "index": 0, "epoch": 2, "step": 40}
    log.append(end | {"kept_step": 20, "stopped": True})
    log.append({"kind": "epoch", "phase": "critic", "epoch": 3, "step": 60, "accuracy_test": 0.9})
    log.append({"kind": "phase", "phase": "critic", "index": 1, "epoch": 3, "step": 60})
    log += log_of("gan", range(4, 6), steps=20, test=photo_test, of=6)
    write_log(run, log)
    keep_model(run, plan, 100, photo_test(5 / 6))
    return run


def test_every_epoch_and_its_measures_are_in_the_page(icons):
    page = report_of(icons)
    heads, *rows = page.table("Every epoch")
    assert [row[heads.index("epoch")] for row in rows] == [str(n) for n in range(1, 7)]
    for name, value in (
        ("hair accuracy", lambda n: f"{n / 6:.3f}"),
        ("shirt leakage", lambda n: f"{0.5 - n / 12:.4f}"),
        ("MSE", lambda n: f"{0.4 - 0.38 * n / 6:.5f}"),
        ("score", lambda n: f"{1 / n:.4f}"),
    ):
        assert [row[heads.index(name)] for row in rows] == [value(n) for n in range(1, 7)]
    assert [row[0] for row in rows if "kept" in row[0]] == ["80 ★ kept"]
    assert {row[heads.index("minutes")] for row in rows} >= {"0.5", "3.0"}


def test_all_that_is_asked_of_a_run_is_said(icons):
    page = report_of(icons)
    generator, discriminator = parameters(RunFolder.read(icons).plan.model)
    for said in (
        *("icons: sketches in chosen colours (hair, shirt), 256 px", "Finished", "my data"),
        *("250 rows to train on", "cuda, bf16", "3.0 minutes, 6 epochs, 120 steps"),
        *(f"generator {generator:,}, discriminator {discriminator:,}", "step 80, the best"),
        *("its epochs were over", f"condcolor evaluate {icons} 'my data'", "67 %"),
    ):
        assert said in page.text, said
    rows = next(rows for caption, rows in page.tables.items() if "differ from" in caption)
    assert ["lr", "training", "0.0005", "0.0002", "changed"] in rows
    assert ["epochs", "phase gan", "6", "50", "changed"] in rows
    assert ["beta1", "training", "0.5", "0.5", ""] in page.table("Every setting")


def test_what_was_taken_for_what_is_counted_for_the_kept_model_and_the_latest(icons):
    page = report_of(icons)
    kept, latest = (page.table(f"hair, the {which} (") for which in ("kept model", "latest"))
    assert kept[0] == ["asked \\ seen", *ICONS.attributes[0].values]
    assert kept[1] == ["blue", "13", "7", "·", "·", "·"]
    assert latest[1] == ["blue", "20", "·", "·", "·", "·"]
    assert "#3faee1" in [circle.get("fill") for circle in page.all("circle")]


def points(line: dict) -> list[tuple[float, float]]:
    """The places of a line, in the drawing."""
    pairs = re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", line["d"])
    return [(float(x), float(y)) for x, y in pairs]


def test_charts_hold_every_point_and_say_what_they_show(icons):
    page = report_of(icons)
    words, (hair, shirt) = page.charts["attribute accuracy"]
    assert "hair: 0.167 at step 20, 1 at step 120, best 1 at step 120" in words
    assert points(hair) == points(shirt)
    (first, *_, (last_x, last_y)) = points(hair)
    for n, (x, y) in enumerate(points(hair)):
        assert x == pytest.approx(first[0] + n * (last_x - first[0]) / 5, abs=0.1)
        assert y == pytest.approx(first[1] + n * (last_y - first[1]) / 5, abs=0.1)
    assert len(points(hair)) == 6
    assert [len(points(line)) for line in page.charts["loss"][1]] == [12, 12]
    assert len(page.charts) == 3 + 2 + 1 + 3  # of attributes, MSE and haze, the score, losses
    assert re.search(r"step 120\s+hair\s+1\s+shirt\s+1\s", page.text)  # the legend


def test_samples_are_in_the_page_in_order_with_words_for_those_who_do_not_see_them(icons):
    page = report_of(icons)
    pictures = page.all("img")
    assert [img["alt"].partition(": ")[0] for img in pictures] == [
        "epoch 1, step 20, test pictures",
        "epoch 1, step 20, train pictures",
        "epoch 5, step 100, test pictures",
        "after gan, step 120, test pictures",
    ]
    for img in pictures:
        head, _, coded = img["src"].partition(",")
        assert head == "data:image/webp;base64"
        with Image.open(io.BytesIO(base64.b64decode(coded))) as image:
            assert image.size == (int(img["width"]), int(img["height"])) == (60, 100)


def test_phases_say_when_and_why_they_ended(pets):
    page = report_of(pets)
    _, generator, critic, gan = page.table("When each phase ended")
    assert generator == [
        *("generator", "G", "2", "40"),
        "by itself: no better in 10 tests; went back to its best, step 20",
    ]
    assert critic == ["critic", "D", "1", "60", "its epochs were over"]
    assert gan[3:] == ["–", "not over: stopped before its end"]
    assert "Stopped before its end: epoch 5 of 6, step 100" in page.text
    assert f"condcolor resume {pets}" in page.text


def test_photographs_are_measured_against_grey_and_the_truth(pets):
    page = report_of(pets)
    assert "-27.8 %" in page.text  # 13 of 18
    assert "83 %" in page.text
    words, (ours, grey) = page.charts["ab error"]
    assert "left grey: 18 at step 20" in words
    steps = [x for x, _ in points(ours)]
    assert steps == [x for x, _ in points(grey)]
    assert steps == pytest.approx(
        [steps[0] + n * (steps[-1] - steps[0]) / 4 for n in (0, 1, 3, 4)], abs=0.1
    )
    assert ours["d"].count("M") == grey["d"].count("M") == 2  # broken between phases
    assert "Asked and seen" not in page.text


# -- runs in any state -----------------------------------------------------------------------------


def test_a_run_with_nothing_but_a_config_has_a_report_that_says_so(tmp_path):
    for recipe in RECIPES:
        plan_run(tmp_path / recipe, recipe)
        page = report_of(tmp_path / recipe)
        for said in ("Nothing is logged yet", "Stopped before its end", "none yet", "not said yet"):
            assert said in page.text
        assert not page.all("img")
        assert "colorize" not in page.text  # with what?


def test_an_empty_log_and_a_torn_one_are_no_faults(icons):
    log = (icons / "log.jsonl").read_text()
    (icons / "log.jsonl").write_text("")
    assert "Nothing is logged yet" in report_of(icons).text
    (icons / "log.jsonl").write_text(log + '{"kind": "st')
    assert "Nothing is logged yet" not in report_of(icons).text


def test_a_run_without_samples_or_tests_says_so(icons):
    shutil.rmtree(icons / "samples")
    write_log(icons, [{"kind": "step", "step": 10, "phase": "gan", "generator": 1.0}])
    page = report_of(icons)
    assert "There are no sample sheets" in page.text
    assert "No test so far" in page.text


def test_a_damaged_sample_is_named_and_passed_over(icons):
    (icons / "samples/test-epoch-0005.png").write_bytes(b"\x89PNG\r\n\x1a\nno")
    page = report_of(icons)
    assert len(page.all("img")) == 3
    assert re.search(r"test-epoch-0005\.png: .", page.text)


def test_a_damaged_model_is_named_and_passed_over(icons):
    (icons / "model/config.json").write_text('{"format": 1}')
    page = report_of(icons)
    assert "model/config.json: not the config of a condcolor model" in page.text
    assert len(page.table("Every epoch")) == 7


def test_whether_a_run_is_over_is_read_from_log_and_lock(icons, pets):
    assert RunFolder.read(icons).state == FINISHED
    assert RunFolder.read(pets).state == STOPPED
    with open(pets / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert RunFolder.read(pets).state == TRAINING
        assert "Training now: epoch 5 of 6" in report_of(pets).text
    assert RunFolder.read(pets).state == STOPPED


def test_a_run_that_trains_on_for_longer_is_not_over(icons):
    with open(icons / "log.jsonl", "a") as log:
        log.write(json.dumps({"kind": "step", "phase": "gan", "step": 130}) + "\n")
    assert RunFolder.read(icons).state == STOPPED


BAD = [
    *("[1]", '"text"', "7", '{"kind": "step"}', '{"kind": 3, "step": 1}', '{"step": 1}'),
    '{"kind": "step", "step": "10"}',
    '{"kind": "step", "step": 1e400}',
    '{"kind": "epoch", "step": 1, "epoch": null}',
    '{"kind": "step", "step": 1, "phase": ["gan"]}',
    '{"kind": "step", "step": 1, "phase": "\\ud800"}',
    '{"kind": "check", "step": 1, "epoch": 1, "test": 5}',
    '{"kind": "check", "step": 1, "epoch": 1, "test": {"attributes": 5}}',
    '{"kind": "check", "step": 1, "epoch": 1, "test": {"attributes": [{"name": 5}]}}',
    '{"kind": "check", "step": 1, "epoch": 1, "test": {"attributes":'
    ' [{"name": "hair", "values": ["a"], "confusion": [[1, 2]]}]}}',
    f'{{"kind": "step", "step": {10**400}}}',
]


@pytest.mark.parametrize("line", BAD, ids=range(len(BAD)))
def test_a_line_that_is_no_entry_is_named_and_what_follows_counts(icons, line):
    entries = ['{"kind": "step", "step": 10}', line, '{"kind": "step", "step": 20}']
    (icons / "log.jsonl").write_text("\n".join(entries) + "\n")
    assert "log.jsonl: line 2 damaged, left out" in report_of(icons).text
    assert RunFolder.read(icons).step == 20


@pytest.mark.parametrize("value", ["NaN", "null", '"1"', "Infinity", "true", "1e308", "[]", "-1"])
def test_figures_that_cannot_be_drawn_are_left_out(icons, value):
    line = '{"kind": "%s", "step": %d, "epoch": 1, "phase": "gan", "generator": %s, "score": %s'
    line += ', "test": {"mse": %s, "attributes": []}}\n'
    entries = [("step", 10), ("step", 20), ("check", 20), ("check", 30)]
    lines = (line % (kind, step, value, value, value) for kind, step in entries)
    (icons / "log.jsonl").write_text("".join(lines))
    shapes = [p["d"] for p in report_of(icons).all("path")]
    assert not re.search("nan|inf", " ".join(shapes), re.IGNORECASE)


# -- safe and small --------------------------------------------------------------------------------

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&"


def test_text_from_files_is_never_markup(tmp_path):
    names = Attribute("hair", (EVIL, "b"), ((1, 2, 3), (4, 5, 6)))
    schema = AttributeSchema((names, ICONS.attributes[1]))
    run = tmp_path / EVIL.replace("/", ":")
    plan = plan_run(run, schema=schema, data=EVIL)
    write_log(run, log_of(EVIL, range(1, 4), steps=20, test=lambda s: icons_test(s, schema)))
    keep_model(run, plan, 20, icons_test(0.5, schema))
    told = json.loads((run / "model/config.json").read_text())
    told["training"] |= {"device": EVIL, "precision": EVIL}
    (run / "model/config.json").write_text(json.dumps(told))
    save_sheet(run, "test-after-<script>alert(3)<:script>.png")
    page = report_of(run)
    assert len(page.all("script")) == 1
    assert [sorted(img) for img in page.all("img")] == [["alt", "height", "src", "width"]]
    assert not [a for _, attributes in page.elements for a in attributes if a.startswith("on")]
    assert page.text.count(EVIL) >= 3
    assert [rows for rows in page.tables.values() if rows[0][0].startswith("asked")]


def test_letters_that_cannot_be_seen_are_escaped():
    template = page_environment().from_string('<b class="{{ text }}">{{ text }}</b>')
    shown = "a\\x1b\\u202e\\udc80&lt;b&gt;&#34;\\n"
    made = template.render(text='a\x1b\u202e\udc80<b>"\n')
    assert made == f'<b class="{shown}">{shown}</b>'
    assert len(template.render(text="x" * 10**6)) < 2 * 6000


def test_a_page_loads_nothing_and_runs_only_its_own_script(icons):
    text = write_report(icons).read_text(encoding="utf-8")
    page = Read(text)
    policy = next(m["content"] for m in page.all("meta") if "http-equiv" in m)
    assert "default-src 'none'" in policy
    for kind in ("style", "script"):
        content = re.search(rf"<{kind}>(.*?)</{kind}>", text, re.S)[1]
        coded = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{coded}'" in policy
    assert not [a for _, a in page.elements if "style" in a]  # the policy would not let it by
    links = [a[k] for _, a in page.elements for k in ("src", "href", "action") if k in a]
    assert all(link.startswith(("data:image/webp;base64,", "#")) for link in links)
    assert "http" not in re.sub(r"http-equiv", "", text)
    anchors = {a["id"] for _, a in page.elements if "id" in a}
    assert {link[1:] for link in links if link.startswith("#")} == anchors


def test_headings_and_tables_can_be_read_aloud(icons):
    page = report_of(icons)
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == 1
    assert all(img["alt"] for img in page.all("img"))
    assert all(th["scope"] in ("row", "col") for th in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table"))
    for svg in page.all("svg"):
        assert svg.get("aria-label") or svg.get("aria-hidden") == "true"
    assert all(words for words, _ in page.charts.values())


def test_no_run_is_too_large_for_a_page_nor_takes_long(tmp_path):
    """1,400 epochs of 50 steps, with sheets of noise as large as training writes them."""
    run = tmp_path / "long"
    plan = plan_run(run, phases=(replace(GAN[0], epochs=1400),), sample_epochs=tuple(range(1, 99)))
    write_log(run, log_of("gan", range(1, 1401), steps=50, of=1400))
    keep_model(run, plan, 650, icons_test(0.5))
    save_sheet(run, "test-epoch-0001.png", (784, 1572), noise=True)
    for epoch in range(2, 31):
        shutil.copy(
            run / "samples/test-epoch-0001.png", run / f"samples/test-epoch-{epoch:04d}.png"
        )
    started = time.process_time()
    path = write_report(run)
    assert time.process_time() - started < 15  # some 3 s; sheets of noise take the longest by far
    assert path.stat().st_size < MOST_BYTES
    page = Read(path.read_text(encoding="utf-8"))
    assert len(page.all("img")) == 10
    assert "10 of 30 moments" in page.text
    rows = page.table("Every epoch")[1:]
    assert len(rows) in (MOST_ROWS, MOST_ROWS + 1)
    assert [row[0] for row in rows if "kept" in row[0]] == ["650 ★ kept"]
    assert rows[-1][0] == "70,000"
    lines = [line for _, shapes in page.charts.values() for line in shapes if "fill" in line]
    assert all(1 < len(points(line)) <= MOST_POINTS for line in lines if line["fill"] == "none")
    drawn = [shape["d"] for shape in page.all("path")]
    assert max(map(len, drawn)) > 2000
    assert all(re.fullmatch(r"([ML]-?[\d.]+ -?[\d.]+)+z?", line) for line in drawn)


def test_many_attributes_with_many_values_are_cut(tmp_path):
    values = tuple(f"value {n}" for n in range(100))
    schema = AttributeSchema(tuple(Attribute(f"a{i}", values) for i in range(20)))
    run = tmp_path / "many"
    plan_run(run, schema=schema, phases=GAN)
    write_log(run, log_of("gan", range(1, 3), steps=20, test=lambda s: icons_test(s, schema)))
    page = report_of(run)
    assert (run / "report.html").stat().st_size < 1_000_000
    assert page.table("a0, the latest (step 40): the most frequent mistakes")[1][2] == "19 of 20"
    assert "12 more lines are in the table" in page.text


# -- where it goes ---------------------------------------------------------------------------------


def test_a_report_is_made_anew_in_the_run_and_never_over_another_file(icons, tmp_path):
    assert write_report(icons) == write_report(icons) == icons / "report.html"
    there = tmp_path / "there.html"
    there.write_text("precious")
    with pytest.raises(UsageError, match="exists already"):
        write_report(icons, there)
    assert there.read_text() == "precious"
    assert write_report(icons, there, overwrite=True) == there
    assert there.read_text() == (icons / "report.html").read_text()
    with pytest.raises(UsageError, match=r"give it a name in \.html"):
        write_report(icons, tmp_path / "there.png")


def test_what_is_no_run_is_told(tmp_path):
    with pytest.raises(CheckpointError, match="not a run folder"):
        write_report(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(CheckpointError, match="cannot be read as a run's config"):
        write_report(tmp_path)
    assert not (tmp_path / "report.html").exists()


# -- its parts -------------------------------------------------------------------------------------


def test_parameters_are_counted_without_making_the_networks():
    for recipe in RECIPES.values():
        config = recipe.model_config(0, base_channels=4, max_channels=8, disc_channels=4)
        real = (count_parameters(make_generator(config)), count_parameters(PatchGAN(config)))
        assert parameters(config) == real
    photo = RECIPES["photo"].model_config(0)
    assert parameters(photo) == (54_409_856, 2_765_633)


def test_baselines_stand_beside_the_model(tmp_path, condcolor, here):
    draw_set(here / "data/train", (0, 1))
    draw_set(here / "data/test", (2,))
    small = "--image-size 16 --batch-size 4 --disc-layers 1 --depth 4 --base-channels 4"
    done = condcolor(
        "train", "data", "--out", "run", "--epochs", 1, "--device", "cpu", *small.split()
    )
    assert done.exit_code == 0, done.output
    page = Read((here / "run/report.html").read_text(encoding="utf-8"))  # train leaves one
    assert "Finished" in page.text
    assert "condcolor report run --evaluate" in page.text
    done = condcolor("report", "run", "--evaluate", "--device", "cpu")
    assert (done.exit_code, done.stdout) == (0, "run/report.html\n")
    rows = Read((here / "run/report.html").read_text(encoding="utf-8")).table("test: 1 pictures")
    assert [row[0] for row in rows] == ["", "model", "flat fill", "grey"]
    assert all(len(row) == len(rows[0]) for row in rows)
    shutil.rmtree(here / "data")
    done = condcolor("report", "run", "--evaluate")
    assert done.exit_code == 3
    assert condcolor("report", "run").exit_code == 0
