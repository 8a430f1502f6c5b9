"""AMQP fields: the type that carries a Python value, when two are equal for RabbitMQ, and how it prints one.

Asked of a 3.10.8 for every type; for 4.x from mc_amqpl.erl. [semantics §1.1 rule 6]
"""

from __future__ import annotations

from calendar import timegm
from datetime import datetime
from decimal import Decimal
from typing import Any

SIGNEDINT_MAX = 2**31 - 1
_TYPES: dict[type, str] = {
    float: "double",
    str: "longstr",
    bytes: "binary",
    type(None): "void",
    dict: "table",
    list: "array",
    Decimal: "decimal",
    datetime: "timestamp",
}


def amqp_type(value: Any) -> str:
    """The type of the field that carries a Python value, as RabbitMQ calls it; TypeError where none does."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "signedint" if -SIGNEDINT_MAX - 1 <= value <= SIGNEDINT_MAX else "long"
    for kind, name in _TYPES.items():
        if isinstance(value, kind):
            return name
    raise TypeError(f"no AMQP field holds a {type(value).__name__}")


def decoded(value: Any) -> tuple[Any, ...]:
    """The term that a broker decodes from the field: two are equal exactly where Erlang's =:= says so.

    A string and the same bytes are one term, and so are an empty table and an empty array; inside tables
    and arrays the types and the order count too.
    """
    if isinstance(value, bool) or value is None:
        return ("atom", value)
    if isinstance(value, int):
        return ("integer", value)
    if isinstance(value, datetime):
        return ("integer", timegm(value.utctimetuple()))
    if isinstance(value, float):
        return ("float", value)
    if isinstance(value, (str, bytes)):
        return ("binary", value.encode() if isinstance(value, str) else value)
    if isinstance(value, dict):
        return ("list", *((name, amqp_type(field), decoded(field)) for name, field in value.items()))
    if isinstance(value, list):
        return ("list", *((amqp_type(field), decoded(field)) for field in value))
    if isinstance(value, Decimal):
        return ("decimal", *_scaled(value))
    raise TypeError(f"no AMQP field holds a {type(value).__name__}")


def printed(value: Any) -> str:
    """The field's term as Erlang prints it (~tp), but always on one line."""
    if value is None:
        return "undefined"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, bytes)):
        return _printed_binary(value.encode() if isinstance(value, str) else value)
    if isinstance(value, dict):
        triples = ((printed(name), amqp_type(field), printed(field)) for name, field in value.items())
        return f"[{','.join(f'{{{name},{kind},{field}}}' for name, kind, field in triples)}]"
    if isinstance(value, list):
        return f"[{','.join(f'{{{amqp_type(field)},{printed(field)}}}' for field in value)}]"
    if isinstance(value, float):
        return _printed_float(value)
    if isinstance(value, Decimal):
        places, digits = _scaled(value)
        return f"{{{places},{digits}}}"
    return str(decoded(value)[1])


def _scaled(value: Decimal) -> tuple[int, int]:
    """The number of places, and the digits as one integer."""
    exponent = value.as_tuple().exponent
    places = max(0, -exponent) if isinstance(exponent, int) else 0
    return places, int(value.scaleb(places))


def _printed_float(value: float) -> str:
    digits, _, exponent = repr(value).partition("e")
    if not exponent and abs(value) >= 1e10 and digits.endswith("0.0"):  # Erlang takes what is shorter
        digits, _, exponent = f"{value:e}".partition("e")
        digits = digits.rstrip("0").rstrip(".")
    whole = digits if "." in digits else f"{digits}.0"
    return f"{whole}e{int(exponent)}" if exponent else whole


_ESCAPES = {
    **{'"': r"\"", "\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"},
    **{"\b": r"\b", "\f": r"\f", "\v": r"\v", "\x1b": r"\e"},
}


def _printed_binary(value: bytes) -> str:
    """Quoted where it is text of Latin 1 (what Erlang holds printable by default), else byte by byte."""
    if not value:
        return "<<>>"
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = "\0"
    if all(" " <= letter <= "~" or "\xa0" <= letter <= "\xff" or letter in _ESCAPES for letter in text):
        quoted = "".join(_ESCAPES.get(letter, letter) for letter in text)
        return f'<<"{quoted}"{"" if text.isascii() else "/utf8"}>>'
    return f"<<{','.join(map(str, value))}>>"
