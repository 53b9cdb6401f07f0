#!/usr/bin/python3
"""Checks STYLE's rules about who includes whom, and about the form of headers and files.

Usage: check_layers.py SOURCE_ROOT            everything but compiling
       check_layers.py --headers SOURCE_ROOT COMPILER [ARGUMENT...]   every header compiles alone
       check_layers.py --self-test            the checks find what they are there for
"""
import pathlib
import re
import subprocess
import sys
import tempfile

LIBRARIES = {
    "uv": r"uv\.h",
    "hiredis": r"hiredis/.*",
    "curl": r"curl/.*",
    "systemd": r"systemd/.*",
    "microhttpd": r"microhttpd\.h",
    "cjson": r"(cjson/)?cJSON\.h",
    "inih": r"ini\.h",
    "pcre2": r"pcre2\.h",
    "zlib": r"zlib\.h",
    "nettle": r"nettle/.*",
}
EVENT_LIBRARIES = {"uv", "hiredis", "curl", "systemd", "microhttpd"}

# layer: (directories of ours it may include, libraries it may include, single headers besides)
LAYERS = {
    "base": ({"base"}, set(), set()),
    "core": ({"base", "core", "voxkeeper"}, {"cjson", "inih", "nettle", "pcre2", "zlib"}, {"build_config.h"}),
    "io": ({"base", "core", "io", "voxkeeper"}, set(LIBRARIES) - {"inih"}, {"build_config.h"}),
    "daemon": ({"base", "core", "io", "daemon", "voxkeeper"}, {"cjson"}, {"build_config.h", "build_revision.h"}),
    "cli": ({"base", "cli", "voxkeeper"}, {"cjson"}, {"build_config.h", "core/incidents/postmortem.h", "io/http/control_client.h", "io/journal/journal_reader.h"}),
    "preload": ({"preload", "voxkeeper"}, set(), set()),
    "voxkeeper": ({"voxkeeper"}, set(), set()),
}

LINES_MAX = 400
HEADER_LINES_MAX = 120  # without comments and blank lines: a machine's diagram is no fault
# File: why it may be longer. A table, a grammar, a list of cases; never "no time".
LONGER = {
    "src/core/fleet/fleet.h": "the lists of events and actions of all machines meet here",
    "src/core/config/config_table.c": "every key of the configuration has its row in this one table",
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def library_of(header):
    for name, pattern in LIBRARIES.items():
        if re.fullmatch(pattern, header):
            return name
    return None


def showing_headers(root):
    """Headers of io/ that show an event library's types, themselves or by what they include."""
    texts = {str(p.relative_to(root / "src")): p.read_text() for p in (root / "src/io").rglob("*.h")}
    includes = {name: {header for _, header in INCLUDE.findall(text)} for name, text in texts.items()}
    showing = {n for n, of in includes.items() if any(library_of(h) in EVENT_LIBRARIES for h in of)}
    while True:
        more = {n for n, of in includes.items() if n not in showing and of & showing}
        if not more:
            return showing
        showing |= more


def check_includes(layer, path, text, showing):
    own, libraries, single = LAYERS[layer]
    for bracket, header in INCLUDE.findall(text):
        library = library_of(header)
        if library and library not in libraries:
            yield f"{path}: {layer}/ must not include <{header}>"
        if bracket == '"' and not library:
            directory = header.split("/")[0] if "/" in header else None
            if directory not in own and header not in single:
                yield f'{path}: {layer}/ must not include "{header}"'
        if layer != "io" and header in showing:
            yield f'{path}: "{header}" shows a library that only io/ may see'


def code_lines(text):
    without_comments = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return sum(1 for line in without_comments.splitlines() if line.strip())


def check_form(path, text, longer):
    lines = text.count("\n")
    if path.suffix == ".h" and "#pragma once" not in text:
        yield f"{path}: has no #pragma once"
    if str(path) in longer:
        return
    if path.suffix == ".h" and code_lines(text) > HEADER_LINES_MAX:
        yield f"{path}: {code_lines(text)} lines without comments; a header has at most {HEADER_LINES_MAX}"
    if lines > LINES_MAX:
        yield f"{path}: {lines} lines, more than {LINES_MAX}: split it, or say in LONGER why not"
    if not text.startswith("/*"):
        yield f"{path}: does not begin with a comment that says what it is for"


def files_of(root):
    for layer in LAYERS:
        top = root / ("include/voxkeeper" if layer == "voxkeeper" else f"src/{layer}")
        for path in sorted(top.rglob("*.[ch]")):
            yield layer, path.relative_to(root), path.read_text()


def check_tree(root, longer=None):
    longer = LONGER if longer is None else longer
    problems = []
    showing = showing_headers(root)
    for layer, path, text in files_of(root):
        problems += check_includes(layer, path, text, showing)
        problems += check_form(path, text, longer)
    for name in longer:
        if not (root / name).exists():
            problems.append(f"{name}: named in LONGER, and does not exist")
    return problems


def check_headers(root, compiler):
    """Compiles every header as a file of its own, with the includes of the build."""
    headers = [path for _, path, _ in files_of(root) if path.suffix == ".h"]
    problems = []
    for path in headers:
        with tempfile.NamedTemporaryFile("w", suffix=".c") as source:
            source.write(f'#include "{root / path}"\n')
            source.flush()
            command = compiler + ["-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
                                  "-fsyntax-only", f"-I{root}/src", f"-I{root}/include", source.name]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                problems.append(f"{path}: does not compile alone:\n{done.stderr}")
    return problems


BAD_TREE = {
    # file: (content, part of the complaint)
    "src/base/a.c": ('/* x */\n#include "core/fleet/worker.h"\n', 'base/ must not include "core/fleet/worker.h"'),
    "src/core/b.c": ("/* x */\n#include <uv.h>\n", "core/ must not include <uv.h>"),
    "src/core/b2.c": ("/* x */\n # include <systemd/sd-daemon.h>\n", "core/ must not include <systemd/"),
    "src/daemon/c.c": ('/* x */\n#include "io/outer.h"\n', '"io/outer.h" shows a library'),
    "src/io/l.h": ("/* x */\n#pragma once\n" + "int l(void);\n" * 120, "121 lines without comments"),
    "src/io/d.c": ('/* x */\n#include "daemon/daemon.h"\n', 'io/ must not include "daemon/daemon.h"'),
    "src/daemon/e.c": ("/* x */\n#include <hiredis/async.h>\n", "daemon/ must not include <hiredis/"),
    "src/daemon/f.c": ('/* x */\n#include "io/loop/loop_uv.h"\n', '"io/loop/loop_uv.h" shows a library'),
    "src/cli/g.c": ('/* x */\n#include "io/loop/loop.h"\n', 'cli/ must not include "io/loop/loop.h"'),
    "src/preload/h.c": ('/* x */\n#include "base/err.h"\n', 'preload/ must not include "base/err.h"'),
    "src/base/i.h": ("/* x */\nint i;\n", "no #pragma once"),
    "src/base/j.c": ("/* x */\n" + "\n" * 400, "401 lines"),
    "src/base/k.c": ("int k;\n", "does not begin with a comment"),
}
GOOD_TREE = {
    "src/io/loop/loop_uv.h": "/* x */\n#pragma once\n#include <uv.h>\n",
    "src/io/outer.h": '/* x */\n#pragma once\n#include "io/loop/loop_uv.h"\n',
    "src/io/plain.h": "/* x\n" + "\n" * 130 + "*/\n#pragma once\n",
    "src/daemon/a.c": '/* x */\n#include "io/plain.h"\n#include <cjson/cJSON.h>\n',
    "src/io/a.c": '/* x */\n#include "io/loop/loop_uv.h"\n#include <uv.h>\n#include "core/fleet/worker.h"\n',
    "src/cli/a.c": '/* x */\n#include "io/http/control_client.h"\n#include <cjson/cJSON.h>\n#include <stdio.h>\n',
    "src/core/a.c": '/* x */\n#include <ini.h>\n#include "voxkeeper/events.h"\n',
}


def self_test():
    failures = []
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        for path, text in {**{p: t for p, (t, _) in BAD_TREE.items()}, **GOOD_TREE}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        problems = check_tree(root, {"src/base/gone.c": "x"})
        for path, (_, complaint) in BAD_TREE.items():
            if not any(p.startswith(path) and complaint in p for p in problems):
                failures.append(f"not found: {path}: {complaint}")
        for problem in problems:
            path = problem.split(":")[0]
            if path not in BAD_TREE and path != "src/base/gone.c":
                failures.append(f"found for nothing: {problem}")
        if not any("named in LONGER" in p for p in problems):
            failures.append("not found: a stale entry of LONGER")
        bad = check_headers(root, ["cc"])
        (root / "src/base/i.h").write_text("#pragma once\nsize_t needs_a_header(void);\n")
        if len(check_headers(root, ["cc"])) != len(bad) + 1:
            failures.append("not found: a header that does not compile alone")
    return failures


def main(arguments):
    if arguments[:1] == ["--self-test"]:
        problems = self_test()
    elif arguments[:1] == ["--headers"] and len(arguments) >= 3:
        problems = check_headers(pathlib.Path(arguments[1]), arguments[2:])
    elif len(arguments) == 1:
        problems = check_tree(pathlib.Path(arguments[0]))
    else:
        sys.exit(__doc__)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
