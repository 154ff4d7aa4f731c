"""The definition of a proof, on calls made up for it."""

from __future__ import annotations

from typing import Any

from tests.coverage.observations import Call, Evidence, Observations, Shape

ZONE, OTHER_ZONE = "0190abcd-0000-7000-8000-000000000001", "0190abcd-0000-7000-8000-000000000002"
SHAPES = {
    "listThings": Shape("thing", False, {"part": "PartResponse"}),
    "createThing": Shape("thing", False, {}),
    "startThing": Shape("thing", True, {}),
    "queryAsyncJobResult": Shape(None, False, {}),
}


class Story:
    """Calls of one test."""

    def __init__(self) -> None:
        self.test = Evidence(SHAPES, {})

    def call(
        self, command: str, content: dict[str, Any], caller: str = "admin", status: int = 200, **given: str
    ) -> None:
        given = {"command": command, "response": "json", "signature": str(content), **given}
        self.test.add(Call(command, given, caller, status, content))

    def proven(self, command: str) -> set[str]:
        return self.test.parameters.get(command, set())


def listed(*things: dict[str, Any]) -> dict[str, Any]:
    return {"count": len(things), "thing": list(things)} if things else {}


def test_two_values_and_two_outcomes_prove_a_parameter() -> None:
    story = Story()
    story.call("listThings", listed({"name": "a"}), name="a")
    assert story.proven("listThings") == set()
    story.call("listThings", listed(), name="b")
    assert story.proven("listThings") == {"name"}


def test_one_outcome_or_one_value_or_none_given_proves_nothing() -> None:
    story = Story()
    story.call("listThings", listed({"name": "a"}), keyword="a")
    story.call("listThings", listed({"name": "a"}), keyword="b")
    story.call("listThings", listed({"name": "c"}), keyword="a")
    story.call("listThings", listed())
    assert story.proven("listThings") == set()


def test_outcomes_count_only_where_nothing_else_differs() -> None:
    story = Story()
    story.call("listThings", listed({"state": "x"}), name="a", kind="1")
    story.call("listThings", listed({"state": "y"}), name="b", kind="2")
    story.call("listThings", listed({"state": "z"}), name="b", kind="1", caller="joe")
    assert story.proven("listThings") == set()
    story.call("listThings", listed(), name="b", kind="1")
    assert story.proven("listThings") == {"name", "kind"}


def test_a_value_that_the_answer_shows_proves_itself() -> None:
    story = Story()
    story.call("createThing", {"thing": {"name": "first", "public": True, "size": 5}}, name="first", public="true")
    story.call("createThing", {"thing": {"name": "second", "public": False, "size": 5}}, name="second", public="false")
    assert story.proven("createThing") == {"name", "public"}


def test_short_values_must_stand_in_the_field_of_that_name() -> None:
    story = Story()
    story.call("createThing", {"thing": {"id": 1, "size": 5}}, number="1", size="5")
    story.call("createThing", {"thing": {"id": 2, "size": 6}}, number="2", size="6")
    assert story.proven("createThing") == {"size"}


def test_new_ids_and_dates_are_no_outcome_of_a_parameter() -> None:
    story = Story()
    made = {"id": "0190abcd-0000-7000-8000-00000000000a", "created": "2026-01-02T03:04:05+0000"}
    again = {"id": "0190abcd-0000-7000-8000-00000000000b", "created": "2026-01-02T03:04:06+0000"}
    story.call("createThing", {"thing": made}, speed="1000")
    story.call("createThing", {"thing": again}, speed="2000")
    assert story.proven("createThing") == set()
    story.call("createThing", {"thing": made | {"zoneid": ZONE}}, zoneid=ZONE)
    story.call("createThing", {"thing": again | {"zoneid": OTHER_ZONE}}, zoneid=OTHER_ZONE)
    assert story.proven("createThing") == {"zoneid"}


def test_an_error_is_an_outcome_by_its_code() -> None:
    story = Story()
    story.call("listThings", {"errorcode": 431, "errortext": "no a"}, status=431, kind="a")
    story.call("listThings", {"errorcode": 431, "errortext": "no b"}, status=431, kind="b")
    assert story.proven("listThings") == set()
    story.call("listThings", listed(), kind="c")
    assert story.proven("listThings") == {"kind"}


def test_a_job_counts_when_it_has_ended() -> None:
    story = Story()
    for job, state in (("j1", "Up"), ("j2", "Down")):
        story.call("startThing", {"jobid": job}, how=state)
        story.call("queryAsyncJobResult", {"jobid": job, "jobstatus": 0}, jobid=job)
    assert story.proven("startThing") == set()
    for job, state in (("j1", "Up"), ("j2", "Down")):
        done = {"jobid": job, "jobstatus": 1, "jobresult": {"thing": {"state": state}}}
        story.call("queryAsyncJobResult", done, jobid=job)
    assert story.proven("startThing") == {"how"}
    assert story.test.fields["startThing"] == {"state"}


def test_a_map_is_one_parameter() -> None:
    story = Story()
    tag = {"tags[0].key": "k", "tags[0].value": "v"}
    story.call("listThings", listed({"name": "a"}), **tag)
    story.call("listThings", listed(), **tag | {"tags[0].value": "w"})
    assert story.proven("listThings") == {"tags"}


def test_fields_count_with_two_values_nested_ones_too() -> None:
    story = Story()
    one = {"name": "a", "kind": "x", "part": [{"slot": 1, "size": 5}]}
    story.call("listThings", listed(one, {"name": "b", "kind": "x", "part": [{"slot": 2, "size": 5}]}))
    assert story.test.fields["listThings"] == {"name", "part"}
    assert story.test.nested_fields == {"PartResponse": {"slot"}}


def test_proofs_of_many_tests_come_together_but_not_their_halves() -> None:
    whole = Observations()
    for name, other in (("a", "a"), ("b", "b"), ("a", "b")):
        story = Story()
        story.call("listThings", listed({"name": name}), name=name)
        story.call("listThings", listed({"name": other}), name=other)
        whole.take(story.test)
        assert (whole.parameters == {"listThings": {"name"}}) == (name != other)
