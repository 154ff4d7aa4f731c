"""Raw parameters become a command: every kind, its leniency, and the texts that clients parse."""

from __future__ import annotations

from typing import Any

import pytest

from lakh.base.errors import ApiError
from lakh.contract.binding import Lookup, bind, normalized
from lakh.contract.declaration import Declaration, param
from lakh.contract.types import Date, Details, Double, Id, Ids, Long, Longs, Pairs, Short, Strings, UuidText

UUID = "0190abcd-0000-7000-8000-00000000beef"


class BindEverything(Declaration, internal=True):
    """Has a parameter of every kind."""

    zoneid: Id = param("", entity="zone", required=True)
    hostid: Id | None = param("", entity="host", since="4.10")
    ids: Ids = param("", entity="vm")
    jobid: UuidText | None = param("", entity="async_job")
    name: str | None = param("", max_length=5)
    flag: bool = param("", default=True)
    number: int | None = param("")
    big: Long | None = param("")
    small: Short | None = param("")
    ratio: float | None = param("")
    exact: Double | None = param("")
    startdate: Date | None = param("")
    enddate: Date | None = param("")
    words: Strings = param("")
    numbers: Longs = param("")
    tags: Pairs = param("")
    details: Details = param("")
    secretfield: str | None = param("", roles=("Admin",))
    positive: int | None = param("", validations=("PositiveNumber",))
    full: str | None = param("", validations=("NotNullOrEmpty",))
    uuid: str | None = param("", validations=("UuidString",))
    suffix: str | None = param("", validations=("RFCComplianceDomainName",))


def bound(role: str = "User", **raw: str) -> Any:
    pairs = [("zoneid", "7"), *((name.replace("__", "."), value) for name, value in raw.items())]
    made = bind(BindEverything.SPEC, normalized(pairs), role)
    return made.command([1000 + i for i in range(len(made.lookups))])


def of(pairs: list[tuple[str, str]], role: str = "User") -> Any:
    made = bind(BindEverything.SPEC, normalized([("zoneid", "7"), *pairs]), role)
    return made.command([1000 + i for i in range(len(made.lookups))])


def refused(*pairs: tuple[str, str]) -> ApiError:
    with pytest.raises(ApiError) as raised:
        of(list(pairs))
    return raised.value


def test_names_are_matched_in_any_case_and_unknown_ones_ignored() -> None:
    command = of([("NaMe", "x"), ("timestamp", "1"), ("_", "2")])
    assert command.name == "x"


@pytest.mark.parametrize(("text", "value"), [("true", True), ("TRUE", True), ("1", False), ("yes", False), ("", False)])
def test_every_boolean_but_true_is_false(text: str, value: bool) -> None:
    assert bound(flag=text).flag is value


def test_absent_parameters_have_their_defaults() -> None:
    command = bound()
    assert (command.flag, command.number, command.words, command.tags, command.details, command.ids) == (
        True,
        None,
        [],
        [],
        {},
        [],
    )


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("number", "12", 12),
        ("number", "+12", 12),
        ("number", "-1", -1),
        ("number", "  ", None),
        ("number", "", None),
        ("ratio", "1.5", 1.5),
        ("ratio", " 1e3 ", 1000.0),
        ("ratio", "2f", 2.0),
        ("ratio", " ", None),
        ("exact", ".5", 0.5),
        ("big", "9223372036854775807", 9223372036854775807),
        ("small", "-32768", -32768),
    ],
)
def test_numbers(name: str, text: str, value: object) -> None:
    assert getattr(bound(**{name: text}), name) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("number", "1.5"),
        ("number", "2147483648"),
        ("number", "1_000"),
        ("number", "٣"),
        ("number", "9" * 5000),
        ("big", ""),
        ("big", " "),
        ("big", "9223372036854775808"),
        ("small", ""),
        ("small", "32768"),
        ("ratio", "abc"),
        ("ratio", "nan"),
        ("ratio", "1_0"),
        ("numbers", "1,x"),
    ],
)
def test_bad_numbers_are_431_and_name_the_parameter(name: str, text: str) -> None:
    error = refused((name, text))
    assert error.errorcode == 431
    assert error.text == (
        f"Unable to execute API command bindeverything due to invalid value"
        f" {text.split(',')[-1][:255]} for parameter {name}"
    )


def test_a_required_parameter_that_is_missing_or_empty() -> None:
    for raw in ([], [("zoneid", "")]):
        with pytest.raises(ApiError) as raised:
            bind(BindEverything.SPEC, normalized(raw), "User")
        assert raised.value.errorcode == 431
        assert raised.value.text == "Unable to execute API command bindeverything due to missing parameter zoneid"


def test_a_too_long_text() -> None:
    assert bound(name="12345").name == "12345"
    assert refused(("name", "123456")).text == "Value greater than max allowed length 5 for param: name"
    assert "max allowed length 255" in refused(("full", "x" * 256)).text


def test_uuids_are_looked_up_and_minus_one_passes() -> None:
    made = bind(BindEverything.SPEC, normalized([("zoneid", UUID), ("ids", f"{UUID},,9"), ("hostid", "-1")]), "User")
    assert made.lookups == [
        Lookup("zoneid", "zone", UUID, -1),
        Lookup("ids", "vm", UUID, 0),
        Lookup("ids", "vm", "9", 1),
    ]
    command: Any = made.command([3, 4, 5])
    assert (command.zoneid, command.ids, command.hostid) == (3, [4, 5], -1)


def test_an_unknown_uuid_is_431_with_the_text_terraform_needs() -> None:
    made = bind(BindEverything.SPEC, normalized([("zoneid", UUID)]), "User")
    with pytest.raises(ApiError) as raised:
        made.command([None])
    assert raised.value.errorcode == 431
    assert raised.value.text == (
        "Unable to execute API command bindeverything due to invalid value. Invalid parameter zoneid"
        f" value={UUID} due to incorrect long value format, or entity does not exist or due to incorrect parameter"
        " annotation for the field in api cmd class."
    )


def test_a_parameter_with_since_ignores_what_is_no_uuid() -> None:
    assert bound(hostid="17").hostid is None
    assert bound(hostid="nonsense").hostid is None
    assert bound(hostid="").hostid is None
    assert bound(hostid=UUID).hostid == 1001


def test_a_uuid_kept_as_text_is_not_looked_up() -> None:
    assert bound(jobid="anything").jobid == "anything"


def test_lists_drop_empty_tokens() -> None:
    assert bound(words="a,,b,").words == ["a", "b"]
    assert bound(numbers="3,1").numbers == [3, 1]


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-01-02T03:04:05+0000", 1767323045000),
        ("2026-01-02T03:04:05+01:00", 1767319445000),
        ("2026-01-02T03:04:05Z", 1767323045000),
        ("2026-01-02T03:04:05.250+0000", 1767323045250),
        ("2026-01-02 03:04:05", 1767323045000),
        ("2026-01-02", 1767312000000),
    ],
)
def test_date_forms(text: str, iso: int) -> None:
    assert bound(startdate=text).startdate == iso


def test_a_bare_end_date_is_the_end_of_its_day() -> None:
    assert bound(enddate="2026-01-02").enddate == 1767398399000
    assert bound(enddate="").enddate is None
    for wrong in ("2026-02-30", "yesterday", "2026-01-02T25:00:00Z", "0000-01-01"):
        assert "Unable to parse date" in refused(("startdate", wrong)).text


def test_maps_of_pairs_and_of_free_keys() -> None:
    pairs = [("tags[5].key", "b"), ("Tags[0].key", "a"), ("tags[0].value", "1"), ("tags[5].value", "2")]
    assert of(pairs).tags == [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]
    free = [("details[0].cpuNumber", "2"), ("details[1].memory", "1024"), ("details[0].Key.with.dots", "x")]
    assert of(free).details == {"cpuNumber": "2", "Key.with.dots": "x", "memory": "1024"}


@pytest.mark.parametrize(
    "name",
    ["tags[0]", "tags[0]key", "tags[x].key", "tags[0][1].key", "tags[0.key", "tags[].key", "tags[0].", "tags[1.5].key"],
)
def test_a_malformed_map_is_430(name: str) -> None:
    assert refused((name, "v")).errorcode == 430


def test_a_parameter_for_other_roles_is_ignored() -> None:
    assert bound(secretfield="x").secretfield is None
    assert bound("Admin", secretfield="x").secretfield == "x"
    assert bound(secretfield="x" * 300).secretfield is None


@pytest.mark.parametrize(
    ("name", "good", "wrong"),
    [
        ("positive", "1", "0"),
        ("full", "x", " "),
        ("uuid", UUID, "x"),
        ("suffix", "a-b.example", "-a.example"),
        ("suffix", "example", "a..b"),
    ],
)
def test_validations(name: str, good: str, wrong: str) -> None:
    assert str(getattr(bound(**{name: good}), name)) == good
    error = refused((name, wrong))
    assert (error.errorcode, f"Invalid value provided for API arg: {name}" in error.text) == (431, True)


@pytest.mark.parametrize("character", ["\t", "\x00", "\x7f", "\x1b"])
def test_control_characters_are_431(character: str) -> None:
    assert refused(("name", f"a{character}")).errorcode == 431
    assert bound(activationrule=f"a{character}").name is None


def test_line_ends_and_other_scripts_are_no_control_characters() -> None:
    assert bound(name="a\r\nü").name == "a\r\nü"


def test_long_lists_and_long_numbers_are_refused_before_they_cost_anything() -> None:
    assert len(of([("words", ",".join(["x"] * 1000))]).words) == 1000
    for name, value in (("words", "x," * 1001), ("ids", "1," * 1001)):
        assert "holds 1001 values; at most 1000" in refused((name, value)).text
    assert "for parameter ratio" in refused(("ratio", "1" * 1_000_000 + "x")).text
