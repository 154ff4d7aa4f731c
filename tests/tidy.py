"""House rules as tests: sizes, names, where SQL may stand, no dead files. A ratchet: only ever tightened."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
FILE_LINES, FILE_LINES_HARD, FILES_OVER = 400, 600, 0
TEST_FILE_LINES = 500  # stories of one thing may stand together
FUNCTION_LINES, FUNCTION_LINES_HARD, FUNCTIONS_OVER = 50, 70, 12
FORBIDDEN_NAMES = re.compile(r"(^|_)(utils?|common|helpers?|managers?|impl)(_|$)")
SQL = re.compile(r"\b(SELECT\s.+\sFROM|INSERT INTO|UPDATE\s+\w+\s+SET|DELETE FROM)\b", re.DOTALL)
DECLARERS = {"Listing", "statement", "select", "insert"}


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _generated(path: Path) -> bool:
    return "migrations/versions" in path.as_posix()


def test_files_stay_short() -> None:
    sizes = {p: len(p.read_text().splitlines()) for p in [*SOURCES, *TESTS] if not _generated(p)}
    too_long = [f"{p.relative_to(ROOT)}: {n}" for p, n in sizes.items() if n > FILE_LINES_HARD]
    assert not too_long, f"more than {FILE_LINES_HARD} lines"
    bounds = {p: TEST_FILE_LINES if p in TESTS else FILE_LINES for p in sizes}
    over = [f"{p.relative_to(ROOT)}: {n}" for p, n in sizes.items() if n > bounds[p]]
    assert len(over) <= FILES_OVER, over


def test_functions_stay_short() -> None:
    sizes: dict[str, int] = {}
    for path in SOURCES:
        if not _generated(path):
            for node in _functions(ast.parse(path.read_text())):
                sizes[f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"] = _lines(node)
    too_long = {name: n for name, n in sizes.items() if n > FUNCTION_LINES_HARD}
    assert not too_long
    over = {name: n for name, n in sizes.items() if n > FUNCTION_LINES}
    assert len(over) <= FUNCTIONS_OVER, over


def test_names_explain_themselves() -> None:
    bad = [p for p in [*SOURCES, *TESTS] if any(FORBIDDEN_NAMES.search(part) for part in p.with_suffix("").parts[-3:])]
    assert not bad


def test_sql_stands_in_statements_only() -> None:
    bad: list[str] = []
    for path in SOURCES:
        if "src/lakh/store/" in path.as_posix():
            continue
        tree = ast.parse(path.read_text())
        declared: set[int] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in DECLARERS:
                declared.update(id(n) for n in ast.walk(node))
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                declared.add(id(node.value))  # docstrings
        if any(isinstance(n, ast.Call) and getattr(n.func, "id", "") == "Listing" for n in ast.walk(tree)):
            for assigned in (n for n in tree.body if isinstance(n, ast.Assign)):
                declared.update(id(n) for n in ast.walk(assigned))  # conditions that a Listing is made of
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in declared:
                continue
            if SQL.search(node.value):
                bad.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not bad


def test_modules_say_what_they_are() -> None:
    bad = [
        p.relative_to(ROOT)
        for p in SOURCES
        if p.stat().st_size > 0 and not _generated(p) and not ast.get_docstring(ast.parse(p.read_text()))
    ]
    assert not bad


def test_tests_never_sleep() -> None:
    sleeping = re.compile(r"\btime\.sleep\(|asyncio\.sleep\((?!0\))")
    virtual = {"world.py"}  # under a virtual clock nothing waits
    bad = [
        f"{p.relative_to(ROOT)}:{number}"
        for p in TESTS
        if p.name not in virtual and p.parent.name != "sim" and p.name != "tidy.py"
        for number, line in enumerate(p.read_text().splitlines(), 1)
        if sleeping.search(line)
    ]
    assert not bad


@pytest.mark.parametrize("word", ["/" + "work/", "farm" + "-", "pypi." + "org"])
def test_text_speaks_of_the_project_alone(word: str) -> None:
    kinds = {".py", ".md", ".toml", ".sh", ""}
    found = [
        p.relative_to(ROOT)
        for folder in ("src", "tests", "docs", ".ci")
        for p in (ROOT / folder).rglob("*")
        if p.is_file() and p.suffix in kinds and "__pycache__" not in p.parts and word in p.read_text(errors="ignore")
    ]
    assert not found
