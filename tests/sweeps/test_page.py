"""The page stands alone, says what the figures are, and draws them where they belong."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from tests.sweeps.folders import Made, make_sweep, worked_sweep
from toolkit.sweeps.comparison import ComparedJob, Comparison, read_comparison
from toolkit.sweeps.page import comparison_page
from toolkit.sweeps.plots import Plot, ordered, series

REFERRING = {"src", "href", "srcset", "data", "poster", "action", "xlink:href", "background"}


class Page(HTMLParser):
    """Tags with their attributes, and the words of the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    return worked_sweep(tmp_path / "sweep")


@pytest.fixture
def text(sweep: Path) -> str:
    return comparison_page(read_comparison(sweep), sweep)


def test_the_page_asks_for_nothing_from_anywhere(text: str, sweep: Path) -> None:
    page = Page(text)
    assert not {"script", "link", "img", "iframe", "object", "embed", "base"} & {
        tag for tag, _ in page.tags
    }
    given = [v for _, attrs in page.tags for name, v in attrs.items() if name in REFERRING]
    assert given == ["0/run.json", "1/run.json", "2/run.json"]
    assert all((sweep / path).is_file() for path in given)
    assert not re.search(r"url\(|@import|//[a-z]", text)
    policy = [meta["content"] for meta in page.all("meta") if "http-equiv" in meta]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_a_job_leads_to_the_page_of_its_run_where_there_is_one(sweep: Path) -> None:
    (sweep / "1" / "report.html").touch()
    page = Page(comparison_page(read_comparison(sweep), sweep))
    links = [link["href"] for link in page.all("a")]
    assert links == ["0/run.json", "1/report.html", "2/run.json"]


def test_what_a_job_says_cannot_become_markup(text: str) -> None:
    assert "feed <b>.csv: no header, the file is empty" in Page(text).words
    assert "<b>" not in text


def test_no_character_of_an_override_or_an_error_acts(tmp_path: Path) -> None:
    odd = "a\x1b[2J\u202eb"
    jobs = [Made((f"input={odd}{n}",), seconds=1.0 + n) for n in range(2)]
    folder = make_sweep(tmp_path / "sweep", [*jobs, Made((f"input={odd}",), "failed", odd)])
    text = comparison_page(read_comparison(folder), folder)
    assert {c for c in text if not c.isprintable()} == {"\n"}
    assert "".join(Page(text).words).count(r"a\x1b[2J\u202eb") >= 5


def test_every_figure_is_plotted_against_every_key(text: str) -> None:
    titles = [svg["aria-label"] for svg in Page(text).all("svg")]
    metrics = "clean s, aggregate s, total s, rows/s, peak memory, rows clean, rows rejected"
    assert titles == [
        f"{metric} by {key}"
        for key in ("partitions.count", "cluster")
        for metric in metrics.split(", ")
    ]


def test_the_best_are_marked_in_table_and_plots(text: str) -> None:
    page = Page(text)
    assert [cell["data-label"] for cell in page.all("td") if "best" in cell["class"]] == [
        *("aggregate s", "peak memory"),
        *("clean s", "total s", "rows/s"),
        *("aggregate s", "peak memory"),
    ]
    # Each of them once for each of the two keys.
    assert len([circle for circle in page.all("circle") if "best" in circle["class"]]) == 14


def job(number: int, seconds: float, *overrides: str) -> ComparedJob:
    return ComparedJob(number, overrides, "ok", figures={"seconds": seconds})


def plot(*jobs: ComparedJob, key: str = "n") -> Plot:
    comparison = Comparison("clean-data", "", jobs)
    return Plot(comparison, comparison.metrics[0], key)


def places(drawn: Plot) -> list[tuple[float, float]]:
    circles = Page(drawn.svg()).all("circle")
    return [(float(circle["cx"]), float(circle["cy"])) for circle in circles]


def test_a_point_lies_where_its_value_and_figure_are() -> None:
    (x1, y1), (x2, y2), (x3, y3) = places(
        plot(job(0, 4.0, "n=16"), job(1, 2.0, "n=2"), job(2, 0.0, "n=4"))
    )
    assert x2 < x3 < x1
    assert x3 - x2 == pytest.approx(x1 - x3, abs=0.2)
    # Down is positive: zero lies on the axis, 2 halfway between it and 4.
    assert y3 > y2 > y1
    assert y3 - y2 == pytest.approx(y2 - y1, abs=0.2)


def test_a_line_joins_the_medians_of_its_points() -> None:
    jobs = [job(n, s, f"n={v}", f"seed={n}") for n, (s, v) in enumerate([(1, 1), (9, 1), (3, 2)])]
    jobs += [job(3, 2.0, "n=1", "seed=3"), job(4, 4.0, "n=2", "seed=4")]
    drawn = plot(*jobs)
    (line,) = [path["d"] for path in Page(drawn.svg()).all("path") if "line" in path["class"]]
    ys = [float(pair.split()[1]) for pair in line.removeprefix("M").split("L")]
    points = places(drawn)
    assert ys[0] == points[3][1]
    assert ys[1] == pytest.approx((points[2][1] + points[4][1]) / 2, abs=0.11)


def test_other_keys_make_lines_while_they_are_few() -> None:
    few = [job(n, 1.0 + n, f"n={n % 2}", f"kind={n // 2}") for n in range(8)]
    many = [job(n, 1.0 + n, f"n={n % 2}", f"kind={n // 2}") for n in range(10)]
    assert list(series(Comparison("x", "", few), "n")) == [f"kind={k}" for k in range(4)]
    assert series(Comparison("x", "", many), "n") == {}
    lines = [path for path in Page(plot(*few).svg()).all("path") if "line" in path["class"]]
    assert [line["class"] for line in lines] == ["line s0", "line s1", "line s2", "line s3"]


def test_values_are_ordered_as_numbers_then_as_names() -> None:
    assert ordered({"10", "9", "1e2", "b", "a", "nan"}) == ["9", "10", "1e2", "a", "b", "nan"]


def test_labels_never_run_into_each_other() -> None:
    names = [f"a-rather-long-name-{n:02}" for n in range(12)]
    jobs = [job(n, 1.0, f"n={name}") for n, name in enumerate(names)]
    jobs.append(job(12, 2.0, "n=b"))
    svg = plot(*jobs).svg()
    labels = re.findall(r'<text class="x" x="([0-9.]+)"[^>]*>([^<]+)<title>([^<]+)</title>', svg)
    assert 2 <= len(labels) <= 4
    for (x1, shown1, _), (x2, shown2, _) in pairwise(labels):
        assert float(x2) - float(x1) > 6 * (len(shown1) + len(shown2)) / 2
    assert {full for _, _, full in labels} <= {*names, "b"}
