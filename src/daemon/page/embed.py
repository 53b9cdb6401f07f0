#!/usr/bin/env python3
"""Puts what a browser shows together and writes it as C.

Usage: embed.py OUTPUT.c PAGE.html STYLE.css RUNBOOK.html RUNBOOK.md SCRIPT.js...

The frames name their places: @STYLE@, @SCRIPT@, ... The scripts become one, in the order given, in a
scope of their own. Script and style are named in the policy by their hashes, so nothing else can
run: not even what would find a way into the page.
"""
import base64
import hashlib
import pathlib
import sys

import runbook

ROW = 20


def read(path):
    return pathlib.Path(path).read_text(encoding="utf-8")


def source(text):
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def put(frame, **places):
    """Each place is there once, and what goes into it cannot name another."""
    for name in places:
        if frame.count(f"@{name}@") != 1:
            sys.exit(f"embed page: the frame must say @{name}@ once")
    parts = frame
    for name, text in places.items():
        before, after = parts.split(f"@{name}@")
        parts = before + text + after
    return parts


def policy(*own):
    return "; ".join(["default-src 'none'", *own, "img-src data:", "base-uri 'none'",
                      "form-action 'none'", "frame-ancestors 'none'"])


def as_c(name, text):
    # Numbers, not a string: compilers need not take long ones. char may be signed.
    numbers = [str(byte - 256 if byte > 127 else byte) for byte in text.encode()]
    rows = [",".join(numbers[i:i + ROW]) for i in range(0, len(numbers), ROW)]
    return f"static const char {name}_bytes[] = {{\n" + ",\n".join(rows) + "};\n"


def page_as_c(name, text, its_policy):
    return (f"{as_c(name, text)}const struct page {name} = {{\n    .bytes = {name}_bytes,\n"
            f"    .len = sizeof {name}_bytes,\n    .policy = \"{its_policy}\",\n}};\n")


def main():
    output, frame, style, runbook_frame, markdown, *scripts = sys.argv[1:]
    look = read(style)
    script = '"use strict";\n(() => {\n' + "\n".join(read(path) for path in scripts) + "})();\n"
    for text in look, script:
        if "</style" in text or "</script" in text or "<!--" in text:
            sys.exit("embed page: style and script must not end themselves")
    status = put(read(frame), STYLE=look, SCRIPT=script)
    contents, body = runbook.render(read(markdown))
    book = put(read(runbook_frame), STYLE=look, CONTENTS=contents, BODY=body)
    pathlib.Path(output).write_text(
        '/* Made by src/daemon/page/embed.py. */\n#include "daemon/page/page.h"\n\n'
        + page_as_c("PAGE_STATUS", status,
                    policy(f"script-src {source(script)}", f"style-src {source(look)}",
                           "connect-src 'self'"))
        + page_as_c("PAGE_RUNBOOK", book, policy(f"style-src {source(look)}")), encoding="utf-8")


main()
