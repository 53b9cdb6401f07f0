#!/usr/bin/python3
"""Every member of every struct that is saved has a row in src/core/saved/saved_table.c.

Usage: check_saved.py SOURCE_ROOT
       check_saved.py --self-test     the check finds what it is there for
"""
import pathlib
import re
import sys

ROW = re.compile(r"\b(?:FIELD|FIELD_WITH|COUNTER|CHARS|ENUM|OBJECT|OBJECT_SINCE|ARRAY|ARRAY_SINCE|AT)\(\s*(\w+),\s*([\w.]+)")
INNER = re.compile(r"\bINNER(?:_WITH)?\(\s*(\w+),\s*(\w+),\s*(\w+)")
BY_OFFSET = re.compile(r"\boffsetof\(struct (\w+), ([\w.]+)\)")
DEFINE = re.compile(r"^[ \t]*#[ \t]*define(?:.*\\\n)*.*$", re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def rows_of(table):
    """{struct: {member}} as the rows name them."""
    text = DEFINE.sub("", COMMENT.sub("", table))
    found = {}
    pairs = ROW.findall(text) + BY_OFFSET.findall(text)
    pairs += [(name, f"{outer}.{member}") for name, outer, member in INNER.findall(text)]
    for name, member in pairs:
        found.setdefault(name, set()).add(member)
    return found


def closing(text, at):
    """Index behind the brace that closes the one at `at`."""
    depth = 0
    for i in range(at, len(text)):
        depth += {"{": 1, "}": -1}.get(text[i], 0)
        if depth == 0:
            return i + 1
    raise ValueError("a brace is not closed")


def members_in(body):
    """Names of the members; those of a structure without a name of its own with a dot."""
    names = set()
    at = 0
    while body[at:].strip():
        brace, end = body.find("{", at), body.find(";", at)
        inner = {""}
        if -1 < brace < end:
            behind = closing(body, brace)
            inner = {"." + name for name in members_in(body[brace + 1 : behind - 1])}
            end = body.find(";", behind)
            declarators = body[behind:end]
        else:
            declarators = re.sub(r"^\s*(?:(?:struct|enum|const)\s+)*\w+", "", body[at:end])
        for declarator in declarators.split(","):
            name = re.match(r"[\s*]*(\w+)", declarator).group(1)
            names |= {name + part for part in inner}
        at = end + 1
    return names


def members_of(name, headers):
    for text in headers:
        found = re.search(r"\bstruct %s \{" % name, text)
        if found:
            end = closing(text, found.end() - 1)
            return members_in(text[found.end() : end - 1])
    return None


def faults(table, headers):
    headers = [COMMENT.sub("", text) for text in headers]
    for name, rows in sorted(rows_of(table).items()):
        members = members_of(name, headers)
        if members is None:
            yield f"saved_table.c: there is no struct {name} in src/core"
            continue
        yield from (f"saved_table.c: no row for struct {name}, {m}" for m in sorted(members - rows))


def self_test():
    header = """struct a { /* x; */ bool one, two; struct b *c; enum d e[4];
        struct { int f; uint64_t g, h; } inner; };"""
    table = """#define FIELD(object, member) \\
        OBJECT(object, three)
        FIELD(a, one), FIELD(a, two), ENUM(a, e, x), OBJECT(a, c, y), INNER(a, inner, f),
        {AT(a, inner.g)}, """
    assert list(faults(table, [header])) == ["saved_table.c: no row for struct a, inner.h"]
    assert not list(faults(table + "{.offset = offsetof(struct a, inner.h)}", [header]))
    assert list(faults("FIELD(b, one)", [header])) == [
        "saved_table.c: there is no struct b in src/core"
    ]


def main():
    if sys.argv[1] == "--self-test":
        self_test()
        return 0
    core = pathlib.Path(sys.argv[1]) / "src/core"
    table = (core / "saved/saved_table.c").read_text()
    assert len(rows_of(table)) > 8, "no rows were found: do they look different now?"
    found = list(faults(table, [p.read_text() for p in sorted(core.rglob("*.h"))]))
    print("\n".join(found) or "every member has a row")
    return 1 if found else 0


sys.exit(main())
