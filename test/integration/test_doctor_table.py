"""Each check of the doctor is broken for real somewhere: no row of its table is a promise only."""

import ast
import re
from pathlib import Path

from daemon import TOP

HERE = Path(__file__).parent


def checks():
    table = (TOP / "src/core/doctor/doctor_checks.h").read_text()
    return set(re.findall(r'^ +X\(\w+, "([a-z0-9-]+)", [A-Z]+', table, re.M))


def texts(node):
    return {inner.value for inner in ast.walk(node)
            if isinstance(inner, ast.Constant) and isinstance(inner.value, str)}


def resolved(function, nodes):
    """The texts in there; a name stands for what it was given, or is called with."""
    found = set().union(*(texts(node) for node in nodes), set())
    names = {inner.id for node in nodes for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    for inner in ast.walk(function):
        if isinstance(inner, ast.Assign) and names & {t.id for t in inner.targets
                                                      if isinstance(t, ast.Name)}:
            found |= texts(inner.value)
    if names & {argument.arg for argument in function.args.args}:
        found |= set().union(*(texts(decorator) for decorator in function.decorator_list), set())
    return found


def asserted(function):
    """What this test says is found, and nothing else: diagnosis(daemon, ..), or .. == [..]."""
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "diagnosis":
            found |= resolved(function, node.args[1:])
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq):
            lists = [inner for side in node.comparators for inner in ast.walk(side)
                     if isinstance(inner, ast.List)]
            found |= resolved(function, lists)
    return found


def broken():
    found = set()
    for path in [*HERE.glob("test_doctor*.py"), HERE / "test_systemd_doctor.py"]:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found |= asserted(node)
    return found


def test_each_check_is_broken_for_real():
    assert len(checks()) > 50
    assert checks() - broken() == set()


def test_how_it_is_known():
    def seen(text):
        return asserted(ast.parse(text).body[0])

    assert seen("def test_x(daemon):\n diagnosis(daemon, 'a', 'b')\n") == {"a", "b"}
    assert seen("def test_x(daemon):\n c = 'a'\n diagnosis(daemon, c)\n") == {"a"}
    assert seen("@p('c', ['a'])\ndef test_x(daemon, c):\n diagnosis(daemon, c)\n") >= {"a"}
    assert seen("def test_x(daemon):\n assert names(daemon) == ['a']\n") == {"a"}
    assert seen("def test_x(daemon):\n assert 'a' in names(daemon)\n") == set()
    assert seen("def test_x(daemon):\n report(daemon, 'a')\n") == set()
