#!/usr/bin/env python3
"""Compares the documentation with the built program.

docs/options.md must be what `orthrus options-page` prints, and every option that README.md, docs/ and
examples/ name, in a command line of orthrus or alone in code quotes, must exist.
Usage: check_docs.py PROGRAM. Without a built program it says so and succeeds.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")
QUOTED_FLAG = re.compile(r"`(--[a-z][a-z0-9-]*)(?:[ =][^`]*)?`")
COMMAND = re.compile(r"(?:^|[\s`$/\"}])orthrus\s+[a-z-]+(.*)")
ALWAYS = {"--help", "--version", "--set", "--config"}


def joined_lines(text):
    """(number of the first line, text) with lines that end in a backslash joined."""
    number, pending, first = 0, "", 1
    for line in text.splitlines():
        number += 1
        if not pending:
            first = number
        if line.rstrip().endswith("\\"):
            pending += line.rstrip()[:-1] + " "
            continue
        yield first, pending + line
        pending = ""
    if pending:
        yield first, pending


def named_flags(line):
    flags = set(QUOTED_FLAG.findall(line))
    command = COMMAND.search(line)
    if command:
        flags.update(FLAG.findall(command.group(1)))
    return flags


def main():
    program = ROOT / sys.argv[1]
    if not program.exists():
        print(f"docs: not compared, {sys.argv[1]} is not built")
        return 0
    page = subprocess.run([program, "options-page"], capture_output=True, text=True, check=True).stdout
    known = set(FLAG.findall(page)) | ALWAYS
    failures = []
    options = ROOT / "docs" / "options.md"
    if not options.exists() or options.read_text(encoding="utf-8") != page:
        failures.append("docs/options.md is stale; run: orthrus options-page > docs/options.md")
    files = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")),
             *sorted((ROOT / "examples").rglob("*.sh"))]
    for file in files:
        if not file.exists():
            continue
        for number, line in joined_lines(file.read_text(encoding="utf-8")):
            for flag in sorted(named_flags(line) - known - {"--no-" + name[2:] for name in known}):
                failures.append(f"{file.relative_to(ROOT)}:{number}: orthrus has no option {flag}")
    print("\n".join(failures), end="\n" if failures else "")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
