"""Suite files are taken whole, or refused with everything that is wrong with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.validate.shipped import EXPECTATIONS
from tests.validate.written import expectation, write_suite
from toolkit.errors import SuiteError
from toolkit.validate.suites import Suite, load_suite

NONE_OF_THEM = "expectations: missing, or no list of at least one"
UNIQUE = {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "order_id"}}
ROWS = {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "clean.json"


def load(path: Path, *expectations: Any) -> Suite:
    return load_suite(write_suite(path, *expectations))


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(SuiteError) as refused:
        act()
    return str(refused.value)


class TestLoading:
    def test_expectations_come_in_the_order_of_the_file(self, path: Path) -> None:
        suite = load(path, UNIQUE, ROWS, {**UNIQUE, "severity": "info"}, UNIQUE)
        assert (suite.name, suite.path) == ("shop.clean", path)
        found = [(n, one.configuration.type, one.severity) for n, one in suite.numbered()]
        assert found == [
            (1, UNIQUE["type"], "critical"),
            (2, ROWS["type"], "critical"),
            (3, UNIQUE["type"], "info"),
            (4, UNIQUE["type"], "critical"),
        ]

    def test_what_a_person_wrote_is_there(self, path: Path) -> None:
        given = {
            **expectation("column_values_to_be_between", column="n", max_value=5, mostly=0.9),
            "severity": "warning",
            "description": "Small.",
            "notes": "Large ones break the scale.",
            "meta": {"owner": "ann"},
        }
        [found] = load(path, given).expectations
        config = found.configuration
        assert config.kwargs == {"column": "n", "max_value": 5, "mostly": 0.9}
        assert (config.severity, config.notes) == ("warning", given["notes"])
        assert (config.description, config.meta) == ("Small.", {"owner": "ann"})

    @pytest.mark.parametrize("bound", [2**53 + 1, -(2**53) - 1, 2**63 - 1])
    def test_bounds_that_would_be_rounded_are_refused(self, bound: int, path: Path) -> None:
        given = expectation("column_values_to_be_between", column="n", max_value=bound)
        assert (
            f"max_value: Great Expectations compares with floats, and {bound} is not one; the "
            f"nearest is {int(float(bound))}"
        ) in refusal(lambda: load(path, given))
        exact = expectation("column_values_to_be_between", column="n", max_value=2**53)
        values = expectation("column_values_to_be_in_set", column="n", value_set=[bound])
        assert len(load(path, exact, values).expectations) == 2

    def test_ids_are_ignored_and_kwargs_may_be_left_out(self, path: Path) -> None:
        given = {"type": "expect_table_row_count_to_be_between", "id": "3f0e"}
        [found] = load(path, given).expectations
        assert found.id is None
        assert "id" not in found.configuration.to_json_dict()

    def test_our_own_expectation_is_known(self, path: Path) -> None:
        given = expectation(
            "multicolumn_values_to_match_formula", column_list=["a", "b"], formula="b * 2"
        )
        [found] = load(path, given).expectations
        assert type(found).__name__ == "ExpectMulticolumnValuesToMatchFormula"

    def test_the_file_is_not_written_to(self, path: Path) -> None:
        write_suite(path, UNIQUE, {**ROWS, "id": "3f0e"})
        path.chmod(0o444)
        before = path.read_bytes(), path.stat().st_mtime_ns
        suite = load_suite(path)
        suite.check_columns(["order_id"])
        suite.check_parameters({})
        assert (path.read_bytes(), path.stat().st_mtime_ns) == before
        assert [*path.parent.iterdir()] == [path]

    def test_a_byte_order_mark_is_no_mistake(self, path: Path) -> None:
        content = write_suite(path, UNIQUE).read_bytes()
        path.write_bytes(b"\xef\xbb\xbf" + content)
        assert len(load_suite(path).expectations) == 1

    @pytest.mark.parametrize("shipped", sorted(EXPECTATIONS.rglob("*.json")), ids=lambda p: p.stem)
    def test_the_shipped_suites(self, shipped: Path) -> None:
        content = json.loads(shipped.read_text("utf-8"))
        suite = load_suite(shipped)
        types = [one.configuration.type for one in suite.expectations]
        assert types == [one["type"] for one in content["expectations"]]


class TestFiles:
    def test_one_that_is_missing(self, path: Path) -> None:
        write_suite(path, UNIQUE)
        assert refusal(lambda: load_suite(path.with_name("claen.json"))) == (
            f"suite {path.with_name('claen.json')}: no such file; did you mean 'clean.json'?; "
            "write one (docs/validation.md), or set validation=off"
        )
        nowhere = path.parent / "shop" / "clean.json"
        assert refusal(lambda: load_suite(nowhere)).startswith(f"suite {nowhere}: no such file; w")

    @pytest.mark.parametrize(
        ("content", "line"),
        [
            ('{\n  "name": "a",\n  "expectations": [\n    {"type": }\n  ]\n}', 4),
            ('{"name": "a",\n "expectations": []', 2),
            ("", 1),
            ("name: clean\n", 1),
        ],
    )
    def test_one_that_is_no_json(self, path: Path, content: str, line: int) -> None:
        path.write_text(content)
        found = refusal(lambda: load_suite(path))
        assert found.startswith(f"suite {path}, line {line}: is not JSON: ")
        assert "\n" not in found

    def test_one_that_is_no_text(self, path: Path) -> None:
        path.write_bytes(b'{"name": "caf\xe9"}')
        assert refusal(lambda: load_suite(path)).startswith(f"suite {path}: is not JSON: 'utf-8'")

    def test_a_folder_in_its_place(self, path: Path) -> None:
        path.mkdir()
        assert refusal(lambda: load_suite(path)).startswith(f"suite {path}: is not JSON: ")


class TestShape:
    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            ([], "should be an object with name and expectations"),
            (None, "should be an object with name and expectations"),
            ({"expectations": [UNIQUE]}, "name: missing, or not text"),
            ({"name": "", "expectations": [UNIQUE]}, "name: missing, or not text"),
            ({"name": "a"}, NONE_OF_THEM),
            ({"name": "a", "expectations": []}, NONE_OF_THEM),
            ({"name": "a", "expectations": {}}, NONE_OF_THEM),
            (
                {"name": "a", "expectations": [UNIQUE], "note": ""},
                "note: unknown key; did you mean 'notes'?",
            ),
            (
                {"name": "a", "expectations": ["unique"]},
                "expectation 1: should be an object with type and kwargs",
            ),
        ],
    )
    def test_of_the_file(self, path: Path, content: Any, problem: str) -> None:
        path.write_text(json.dumps(content))
        assert refusal(lambda: load_suite(path)) == f"suite {path}: {problem}"

    @pytest.mark.parametrize(
        ("given", "problem"),
        [
            (
                {"type": "expect_column_values_to_be_uniqe"},
                "type 'expect_column_values_to_be_uniqe' is not known; "
                "did you mean 'expect_column_values_to_be_unique'?",
            ),
            ({"type": "unheard of"}, "type 'unheard of' is not known"),
            ({"kwargs": {}}, "type None is not known"),
            (
                {**UNIQUE, "kwarg": {}},
                "expect_column_values_to_be_unique: kwarg: unknown key; did you mean 'kwargs'?",
            ),
            (
                expectation("column_values_to_be_unique", colum="order_id", column="a"),
                "expect_column_values_to_be_unique: unknown kwarg colum; did you mean 'column'?",
            ),
            (
                expectation("column_values_to_be_unique"),
                "expect_column_values_to_be_unique: column: field required",
            ),
        ],
    )
    def test_of_an_expectation(self, path: Path, given: Any, problem: str) -> None:
        assert (
            refusal(lambda: load(path, UNIQUE, given)) == f"suite {path}: expectation 2: {problem}"
        )

    @pytest.mark.parametrize(
        ("given", "problem"),
        [
            (
                expectation("column_values_to_be_unique", column="a", mostly="most"),
                "mostly: value is not a valid float",
            ),
            (
                expectation("column_values_to_be_unique", column="a", mostly=1.5),
                "mostly: ensure this value is less than or equal to 1.0",
            ),
            (
                expectation("column_values_to_be_in_set", column="a", value_set=7),
                "value_set: value is not a valid list",
            ),
            (
                expectation("table_row_count_to_equal", value="many"),
                "value: value is not a valid integer",
            ),
            ({**UNIQUE, "kwargs": ["order_id"]}, "expectation configuration kwargs must be a dict"),
            ({**UNIQUE, "severity": "fatal"}, "Invalid severity 'fatal'"),
            (
                expectation(
                    "multicolumn_values_to_match_formula", column_list=["a", "b"], formula="b +"
                ),
                "formula: ",
            ),
        ],
    )
    def test_of_a_value(self, path: Path, given: Any, problem: str) -> None:
        found = refusal(lambda: load(path, given))
        assert f"expectation 1: {given['type']}: {problem}" in found

    def test_all_problems_are_reported_at_once(self, path: Path) -> None:
        found = refusal(
            lambda: load(
                path,
                {"type": "unheard of"},
                UNIQUE,
                expectation("column_values_to_be_unique", columns="a"),
                {**ROWS, "serious": True, "sevrity": "info"},
            )
        )
        kind = "expect_column_values_to_be_unique"
        assert found.splitlines() == [
            f"suite {path}: 5 problems:",
            "  - expectation 1: type 'unheard of' is not known",
            f"  - expectation 3: {kind}: column: field required",
            f"  - expectation 3: {kind}: unknown kwarg columns; did you mean 'column'?",
            f"  - expectation 4: {ROWS['type']}: serious: unknown key",
            f"  - expectation 4: {ROWS['type']}: sevrity: unknown key; did you mean 'severity'?",
        ]


class TestColumns:
    def test_those_that_the_data_lacks_are_reported_with_who_asks_for_them(
        self, path: Path
    ) -> None:
        suite = load(
            path,
            UNIQUE,
            expectation("column_pair_values_to_be_equal", column_A="price", column_B="order_id"),
            expectation("compound_columns_to_be_unique", column_list=["order_id", "regoin"]),
            UNIQUE,
        )
        suite.check_columns(["order_id", "price", "regoin"])
        found = refusal(lambda: suite.check_columns(["price", "region"]))
        assert found.splitlines() == [
            f"suite {path}: 2 problems:",
            "  - the data has no column 'order_id' (expectation 1, 2, 3, 4)",
            "  - the data has no column 'regoin'; did you mean 'region'? (expectation 3)",
        ]
        found = refusal(lambda: suite.check_columns(["order_id", "price"]))
        assert found == f"suite {path}: the data has no column 'regoin' (expectation 3)"

    def test_whether_a_column_exists_may_be_asked(self, path: Path) -> None:
        load(
            path,
            expectation("column_to_exist", column="nowhere"),
            expectation("table_columns_to_match_set", column_set=["nowhere"]),
            expectation("table_columns_to_match_ordered_list", column_list=["nowhere"]),
        ).check_columns(["order_id"])


class TestConditions:
    DATA = pd.DataFrame({"order id": [""], "class": ["x"], "n": [1], "sold": [pd.NaT]})[:0]

    @pytest.mark.parametrize(
        "condition",
        [
            "n > 0 and n == n",
            "`order id`.str.startswith('A') or `class` in ['x', 'y']",
            "n > n.iloc[0]",
            "sold.dt.year == 2024",
            "index % 2 == 0",
        ],
    )
    def test_what_pandas_can_read_is_let_be(self, path: Path, condition: str) -> None:
        load(path, where(condition)).check_conditions(self.DATA)
        suite = load(path, where(condition), where("m > 0"))
        found = refusal(lambda: suite.check_conditions(self.DATA))
        assert found.startswith(f"suite {path}: expectation 2: row_condition 'm > 0': ")

    @pytest.mark.parametrize(
        ("condition", "why"),
        [
            ("n >>> 0", "invalid syntax (<unknown>, line 1)"),
            ("n > ", "invalid syntax (<unknown>, line 1)"),
            ("price > 0", "name 'price' is not defined"),
        ],
    )
    def test_what_it_cannot_is_reported(self, path: Path, condition: str, why: str) -> None:
        found = refusal(lambda: load(path, UNIQUE, where(condition)).check_conditions(self.DATA))
        assert found == f"suite {path}: expectation 2: row_condition {condition!r}: {why}"

    def test_all_of_them_together(self, path: Path) -> None:
        suite = load(path, where("k == 1"), where("n"), where("m > 0"))
        found = refusal(lambda: suite.check_conditions(self.DATA))
        assert [line.partition(": row")[0] for line in found.splitlines()[1:]] == [
            "  - expectation 1",
            "  - expectation 3",
        ]

    def test_code_is_refused_with_its_place_before_any_data_is_read(self, path: Path) -> None:
        code = "@pd.io.common.os.system('true') == 0"
        through = {"type": "pass_through", "pass_through_filter": "n.to_csv('x') == 0"}
        structured = expectation("column_values_to_not_be_null", column="n", row_condition=through)
        found = refusal(lambda: load(path, where("n > 0"), where(code), structured))
        first, second = found.splitlines()[1:]
        assert first.startswith(f"  - expectation 2: row_condition {code!r}: @ is not taken")
        assert "expectation 3: row_condition" in second
        assert "n.to_csv() is not taken" in second


def where(condition: str) -> dict[str, Any]:
    return expectation(
        "column_values_to_not_be_null",
        column="n",
        row_condition=condition,
        condition_parser="pandas",
    )


def asking(expression: str) -> dict[str, Any]:
    return expectation("table_row_count_to_be_between", max_value={"$PARAMETER": expression})


class TestParameters:
    KNOWN = ("rows_in", "rows_clean", "reasons")

    @pytest.mark.parametrize(
        "expression",
        [
            "rows_in",
            "rows_in - rows_clean",
            "trunc(rows_in * 0.5) + 1",
            "round(rows_in * 1e-3)",
            "rows_in * PI",
            "2 * 3",
            "now()",
            "now() - timedelta(days=7)",
        ],
    )
    def test_expressions_of_what_is_known(self, path: Path, expression: str) -> None:
        load(path, asking(expression)).check_parameters(dict.fromkeys(self.KNOWN, 1))

    def test_those_without_a_value_are_reported(self, path: Path) -> None:
        kind = ROWS["type"]
        suite = load(path, asking("rows_on * 2"), UNIQUE, asking("trunc(stock) - rows_clean"))
        found = refusal(lambda: suite.check_parameters(dict.fromkeys(self.KNOWN, 1)))
        assert found.splitlines() == [
            f"suite {path}: 2 problems:",
            f"  - expectation 1: {kind}: parameter 'rows_on' has no value; did you mean 'rows_in'?",
            f"  - expectation 3: {kind}: parameter 'stock' has no value; "
            "there are reasons, rows_clean, rows_in",
        ]

    def test_they_are_found_wherever_they_stand(self, path: Path) -> None:
        suite = load(
            path,
            expectation("column_values_to_be_in_set", column="a", value_set={"$PARAMETER": "kind"}),
            expectation(
                "column_quantile_values_to_be_between",
                column="a",
                quantile_ranges={
                    "quantiles": [0.5],
                    "value_ranges": [[0, {"$PARAMETER": "largest"}]],
                },
            ),
        )
        found = refusal(lambda: suite.check_parameters({}))
        assert "expectation 1: expect_column_values_to_be_in_set: parameter 'kind'" in found
        assert "expectation 2: expect_column_quantile_values_to_be_between: parameter 'l" in found
        suite.check_parameters({"kind": ["a"], "largest": 5})
