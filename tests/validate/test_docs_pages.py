"""What the pages say of a run: every expectation as what it is, values as text, nothing fetched."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.validate.docs_pages import Page, fetching_code
from tests.validate.docs_results import (
    HOSTILE,
    PASSING,
    RUN_TIME,
    expect,
    good_result,
    messy_result,
    validate,
    with_verdicts,
)
from toolkit.validate.docs import DocsRun, SuiteDocs, Verdict, add_run
from toolkit.validate.gx_content import LONGEST_TEXT
from toolkit.validate.verdicts import Status

RUN = 'run <b>1</b> & "2"'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("docs")


@pytest.fixture(scope="module")
def run(folder: Path) -> DocsRun:
    rows = folder / "failing rows" / "order ids #1?.parquet"
    messy = with_verdicts(messy_result(), ("Results <JSON>", folder / "run" / "results.json"))
    verdicts = [
        Verdict(verdict.status, rows if verdict.status == Status.FAILED else None)
        for verdict in messy.verdicts
    ]
    suites = [SuiteDocs(messy.result, verdicts, messy.links), with_verdicts(good_result())]
    return add_run(folder / "docs", RUN, RUN_TIME, suites, keep_runs=5)


@pytest.fixture(scope="module")
def messy(run: DocsRun) -> Page:
    return Page(run.pages["messy"])


def outcomes(page: Page) -> list[str | None]:
    return [row.attributes["data-outcome"] for row in page.rows()]


def test_every_expectation_is_shown_as_what_it_is_the_worst_first(messy: Page) -> None:
    assert outcomes(messy) == ["failed"] * 10 + ["errored", "vacuous"] + ["passed"] * 5
    shown = [row.text.split()[0] for row in messy.rows()]
    assert shown == outcomes(messy)
    # Of the failed, the warning comes last.
    assert [row.text.split()[-1] for row in messy.rows()[:10]] == ["critical"] * 9 + ["warning"]


def test_the_page_counts_every_status(messy: Page) -> None:
    switches = [b.text for b in messy.all("button")]
    assert switches == ["All 17", "Failed 10", "Errored 1", "Vacuous 1", "Passed 5"]
    bar = [(rect.attributes["class"], rect.attributes["width"]) for rect in messy.all("rect")]
    assert bar == [("failed", "10"), ("errored", "1"), ("vacuous", "1"), ("passed", "5")]


def test_the_index_counts_every_status(run: DocsRun) -> None:
    index = Page(run.index)
    assert outcomes(index) == ["failed", "passed"]
    assert "10 failed, 1 errored, 1 vacuous, 5 passed" in index.row("messy").text
    assert index.row("good").text.endswith("5 passed")


@pytest.mark.parametrize(
    ("statuses", "severity", "outcome"),
    [
        ([Status.PASSED], "critical", "passed"),
        ([Status.PASSED, Status.VACUOUS], "critical", "passed"),
        ([Status.VACUOUS, Status.VACUOUS], "critical", "vacuous"),
        ([Status.PASSED, Status.FAILED], "warning", "warned"),
        ([Status.PASSED, Status.ERRORED], "info", "warned"),
        ([Status.VACUOUS, Status.ERRORED], "critical", "failed"),
        ([Status.PASSED, Status.FAILED], "critical", "failed"),
        ([], "critical", "vacuous"),
    ],
)
def test_a_suite_is_as_bad_as_its_worst_expectation(
    statuses: list[Status], severity: str, outcome: str, tmp_path: Path
) -> None:
    # Which status an expectation has is for the caller to say, whatever its flag is.
    kinds = [expect("column_to_exist", severity, column=f"c{n}") for n in range(len(statuses))]
    result = validate("some", *kinds)
    suite = SuiteDocs(result, [Verdict(status) for status in statuses])
    run = add_run(tmp_path / "docs", "run", RUN_TIME, [suite], keep_runs=1)
    assert outcomes(Page(run.index)) == [outcome]
    assert [e.text for e in Page(run.pages["some"]).all("h1")] == [f"some {outcome}"]
    assert sorted(map(str, outcomes(Page(run.pages["some"])))) == sorted(statuses)


@pytest.mark.parametrize("text", HOSTILE[:-1])
def test_a_hostile_value_is_text(messy: Page, text: str) -> None:
    assert text in [cell.text for cell in messy.all("td")]


def test_no_value_becomes_an_element(messy: Page) -> None:
    assert {e.tag for e in messy.elements} == {
        *("html", "head", "meta", "title", "link", "script", "body", "main", "header", "nav"),
        *("h1", "p", "a", "span", "svg", "rect", "div", "input", "button", "b", "i"),
        *("table", "thead", "tbody", "tr", "th", "td", "code", "details", "summary"),
        *("footer", "dl", "dt", "dd"),
    }
    assert len(messy.all("script")) == 1
    assert all("<" not in b.text for b in messy.all("button"))


def test_a_long_value_is_cut(messy: Page) -> None:
    longest = max(len(cell.text) for cell in messy.all("td") if "table" in cell.inside[:-3])
    assert LONGEST_TEXT < longest < LONGEST_TEXT + 30
    assert f"{HOSTILE[-1][:LONGEST_TEXT]}… (5,000 characters)" in messy.row("<b>bold</b>").text


@pytest.mark.parametrize(
    "words",
    [
        "values must be unique.",
        "values must match this regular expression: ^[a-z]+(?<!<y>)$, at least 50 % of the time.",
        "values must belong to this set: fine <b>bold</b>.",
        "Values in price must always be greater than those in quantity.",
        "Must have greater than or equal to 1 and less than or equal to 100 rows.",
        # A bound as the suite writes it, not as Python does.
        "maximum value must be greater than or equal to 2020-01-01T00:00:00 and less than or equal"
        " to 2030-01-01T00:00:00.",
        # A user's own words; where its renderer fails, the expectation as it was configured.
        "region says please, never <script>alert(1)</script> & $nothing",
        'expect_column_values_to_be_unspeakable({"column": "region", "value_set": ["Delhi"]})',
        'Could not be evaluated: Error: The column "absent" in BatchData does not exist.',
        "There was nothing to check.",
        # Notes of the suite.
        "Why: <script>alert(1)</script>",
    ],
)
def test_an_expectation_is_shown_in_its_own_words(messy: Page, words: str) -> None:
    assert any(words in cell.text for cell in messy.all("td"))


@pytest.mark.parametrize(
    ("kind", "observed"),
    [
        ("mean_to_be_between", "≈33333334.78"),
        ("kl_divergence", "≈0.07024034377"),
        ("row_count_to_be_between", " 30 "),
        ("columns_to_match_set", " name, nothing, order_id, price, quantity, region, sold "),
        ("to_be_unspeakable", "≈66.667% unexpected"),
    ],
)
def test_what_was_observed_is_shown(messy: Page, kind: str, observed: str) -> None:
    assert observed in messy.row(kind).text


def test_unexpected_values_come_with_their_counts(messy: Page) -> None:
    unique = messy.row("order_id values must be unique").text
    assert "4 unexpected values found. ≈13.33% of 30 total rows." in unique
    assert "Unexpected Value Count ORD-000000003 2 ORD-000000004 2" in unique


def test_unexpected_rows_come_with_their_keys(messy: Page) -> None:
    quantity = messy.row("quantity values must be").text
    assert "2 unexpected rows order_id quantity ORD-000000003 -4 ORD-000000004 0" in quantity
    assert "First 20 of 26 unexpected rows" in messy.row("pair_values").text


def test_a_chart_becomes_a_table(messy: Page) -> None:
    assert "values fraction Delhi 0.5 Mumbai 0.3 Goa 0.2" in messy.row("kl_divergence").text


def test_a_renderer_that_fails_costs_no_more_than_its_words(messy: Page) -> None:
    # Great Expectations' own cannot say how many distinct values are unexpected.
    assert "1 unexpected values found. Unexpected values Sampled" in messy.row("distinct").text


def test_unexpected_nulls_are_not_listed(tmp_path: Path) -> None:
    result = validate("nulls", expect("column_values_to_not_be_null", column="nothing"))
    suite = SuiteDocs(result, [Verdict(Status.FAILED)])
    run = add_run(tmp_path / "docs", "run", RUN_TIME, [suite], keep_runs=1)
    row = Page(run.pages["nulls"]).row("nothing").text
    assert "30 unexpected values found. 100% of 30 total rows." in row
    assert "Unexpected value" not in row


def test_links_lead_to_the_files_and_back(folder: Path, run: DocsRun, messy: Page) -> None:
    [link] = {str(a.attributes["href"]) for a in messy.all("a") if a.text == "Failing rows"}
    assert link == "../../../failing%20rows/order%20ids%20%231%3F.parquet"
    assert messy.links()["Results <JSON>"] == folder / "run" / "results.json"
    assert messy.links()["← All runs"] == run.index
    index = Page(run.index)
    assert {name: index.links()[name] for name in run.pages} == run.pages


def test_names_are_shown_as_given(run: DocsRun, messy: Page) -> None:
    assert RUN in Page(run.index).row("messy").text
    assert messy.all("title")[0].text == f"messy · {RUN}"
    assert "2024-03-01 12:30:00 UTC" in messy.all("header")[0].text


def test_no_page_makes_a_browser_fetch_anything_from_elsewhere(run: DocsRun) -> None:
    pages = [run.index, *run.pages.values()]
    assets = set()
    for page in map(Page, pages):
        fetched = [url for url in page.loaded() if url != "data:,"]
        assert [Path(url).suffix for url in fetched] == [".css", ".js"]
        assets |= {(page.path.parent / url).resolve() for url in fetched}
    found = {path for path in run.index.parent.rglob("*") if path.is_file()}
    assert found == {*pages, *assets, run.pages["good"].parent / "run.json"}
    assert {path: fetching_code(path) for path in assets} == {path: [] for path in assets}


def test_a_browser_is_told_to_fetch_nothing_from_elsewhere(run: DocsRun) -> None:
    for path in (run.index, *run.pages.values()):
        [policy] = [
            str(meta.attributes["content"])
            for meta in Page(path).all("meta")
            if meta.attributes.get("http-equiv") == "Content-Security-Policy"
        ]
        sources = {rule.split()[0]: rule.split()[1:] for rule in policy.split(";")}
        assert sources.pop("default-src") == ["'none'"]
        assert {source for allowed in sources.values() for source in allowed} == {
            *("'self'", "file:", "data:", "'none'")
        }


def test_all_words_are_those_of_the_results_alone(tmp_path: Path, run: DocsRun) -> None:
    # Another validation of the same rows has other ids, and was at another time.
    again = with_verdicts(validate("good", *PASSING))
    assert again.result.meta["validation_id"] != good_result().meta["validation_id"]
    second = add_run(tmp_path / "docs", RUN, RUN_TIME, [again], keep_runs=1)
    assert second.pages["good"].read_bytes() == run.pages["good"].read_bytes()
    assert second.pages["good"].parent.name == run.pages["good"].parent.name


def test_every_expectation_needs_a_verdict(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="zip"):
        add_run(tmp_path / "docs", "run", RUN_TIME, [SuiteDocs(good_result(), [])], keep_runs=1)
    assert not (tmp_path / "docs").exists()
