"""The commands by name, and how to quote their settings in a shell."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

GENERATE, CLEAN, AGGREGATE = "generate-data", "clean-data", "build-aggregations"
VALIDATE = "validate-data"
PIPELINE = "run-pipeline"
CATEGORY_LOOKUP, REGION_LOOKUP = "build-category-lookup", "build-region-lookup"
REGION_MAP, ANY_LOOKUP = "build-region-map", "build-lookup"
UPDATE_LOOKUPS, REVIEW_LOOKUPS = "update-lookups", "review-lookups"
DASHBOARD = "run-dashboard"
PROFILE, NEW_DATASET = "profile-data", "new-dataset"


@dataclass(frozen=True)
class Command:
    """A console script: a row here, and a function in `module` with its name.

    `path_key` is the key that a bare path sets. A command with `looks_on` only reads: it gets no
    folder in data_dir/reports and needs no right to write there.
    """

    name: str
    module: str
    path_key: str
    summary: str
    examples: tuple[str, ...]
    looks_on: bool = False

    @property
    def stage(self) -> str:
        return self.name.replace("-", "_")


COMMANDS = {
    command.name: command
    for command in (
        Command(
            PIPELINE,
            "toolkit.stages.pipeline",
            "input",
            "Generates a feed (unless an input is given), cleans it, validates the clean and the\n"
            "rejected rows, publishes both if they pass, and builds the aggregations.\n"
            "Ends with a table of the stages and the paths of their outputs.",
            (
                "run-pipeline size=medium",
                "run-pipeline sales.csv cluster=processes cluster.workers=4",
                "run-pipeline --multirun size=tiny,small",
            ),
        ),
        Command(
            GENERATE,
            "toolkit.stages.generating",
            "output",
            "Writes a synthetic feed, dirty or clean, to data/input/raw_ecommerce_data.csv.\n"
            "The same seed gives the same bytes on any number of cores.",
            (
                "generate-data --rows 100000",
                "generate-data size=large mode=clean",
                "generate-data feed.csv seed=7 ledger=true",
            ),
        ),
        Command(
            CLEAN,
            "toolkit.stages.cleaning",
            "input",
            "Splits CSV files (also .gz, .zst, .bz2) into clean and rejected rows, as parquet.\n"
            "Every input row is in one of the two, rejected rows with their reason.",
            (
                "clean-data data/input/raw_ecommerce_data.csv",
                "clean-data 'feeds/*.csv.gz' outputs=archive",
                "clean-data --input sales.csv dataset.columns.unit_price.below=100000",
            ),
        ),
        Command(
            AGGREGATE,
            "toolkit.stages.aggregating",
            "cleaned",
            "Builds the dashboard's aggregations from a cleaned dataset.\n"
            "One pass over the columns that they need, one parquet file each.",
            (
                "build-aggregations data/clean/raw_ecommerce_data_clean.parquet",
                "build-aggregations --cleaned sales_clean.parquet --anomaly-limit 10",
            ),
        ),
        Command(
            VALIDATE,
            "toolkit.stages.validating",
            "cleaned",
            "Checks every row of clean and rejected datasets by the suites in expectations/.\n"
            "Writes the results, the first failing rows and Data Docs; exit code 3 if they fail.",
            (
                "validate-data data/clean/raw_ecommerce_data_clean.parquet",
                "validate-data cleaned=sales_clean.parquet rejected=sales_rejected.parquet",
                "validate-data sales_clean.parquet validation.fail_on=warning",
            ),
        ),
        Command(
            PROFILE,
            "toolkit.stages.profiling",
            "input",
            "Profiles CSV files: their format; the kind, missing values, frequent values and\n"
            "range of each column; keys, duplicates, formulas, and what looks wrong.\n"
            "Writes the profile as JSON and as an HTML page that opens without a network.",
            (
                "profile-data feed.csv",
                "profile-data 'exports/*.csv.gz' cluster=processes",
                "profile-data feed.csv encoding=cp850 'delimiter=\";\"'",
            ),
        ),
        Command(
            NEW_DATASET,
            "toolkit.stages.drafting",
            "input",
            "Profiles CSV files and drafts the contract, lookups and suites for run-pipeline,\n"
            "each guess with its evidence. Never replaces a file.",
            (
                "new-dataset feed.csv name=my_feed",
                "run-pipeline feed.csv dataset=my_feed",
            ),
        ),
        Command(
            CATEGORY_LOOKUP,
            "toolkit.stages.lookups",
            "input",
            "Adds frequent categories to the canonical ones, data/lookups/common_categories.json.\n"
            "Entries written by hand are never changed or removed.",
            ("build-category-lookup sales.csv", "build-category-lookup sales.csv threshold=0.02"),
        ),
        Command(
            REGION_LOOKUP,
            "toolkit.stages.lookups",
            "input",
            "Adds frequent regions to the canonical ones, data/lookups/common_regions.json.\n"
            "Spellings in the region map are not new regions.",
            ("build-region-lookup sales.csv", "build-region-lookup sales.csv output=/tmp/new.json"),
        ),
        Command(
            REGION_MAP,
            "toolkit.stages.lookups",
            "input",
            "Adds the raw regions missing from data/lookups/region_map.json: mapped to a\n"
            "canonical region where exactly one is near enough, else to UNKNOWN.",
            ("build-region-map sales.csv", "build-region-map input=[a.csv,b.csv]"),
        ),
        Command(
            ANY_LOOKUP,
            "toolkit.stages.lookups",
            "input",
            "Builds the lookups of any one column of the contract.",
            ("build-lookup sales.csv column=region", "build-lookup sales.csv column=category"),
        ),
        Command(
            UPDATE_LOOKUPS,
            "toolkit.stages.lookups",
            "input",
            "Builds every lookup of the contract in one pass over the data, then runs the\n"
            "project's tests if the toolkit runs from its source tree.",
            ("update-lookups sales.csv", "update-lookups 'feeds/*.csv.gz' run_tests=false"),
        ),
        Command(
            REVIEW_LOOKUPS,
            "toolkit.stages.lookups",
            "input",
            "Shows the values that are in no lookup, or that were added automatically and not yet\n"
            "accepted: most rows first, with revenue and suggestions. Writes them all as CSV.",
            ("review-lookups sales.csv", "review-lookups sales.csv column=region accept=0.8"),
        ),
        Command(
            DASHBOARD,
            "toolkit.dashboard.serving",
            "data_dir",
            "Shows the published aggregations, rejected rows and runs in a browser.\n"
            "Serves this machine only and writes nothing; stop it with Ctrl-C.",
            ("run-dashboard", "run-dashboard data_dir=/srv/sales dashboard.port=8600"),
            looks_on=True,
        ),
    )
}


def quoted(text: str) -> str:
    """Return the text as a value of Hydra's grammar, whatever characters it contains."""
    # In front of '${' a backslash makes it plain text, and of a quote or the end needs doubling.
    plain = re.sub(r"(\\*)\$\{", r"\1\1\\${", text)
    return "'" + re.sub(r"(\\*)('|\Z)", _escape_quote, plain) + "'"


def typed(key: str, value: str) -> str:
    """Return `key=value` as typed in a shell, whatever characters the value contains."""
    # Quote for Hydra whatever is more than a plain name, then all of it for the shell.
    plain = re.fullmatch(r"[\w./-]+", value, re.ASCII)
    return shell_word(f"{key}={value if plain else quoted(value)}")


def shell_word(text: str) -> str:
    """Return the text as one word of a shell, with control characters escaped as in $'\u001b'."""
    if text.isprintable():
        return shlex.quote(text)
    return f"$'{''.join(map(_in_ansi_quotes, text))}'"


def _in_ansi_quotes(character: str) -> str:
    if character.isprintable():
        return f"\\{character}" if character in "\\'" else character
    code = ord(character)
    return f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}"


def _escape_quote(found: re.Match[str]) -> str:
    return found[1] * 2 + ("\\'" if found[2] else "")
