"""Headers matching against the recorded matrix and what a real broker says to every type."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqlab.engine.brokers.rabbitmq.headers import matches, validate

MATRIX = json.loads((Path(__file__).parents[1] / "traces" / "headers_match.json").read_text())
VERSIONS = ("3.10", "4.0", "4.3")
A_DAY = datetime(2020, 1, 1, tzinfo=UTC)

pytestmark = pytest.mark.rule("rabbitmq/headers-match")

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2),
    st.sampled_from([0.0, 1.0, 1.5]),
    st.sampled_from(["", "1", "a"]),
)
fields = st.recursive(scalars, lambda inner: st.lists(inner, max_size=2), max_leaves=4)
tables = st.dictionaries(st.sampled_from(["a", "b", "A", "x-foo", "x-"]), fields, max_size=4)
kinds = st.sampled_from([None, "all", "any", "all-with-x", "any-with-x"])


@pytest.mark.parametrize(
    "binding", MATRIX["bindings"], ids=lambda binding: json.dumps(binding["binding_args"])
)
def test_it_agrees_with_the_recorded_matrix(binding: dict[str, Any]) -> None:
    arrived = [
        number
        for number, headers in enumerate(MATRIX["header_sets"])
        if matches(binding["binding_args"], headers, MATRIX["version"])
    ]
    assert arrived == binding["matched_header_sets"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("headers", [None, {}, {"a": 1}, {"x-foo": "1"}])
def test_without_arguments_all_takes_everything_and_any_nothing(
    headers: dict[str, Any] | None, version: str
) -> None:
    assert matches({}, headers, version)
    assert matches({"x-match": "all"}, headers, version)
    assert matches({"x-match": "all-with-x"}, headers, version)
    assert matches({"x-match": "all", "x-foo": "2"}, headers, version)
    assert not matches({"x-match": "any"}, headers, version)
    assert not matches({"x-match": "any-with-x"}, headers, version)
    assert not matches({"x-match": "any", "x-foo": "1"}, headers, version)


def test_only_with_x_looks_at_names_that_begin_with_x() -> None:
    headers = {"x-foo": "1", "a": 1}
    assert matches({"x-match": "all", "x-foo": "2", "a": 1}, headers, "4.3")
    assert not matches({"x-match": "all-with-x", "x-foo": "2", "a": 1}, headers, "4.3")
    assert matches({"x-match": "all-with-x", "x-foo": "1", "a": 1}, headers, "4.3")
    assert matches({"x-match": "any-with-x", "x-foo": "1", "a": 2}, headers, "4.3")
    assert not matches({"x-match": "any", "x-foo": "1", "a": 2}, headers, "4.3")


def test_a_void_argument_asks_only_whether_the_header_is_there() -> None:
    assert matches({"a": None}, {"a": "anything"}, "4.3")
    assert matches({"a": None}, {"a": None}, "4.3")
    assert not matches({"a": None}, {"A": 1}, "4.3")
    assert not matches({"a": "x"}, {"a": None}, "4.3")
    assert not matches({"a": "undefined"}, {"a": None}, "4.3")


# The pairs without a float were asked of a 3.10.8 with pika, those with one with py-amqp.
@pytest.mark.parametrize(
    ("wanted", "given_", "in_3_10", "in_4"),
    [
        (1, "1", False, False),
        (1, True, False, False),
        (True, 1, False, False),
        (True, 1.0, False, False),
        (True, "true", False, False),
        (1, 1.0, True, False),
        (1.0, 1, True, False),
        ("1", 1.0, False, False),
        (2**53, float(2**53), True, False),
        (2**53 + 1, float(2**53), False, False),
        (1, 2**40, False, False),
        (2**40, 2**40, True, True),
        ("a", b"a", True, True),
        ("", b"", True, True),
        ({}, [], True, True),
        ({}, {}, True, True),
        ({"n": 1}, {"n": 1}, True, True),
        ({"n": 1}, {"n": 1.0}, False, False),
        ({"n": 1}, {"n": True}, False, False),
        ({"n": "x"}, {"n": b"x"}, False, False),
        ({"n": 1, "m": 2}, {"m": 2, "n": 1}, False, False),
        ([1, 2], [1, 2], True, True),
        ([1], [1.0], False, False),
        ([1], ["1"], False, False),
        ([True], [1], False, False),
        (Decimal("1.10"), Decimal("1.10"), True, True),
        (Decimal("1.10"), Decimal("1.1"), False, False),
        (Decimal("1"), 1, False, False),
        (A_DAY, A_DAY, True, False),  # 4.x: rabbit's mc_amqpl.erl, routing_value/2
        (A_DAY, 1577836800, True, True),
        (1577836800000, A_DAY, False, True),
    ],
)
def test_values_are_compared_as_the_broker_decodes_them(
    wanted: Any, given_: Any, in_3_10: bool, in_4: bool
) -> None:
    assert matches({"a": wanted}, {"a": given_}, "3.10") is in_3_10
    assert matches({"a": wanted}, {"a": given_}, "4.0") is in_4
    assert matches({"a": wanted}, {"a": given_}, "4.3") is in_4


@given(kind=kinds, arguments=tables, headers=st.one_of(st.none(), tables), version=st.sampled_from(VERSIONS))
def test_all_is_every_argument_and_any_is_one(
    kind: str | None, arguments: dict[str, Any], headers: dict[str, Any] | None, version: str
) -> None:
    considered = {
        name: value
        for name, value in arguments.items()
        if kind in ("all-with-x", "any-with-x") or not name.startswith("x-")
    }
    alone = [
        matches({"x-match": "all-with-x", name: value}, headers, version)
        for name, value in considered.items()
    ]
    expected = any(alone) if kind in ("any", "any-with-x") else all(alone)
    bound = arguments if kind is None else {**arguments, "x-match": kind}
    assert matches(bound, headers, version) is expected


@pytest.mark.parametrize("value", ["all", "any", "all-with-x", "any-with-x"])
def test_the_four_kinds_may_be_bound(value: str) -> None:
    assert validate({"x-match": value, "a": 1}) is None
    assert validate({"a": 1}) is None


# Recorded from a 3.10.8, the texts with "/utf8" excepted: those are how Erlang prints with ~tp, as 4.x does.
@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("bogus", 'value <<"bogus">>'),
        ("ALL", 'value <<"ALL">>'),
        ("", "value <<>>"),
        ('q"u\\o\n', 'value <<"q\\"u\\\\o\\n">>'),
        ("über", 'value <<"über"/utf8>>'),
        ("😀", "value <<240,159,152,128>>"),
        (1, "type signedint (value 1)"),
        (2**40, "type long (value 1099511627776)"),
        (True, "type bool (value true)"),
        (1.5, "type double (value 1.5)"),
        (1e10, "type double (value 1.0e10)"),
        (1e-5, "type double (value 1.0e-5)"),
        (123456789012345678.0, "type double (value 1.2345678901234568e17)"),
        (None, "type void (value undefined)"),
        ({"n": 1}, 'type table (value [{<<"n">>,signedint,1}])'),
        ([1, "a"], 'type array (value [{signedint,1},{longstr,<<"a">>}])'),
        ([], "type array (value [])"),
        (b"all", 'type binary (value <<"all">>)'),
        (b"\xff\x00", "type binary (value <<255,0>>)"),
        (Decimal("1.10"), "type decimal (value {2,110})"),
        (A_DAY, "type timestamp (value 1577836800)"),
    ],
)
def test_another_x_match_is_refused_in_the_brokers_words(value: Any, said: str) -> None:
    ending = (
        "expected all, any, all-with-x, or any-with-x" if said.startswith("value") else "expected longstr"
    )
    assert validate({"x-match": value}) == f"Invalid x-match field {said}; {ending}"
