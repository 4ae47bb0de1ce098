"""Read days and times that are numbers: seconds since 1970, and the days of spreadsheets."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.arrays import Bools, Ints
from toolkit.clean.parsed import bools
from toolkit.contract.date_format import COUNTED, FALSE_LEAP_DAY, LAST_OF_1900, LAST_OF_1904

NO_DAY = int(np.iinfo(np.int32).min)
"""Marks cells that are not a day."""

_NUMBER = r"^(?P<sign>[+-]?)(?P<whole>[0-9]{1,18})(?:[.,](?P<part>[0-9]{1,18}))?$"
_DAY = 86_400_000_000
_FIRST, _LAST = (
    int(np.datetime64(day, "D").astype(np.int64)) for day in ("0001-01-01", "9999-12-31")
)
# Days from 1970-01-01 back to the day 0. That of 1900 is the 30th of December, as if the year had
# had a 29th of February; before that, it is the 31st.
_START_1900, _START_1904 = 25_569, 24_107
_MILLISECONDS_A_DAY = 86_400_000


def read_counted(date_format: str, cells: pa.Array) -> tuple[Ints, Ints]:
    """Return the days since 1970-01-01, NO_DAY where a cell is no such number, and the times."""
    matches = pc.extract_regex(cells, pattern=_NUMBER)
    fits = bools(matches.is_valid())
    whole = pc.cast(pc.fill_null(pc.struct_field(matches, "whole"), "0"), pa.int64()).to_numpy()
    part = pc.fill_null(pc.struct_field(matches, "part"), "")
    negative = bools(pc.fill_null(pc.equal(pc.struct_field(matches, "sign"), "-"), False))
    if date_format in COUNTED:
        return _since_1970(whole, part, negative, COUNTED[date_format], fits)
    return _of_sheet(whole, part, date_format, fits & ~negative)


def _since_1970(
    whole: Ints, part: pa.Array, negative: Bools, unit: int, fits: Bools
) -> tuple[Ints, Ints]:
    # Larger numbers, of no year that there is, must not overflow.
    fits = fits & (whole <= 2 * _LAST * (_DAY // unit))
    digits = len(str(unit)) - 1
    moments = np.where(fits, whole, 0) * unit
    if digits:
        fraction = pc.utf8_rpad(pc.utf8_slice_codeunits(part, 0, digits), digits, "0")
        moments = moments + pc.cast(fraction, pa.int64()).to_numpy()
    days, times = np.divmod(np.where(negative, -moments, moments), _DAY)
    return np.where(fits & (days >= _FIRST) & (days <= _LAST), days, NO_DAY), times


def _of_sheet(whole: Ints, part: pa.Array, date_format: str, fits: Bools) -> tuple[Ints, Ints]:
    text = pc.binary_join_element_wise("0.", part, "0", "")
    of_day = pc.cast(text, pa.float64()).to_numpy()
    # Sheets have no more digits than show milliseconds: 45658.4323263889 is 10:22:33.
    late, times = np.divmod(np.rint(of_day * _MILLISECONDS_A_DAY).astype(np.int64), 86_400_000)
    if date_format == "excel_1900":
        fits = fits & (whole > 0) & (whole != FALSE_LEAP_DAY) & (whole <= LAST_OF_1900)
        days = whole + late - np.where(whole > FALSE_LEAP_DAY, _START_1900, _START_1900 - 1)
    else:
        fits = fits & (whole <= LAST_OF_1904)
        days = whole + late - _START_1904
    return np.where(fits & (days <= _LAST), days, NO_DAY), times * 1_000
