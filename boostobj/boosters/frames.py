"""Tables that LightGBM cannot read: found before it ends the process over them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from .. import protocol

_ADVICE = (
    "give it numbers and bools: categories as whole numbers (polars: to_physical() of a Categorical or Enum; pyarrow: the"
    " indices of a dictionary), named in categorical_feature, or as pandas' category; times as numbers"
)
_SHOWN = 5


def refuse_frames(name: str, data: Any) -> None:
    """Refuse columns of polars and pyarrow tables that are neither numbers nor bools.

    LightGBM has polars and pyarrow hand over a table as a stream of Arrow data, and reads it in threads: an error there
    (`Unsupported Arrow type: dictionary`) ends the whole process, and nothing can catch it. XGBoost and pandas' tables raise
    errors of their own. Neither polars nor pyarrow is imported here: a table of theirs has imported it.

    Parameters
    ----------
    name : str
        Who refuses, for the message.
    data : lightgbm.Dataset or a table
        Of a Dataset that is constructed already nothing is refused, and of one that is not its data, and those of the
        Dataset that it refers to, are looked at. Whatever is no table of polars or pyarrow is let through.

    Raises
    ------
    ValueError
        With the columns, their types, and what to convert them to.
    """
    for table in _tables(data):
        bad = list(_unreadable(table))
        if bad:
            shown = ", ".join(f"{column!r} ({kind})" for column, kind in bad[:_SHOWN])
            shown += f" and {len(bad) - _SHOWN} more" if len(bad) > _SHOWN else ""
            library = type(table).__module__.partition(".")[0]
            raise ValueError(
                f"{name}: LightGBM would end the process over {len(bad)} of {table.shape[1]} columns of the {library}"
                f" {type(table).__name__}: {shown}; {_ADVICE}"
            )


def _tables(data: Any) -> Iterator[Any]:
    """What LightGBM is going to read."""
    while protocol._not_constructed(data):
        yield data.data
        data = data.reference
    if not protocol.is_dataset(data):
        yield data


def _unreadable(table: Any) -> Iterator[tuple[str, str]]:
    polars, pyarrow = sys.modules.get("polars"), sys.modules.get("pyarrow")
    bits = [f"{sign}int{size}" for sign in ("", "u") for size in (8, 16, 32, 64)]
    if polars is not None and isinstance(table, polars.DataFrame):
        names = ["Boolean", "Float32", "Float64", *(name.replace("u", "U").replace("int", "Int") for name in bits)]
        kinds = [getattr(polars, name) for name in names]
        yield from ((column, str(kind)) for column, kind in table.schema.items() if kind not in kinds)
    elif pyarrow is not None and isinstance(table, pyarrow.Table):
        kinds = [getattr(pyarrow, name)() for name in ("bool_", "float32", "float64", *bits)]
        yield from ((field.name, str(field.type)) for field in table.schema if field.type not in kinds)
