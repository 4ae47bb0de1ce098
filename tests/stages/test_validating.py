"""The validate stage: which suites validate what, and what the run reports."""

from __future__ import annotations

import json
import re
import shutil
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tests.commands import everything_in, left_in, read
from tests.conftest import ROOT
from tests.stages.places import (
    FREE_GOODS,
    HOLDS,
    NO_REGEX,
    SINGLE_PIECES,
    Place,
    about,
    read_json,
    row_count,
    severe,
    where,
)
from toolkit.validate.verdicts import TABLE_SCHEMA

pytestmark = pytest.mark.slow

SUITES = {
    kind: json.loads((ROOT / "expectations" / "ecommerce" / f"{kind}.json").read_text("utf-8"))
    for kind in ("clean", "rejected")
}
N_SHIPPED = sum(len(suite["expectations"]) for suite in SUITES.values())


# --- what is validated ---------------------------------------------------------------------------


def test_a_pipeline_validates_what_it_publishes(shipped: Place) -> None:
    report = shipped.report()
    assert (report["status"], report["error"]) == ("ok", None)
    assert [facts["name"] for facts in report["stages"]] == [
        *("generate", "clean", "validate", "aggregate")
    ]
    facts, suites = shipped.stage("validate"), shipped.suites()
    n_rows = {"clean": read(shipped.clean).num_rows, "rejected": read(shipped.rejected).num_rows}
    assert {kind: suite["rows"] for kind, suite in suites.items()} == n_rows
    assert (facts["rows_in"], sum(n_rows.values())) == (1000, 1000)
    assert facts["validation"] == {"clean": "passed", "rejected": "passed"}
    assert [(c["suite"], c["expectation"], c["result"]) for c in facts["checks"]] == [
        (kind, expectation["type"], "passed")
        for kind, suite in SUITES.items()
        for expectation in suite["expectations"]
    ]
    assert facts["paths"].keys() == {"validation", "data docs"}
    assert all((shipped.folder / path).is_file() for path in facts["paths"].values())
    assert suites["clean"]["data"] == str(shipped.clean)
    assert suites["clean"]["file"] == str(ROOT / "expectations" / "ecommerce" / "clean.json")


def test_validate_data_finds_the_same_in_what_is_published(
    shipped: Place, published: Place
) -> None:
    before = published.published()
    answer = published.ask("validate-data")
    assert (answer.code, answer.errors) == (0, [])
    assert findings(published) == findings(shipped)
    assert [facts["name"] for facts in published.report()["stages"]] == ["validate"]
    assert published.published() == before
    for suite in SUITES.values():
        assert all(expectation["type"] in answer.out for expectation in suite["expectations"])
    assert (
        f"validated: clean passed, rejected passed; {N_SHIPPED} expectations: {N_SHIPPED} passed\n"
    ) in answer.out


def findings(place: Place) -> dict[str, Any]:
    """What the last run found, without where."""
    return {
        kind: (
            suite["rows"],
            suite["outcome"],
            [{**one, "failing_rows": None} for one in suite["expectations"]],
        )
        for kind, suite in place.suites().items()
    }


@pytest.mark.parametrize(
    ("named", "kinds"),
    [
        (["{clean}"], ["clean"]),
        (["rejected={rejected}"], ["rejected"]),
        (["cleaned={clean}", "rejected={rejected}"], ["clean", "rejected"]),
        (["{part}"], ["clean"]),
    ],
)
def test_what_is_named_is_validated_and_nothing_else(
    named: list[str], kinds: list[str], published: Place
) -> None:
    published.write_suites()
    [part] = published.clean.glob("part-*")
    paths = {"clean": published.clean, "rejected": published.rejected, "part": part}
    assert published.ask("validate-data", *(word.format(**paths) for word in named)).code == 0
    assert list(published.suites()) == kinds


def test_the_day_and_the_counts_come_from_the_manifest(published: Place) -> None:
    """A later command need not repeat what the run was told that made the datasets."""
    sold = read(published.clean)
    manifest = read_json(published.clean / "_manifest.json")
    (published.clean / "_manifest.json").write_text(
        json.dumps({**manifest, "as_of": "2020-02-29", "rows_in": sold.num_rows})
    )
    published.write_suites(
        clean=[
            about("sale_date", "be_between", max_value={"$PARAMETER": "sale_date_latest"}),
            row_count({"$PARAMETER": "rows_in"}),
        ]
    )
    assert published.ask("validate-data").code == 3
    dated, counted = published.suites()["clean"]["expectations"]
    late = pc.greater(sold["sale_date"].cast(pa.string()), "2021-02-28")
    assert (dated["status"], dated["unexpected_count"]) == ("failed", count(late))
    assert counted["status"] == "passed"


def test_without_manifests_the_rows_of_both_datasets_are_counted(
    shipped: Place, published: Place
) -> None:
    for dataset in (published.clean, published.rejected):
        (dataset / "_manifest.json").unlink()
    assert published.ask("validate-data").code == 0
    assert findings(published) == findings(shipped)


def test_without_a_manifest_one_dataset_does_not_tell_what_came_in(published: Place) -> None:
    (published.clean / "_manifest.json").unlink()
    answer = published.ask("validate-data", str(published.clean))
    assert answer.code == 2
    assert "parameter 'rows_in' has no value" in answer.err
    published.write_suites(clean=[row_count({"$PARAMETER": "rows_clean"})])
    assert published.ask("validate-data", str(published.clean)).code == 0


def test_only_what_is_written_is_validated(place: Place) -> None:
    folder = place.write_suites()
    (folder / "rejected.json").unlink()
    answer = place.run_pipeline("outputs=minimal")
    assert answer.code == 0
    assert list(place.suites()) == ["clean"]
    assert not place.rejected.exists()


def test_a_feed_without_a_fault_has_no_rejected_rows_to_validate(place: Place) -> None:
    answer = place.run_pipeline("mode=clean")
    assert (answer.code, answer.errors) == (0, [])
    assert read(place.clean).num_rows == 1000
    assert read(place.rejected).num_rows == 0
    assert place.stage("validate")["validation"] == {"clean": "passed"}
    [note] = place.stage("validate")["notes"]
    assert "no row was rejected" in note
    assert f"note: {note}\n" in answer.out


def test_a_contract_of_ones_own_has_suites_of_its_own(published: Place) -> None:
    contracts = published.folder / "conf" / "dataset"
    contracts.mkdir(parents=True)
    contract = (ROOT / "conf" / "dataset" / "ecommerce.yaml").read_text("utf-8")
    (contracts / "shop.yaml").write_text(contract.replace("name: ecommerce", "name: shop"))
    published.write_suites(dataset="shop")
    assert published.ask("validate-data", "dataset=shop").code == 0
    suite = published.suites()["clean"]
    assert (suite["name"], suite["file"]) == ("shop.clean", "expectations/shop/clean.json")
    assert published.ask("validate-data").code == 0
    assert published.suites()["clean"]["name"] == "ecommerce.clean"


@pytest.mark.parametrize("kind", ["sync", "processes", "local"])
def test_every_cluster_finds_the_same(kind: str, reference: Place, place: Place) -> None:
    write_suites_of_every_kind(place)
    answer = place.run_pipeline("validation=watch", f"cluster={kind}")
    assert (answer.code, answer.errors) == (0, [])
    assert findings(place) == findings(reference)
    there, here = (one.runs()[-1] / "failing_rows" for one in (reference, place))
    assert left_in(here) == left_in(there)
    assert all(read(path).equals(read(there / path.name)) for path in here.iterdir())


# --- what is told of it --------------------------------------------------------------------------


def write_suites_of_every_kind(place: Place) -> None:
    """Expectations that pass, fail for some rows of all or of few, are vacuous, cannot be done."""
    place.write_suites(
        clean=[
            about("order_id"),
            severe("warning", SINGLE_PIECES),
            about("quantity", "be_between", max_value=1, **where("category", "Books")),
            severe("info", about("customer_email", **where("quantity", -1))),
            NO_REGEX,
            FREE_GOODS,
        ],
        rejected=[HOLDS, about("rejection_reason", "be_in_set", value_set=["zero_quantity"])],
    )


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """After a run of which every expectation came out in its own way."""
    place = Place(tmp_path_factory.mktemp("reference"))
    write_suites_of_every_kind(place)
    answer = place.run_pipeline("validation=watch")
    assert (answer.code, answer.errors) == (0, [])
    (place.folder / "out.txt").write_text(answer.out)
    (place.folder / "err.txt").write_text(answer.err)
    return place


def test_results_are_those_of_the_published_rows(reference: Place) -> None:
    sold, thrown_out = read(reference.clean), read(reference.rejected)
    many = pc.greater(sold["quantity"], 1)
    books = pc.equal(sold["category"].cast(pa.string()), "Books")
    other = pc.not_equal(thrown_out["rejection_reason"].cast(pa.string()), "zero_quantity")
    clean, rejected = reference.suites()["clean"], reference.suites()["rejected"]
    counts = ("status", "element_count", "unexpected_count")
    assert [tuple(one[key] for key in counts) for one in clean["expectations"]] == [
        ("passed", sold.num_rows, 0),
        ("failed", sold.num_rows, count(many)),
        ("failed", count(books), count(pc.and_(books, many))),
        ("vacuous", 0, 0),
        ("errored", None, None),
        ("failed", None, None),
    ]
    assert clean["expectations"][2]["condition"] == "category == 'Books'"
    assert "missing )" in clean["expectations"][4]["reason"]
    mean = float(clean["expectations"][5]["observed"])
    assert mean == pytest.approx(pc.mean(sold["unit_price"]).as_py())
    assert [tuple(one[key] for key in counts) for one in rejected["expectations"]] == [
        ("passed", None, None),
        ("failed", thrown_out.num_rows, count(other)),
    ]
    assert (clean["outcome"], rejected["outcome"]) == ("failed", "failed")


def count(mask: pa.ChunkedArray) -> int:
    return int(pc.sum(mask).as_py())


def test_the_table_and_the_report_say_what_the_json_says(reference: Place) -> None:
    run = reference.runs()[-1]
    listed = [one for suite in reference.suites().values() for one in suite["expectations"]]
    table = read(run / "validation.parquet")
    assert table.schema.equals(TABLE_SCHEMA)
    assert table.to_pylist() == [
        {**one, "run": run.name, "columns": ", ".join(one["columns"])} for one in listed
    ]
    assert [
        (c["suite"], c["expectation"], c["severity"], c["unexpected"], c["result"])
        for c in reference.stage("validate")["checks"]
    ] == [
        tuple(one[k] for k in ("suite", "expectation", "severity", "unexpected_count", "status"))
        for one in listed
    ]
    assert reference.stage("validate")["validation"] == {"clean": "failed", "rejected": "failed"}


def test_failing_rows_are_those_of_the_published_dataset(reference: Place) -> None:
    sold = read(reference.clean).select(["order_id", "quantity"])
    numbered = sold.add_column(0, "row", pa.array(range(sold.num_rows)))
    few, books = (one["failing_rows"] for one in reference.suites()["clean"]["expectations"][1:3])
    assert read(reference.folder / few).to_pylist() == [
        row for row in numbered.to_pylist() if row["quantity"] > 1
    ]
    assert 0 < read(reference.folder / books).num_rows < read(reference.folder / few).num_rows
    other = reference.suites()["rejected"]["expectations"][1]["failing_rows"]
    found = read(reference.folder / other)
    assert found.column_names == ["row", "source_file", "source_row", "rejection_reason"]
    rejected = read(reference.rejected).select(found.column_names[1:]).to_pylist()
    rows = [rejected[row] for row in found["row"].to_pylist()]
    assert found.drop_columns("row").to_pylist() == rows
    written = {path.resolve() for path in (reference.runs()[-1] / "failing_rows").iterdir()}
    assert written == {(reference.folder / path).resolve() for path in (few, books, other)}


def test_the_summary_shows_what_is_not_as_expected(reference: Place) -> None:
    shown = (reference.folder / "out.txt").read_text()
    rows = [line.split() for line in shown.splitlines() if " expect_" in line]
    assert [(suite, kind, rest[-1]) for suite, kind, *rest in rows] == [
        ("clean", "expect_column_values_to_be_between", "failed"),
        ("clean", "expect_column_values_to_be_between", "failed"),
        ("clean", "expect_column_values_to_match_regex", "errored"),
        ("clean", "expect_column_mean_to_be_between", "failed"),
        ("rejected", "expect_column_values_to_be_in_set", "failed"),
    ]
    assert "8 expectations: 4 failed, 1 errored, 1 vacuous, 2 passed\n" in shown
    assert re.search(r"failing rows +data/reports/\S+/failing_rows\n", shown)


def test_great_expectations_itself_says_nothing(reference: Place) -> None:
    """Not even of an expectation that it could not evaluate."""
    said = (reference.folder / "err.txt").read_text().splitlines()
    assert list(dict.fromkeys(re.sub(r"  .*|.*INFO toolkit: ", "", line) for line in said)) == [
        "generate",
        "data has no lookups; the starter ones are used",
        *("clean", "write"),
        "zero_quantity rejects what is not above 0 (dataset.columns.quantity.above)",
        *("validate", "aggregate"),
    ]


# --- Data Docs -----------------------------------------------------------------------------------


def test_data_docs_lead_from_their_index_to_what_was_found(reference: Place) -> None:
    run = reference.runs()[-1]
    index = (reference.docs / "index.html").read_text("utf-8")
    pages = {link for link in links_in(index) if link.startswith("runs/")}
    assert pages == {f"runs/{run.name}/ecommerce.{kind}.html" for kind in ("clean", "rejected")}
    page = reference.docs / "runs" / run.name / "ecommerce.clean.html"
    linked = {(page.parent / link).resolve() for link in links_in(page.read_text("utf-8"))}
    assert {run / "validation.json", run / "validation.parquet"} <= linked
    assert {p.resolve() for p in (run / "failing_rows").glob("clean-*.parquet")} <= linked


def links_in(page: str) -> list[str]:
    return [link.partition("#")[0] for link in re.findall(r'href="([^"#]+)', page)]


def test_data_docs_hold_the_last_runs(published: Place) -> None:
    published.write_suites()
    for _ in range(3):
        assert published.ask("validate-data", "validation.keep_runs=3").code == 0
    newest = [run.name for run in published.runs()[-3:]]
    assert len(published.runs()) == 4
    assert sorted(path.name for path in (published.docs / "runs").iterdir()) == newest
    index = links_in((published.docs / "index.html").read_text("utf-8"))
    shown = [link.split("/")[1] for link in index if link.endswith("clean.html")]
    assert shown == newest[::-1]


def test_runs_of_two_sweeps_have_names_of_their_own(published: Place) -> None:
    published.write_suites()
    for _ in range(2):
        assert published.ask("validate-data", "--multirun", "validation=gate,watch").code == 0
    sweeps = published.reports.glob("sweep_*")
    names = [f"{sweep.name}/{job}" for sweep in sorted(sweeps) for job in (0, 1)]
    runs = [read_json(path)["name"] for path in (published.docs / "runs").glob("*/run.json")]
    assert sorted(runs) == sorted([published.runs()[0].name, *names])
    assert read_json(published.runs()[-1] / "validation.json")["run"] == names[-1]


# --- the keys of conf/validation -----------------------------------------------------------------


def test_no_more_failing_rows_are_written_than_wanted(published: Place) -> None:
    published.write_suites(clean=[SINGLE_PIECES])
    assert published.ask("validate-data", "validation.failing_rows=5").code == 3
    [path] = (published.runs()[-1] / "failing_rows").iterdir()
    assert read(path).num_rows == 5
    assert published.ask("validate-data", "validation.failing_rows=0").code == 3
    assert not (published.runs()[-1] / "failing_rows").exists()
    assert published.suites()["clean"]["expectations"][0]["unexpected_count"] > 5


def test_a_whole_column_is_taken_only_within_the_limit(published: Place) -> None:
    published.write_suites(
        clean=[HOLDS, {"type": "expect_column_kl_divergence_to_be_less_than", "kwargs": {
            "column": "quantity", "threshold": 100, "internal_weight_holdout": 0.1,
            "tail_weight_holdout": 0.1,
            "partition_object": {"bins": [0, 5, 10], "weights": [0.5, 0.5]}}}]
    )  # fmt: skip
    assert published.ask("validate-data").code == 0
    assert published.ask("validate-data", "validation.max_column_bytes=1000").code == 3
    first, second = published.suites()["clean"]["expectations"]
    assert (first["status"], second["status"]) == ("passed", "errored")
    assert "quantity" in second["reason"]


def test_suites_are_never_written(place: Place) -> None:
    folder = place.folder / "expectations" / "ecommerce"
    shutil.copytree(ROOT / "expectations" / "ecommerce", folder)
    before = everything_in(folder), [path.stat().st_mtime_ns for path in sorted(folder.iterdir())]
    assert place.run_pipeline().code == 0
    assert place.ask("validate-data").code == 0
    after = everything_in(folder), [path.stat().st_mtime_ns for path in sorted(folder.iterdir())]
    assert after == before
