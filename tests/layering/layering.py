#!/usr/bin/env python3
"""Who may include whom, as tests/layering/README.md says; exit 1 with a line for each violation.

    layering.py ROOT
"""

import pathlib
import re
import sys

# Later ones may use earlier ones, and peers each other, never backwards.
PARTS = ["config", "proxy", "control"]
PROXY_LAYERS = [
    ["side", "error", "counters", "snapshot"],
    ["net", "http", "route", "guard", "log"],
    ["upstream", "relay"],
    ["exchange", "exchange_client", "exchange_log", "exchange_relay", "exchange_tls",
     "exchange_upstream", "client", "client_identity", "connection_counts", "fallback_rule",
     "outcome", "request_body_copy", "request_lookup", "tolerated", "worker_context"],
    ["downstream"],
    ["worker"],
    ["server", "listener_set"],
]
# The vocabulary of proxy/: its files may look up (a snapshot holds a matcher, a lane, a pool's
# address), and everybody may look at them.
VOCABULARY = PROXY_LAYERS[0]

# What each part may include from outside; the standard library and the system's headers aside.
LIBRARIES = {
    "config": r"yaml-cpp/|openssl/|re2/",
    "proxy": r"openssl/|re2/|xxhash\.h",
    "control": r"(?!yaml-cpp/).*",
}
SYSTEM = r"[a-z0-9_]+$|(sys|netinet|arpa|linux|net)/|[a-z0-9_]+\.h$"
NOT_SYSTEM = r"xxhash\.h|sqlite3\.h|re2|zlib\.h|zstd\.h"

# The one mutex of the data plane.
MAY_LOCK = re.compile(r"proxy/guard/fast_lane\.(h|cc)")
LOCKS = re.compile(r"\bstd::(recursive_|shared_|timed_)?mutex\b|\bstd::condition_variable\b"
                   r"|\bpthread_(mutex|rwlock|spin)_|#include <(mutex|shared_mutex)>")

MAX_LINES = 600
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
GENERATED = {"build_info.h"}


def proxy_layer(path):
    """The layer of a file or include below proxy/, or None if nobody said."""
    name = path.split("/")[1].split(".")[0]
    for rank, layer in enumerate(PROXY_LAYERS):
        if name in layer:
            return rank
    return None


def judge_own_include(path, target):
    """Why the file `path` may not include "target", or None."""
    part = path.split("/")[0]
    if target in GENERATED:
        return None if part == "control" else f"{target} is for control/ only"
    goal = target.split("/")[0]
    if "/" not in target:
        return f'"{target}" is not given from the root: write "{part}/…/{target}"'
    if part not in PARTS:
        return None  # tests and load tests may include anything
    if goal not in PARTS:
        return f"{part}/ must not know {goal}/"
    if PARTS.index(goal) > PARTS.index(part):
        return f"{part}/ must not know {goal}/ ({' <- '.join(PARTS)})"
    if part == "proxy" and goal == "proxy":
        return judge_within_proxy(path, target)
    return None


def judge_within_proxy(path, target):
    source, goal = proxy_layer(path), proxy_layer(target)
    if goal is None:
        return f"{target} is in no layer of PROXY_LAYERS"
    if source is None or source == 0 or goal <= source:
        return None  # a source without a layer is reported once, not for each include
    return (f"proxy's layer '{' '.join(PROXY_LAYERS[source])}' must not know "
            f"'{' '.join(PROXY_LAYERS[goal])}' ({target})")


def judge_library(path, target):
    part = path.split("/")[0]
    if part not in LIBRARIES:
        return None
    if re.match(SYSTEM, target) and not re.match(NOT_SYSTEM, target):
        return None
    if re.match(LIBRARIES[part], target):
        return None
    return f"{part}/ must not include <{target}>"


def judge_file(path, text):
    """Yields (line, complaint) for one file; `path` is relative to the root."""
    lines = text.split("\n")
    if path.startswith("proxy/") and proxy_layer(path) is None:
        yield 1, "is in no layer: name it in PROXY_LAYERS of tests/layering/layering.py"
    if len(lines) - 1 > MAX_LINES:
        yield MAX_LINES + 1, f"{len(lines) - 1} lines; a file has at most {MAX_LINES}: split it"
    for number, line in enumerate(lines, 1):
        include = INCLUDE.match(line)
        if include:
            own, library = include.groups()
            complaint = judge_own_include(path, own) if own else judge_library(path, library)
            if complaint:
                yield number, complaint
        if path.startswith("proxy/") and not MAY_LOCK.fullmatch(path):
            if LOCKS.search(line.split("//")[0]):
                yield number, "locks: the only mutex in proxy/ is the fast lane's"


def sources(root):
    for top in ["config", "proxy", "control", "loadtests", "tests"]:
        for path in sorted((root / top).rglob("*")):
            if path.suffix in {".h", ".cc", ".py", ".sh"} and path.is_file():
                yield path.relative_to(root).as_posix()


def judge_tree(root):
    """All complaints as 'path:line: what'."""
    folders = set()
    for path in sources(root):
        folder = pathlib.PurePosixPath(path).parent.as_posix()
        if not folder.startswith("tests/unit"):  # it mirrors the sources
            folders.add(folder)
        text = (root / path).read_text(encoding="utf-8")
        if path.endswith((".h", ".cc")):
            for line, complaint in judge_file(path, text):
                yield f"{path}:{line}: {complaint}"
        elif text.count("\n") > MAX_LINES:
            yield f"{path}:{MAX_LINES + 1}: a file has at most {MAX_LINES} lines: split it"
    for folder in sorted(folders):
        if not (root / folder / "README.md").is_file():
            yield f"{folder}:1: has sources but no README.md that says what is here"


def main(arguments):
    if len(arguments) != 2 or not (pathlib.Path(arguments[1]) / "proxy").is_dir():
        print(__doc__, file=sys.stderr)
        return 2
    complaints = list(judge_tree(pathlib.Path(arguments[1])))
    print("\n".join(complaints) or "layering: as it should be")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
