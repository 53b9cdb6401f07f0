#!/usr/bin/env python3
"""Puts the status page together and writes it as C.

Usage: embed.py OUTPUT.c FRAME.html STYLE.css SCRIPT.js...

The frame names the places: @STYLE@ and @SCRIPT@. The scripts become one, in the order given, in a
scope of their own. Both are named in the policy by their hashes, so nothing else can run: not even
what would find a way into the page.
"""
import base64
import hashlib
import pathlib
import sys

ROW = 20


def policy_source(text):
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def assemble(frame, style, script):
    for place in "@STYLE@", "@SCRIPT@":
        if frame.count(place) != 1:
            sys.exit(f"embed page: the frame must say {place} once")
    for text in style, script:
        if "</style" in text or "</script" in text or "<!--" in text:
            sys.exit("embed page: style and script must not end themselves")
    page = frame.replace("@STYLE@", style).replace("@SCRIPT@", script)
    policy = "; ".join([
        "default-src 'none'",
        f"script-src {policy_source(script)}",
        f"style-src {policy_source(style)}",
        "connect-src 'self'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ])
    return page, policy


def as_c(page, policy):
    # Numbers, not a string: compilers need not take long ones. char may be signed.
    numbers = [str(byte - 256 if byte > 127 else byte) for byte in page.encode()]
    rows = [",".join(numbers[i:i + ROW]) for i in range(0, len(numbers), ROW)]
    return ('/* Made by src/daemon/page/embed.py. */\n#include "daemon/page.h"\n\n'
            "const char PAGE[] = {\n" + ",\n".join(rows) + "};\n"
            "const size_t PAGE_LEN = sizeof PAGE;\n"
            f'const char PAGE_POLICY[] = "{policy}";\n')


def main():
    output, frame, style, *scripts = sys.argv[1:]
    texts = [pathlib.Path(path).read_text(encoding="utf-8") for path in scripts]
    script = '"use strict";\n(() => {\n' + "\n".join(texts) + "})();\n"
    page, policy = assemble(pathlib.Path(frame).read_text(encoding="utf-8"),
                            pathlib.Path(style).read_text(encoding="utf-8"), script)
    pathlib.Path(output).write_text(as_c(page, policy), encoding="utf-8")


main()
