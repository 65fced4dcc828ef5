#!/usr/bin/env python3
"""Checks the skipped tests of a ctest run against tests/skips.toml: check_skips.py RESULTS.xml PROGRAM [SKIPS.toml]

RESULTS.xml is what `ctest --output-junit` wrote, PROGRAM the built orthrus. Fails for a skip that is not
listed, that does not print its reason, or whose condition does not hold on this machine: such a test was
not skipped because it cannot run here.
"""
import fnmatch
import os
import pathlib
import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ElementTree

CONDITIONS = ("doctor", "doctor_lacks", "unset", "fails")


def read_skips(path: pathlib.Path) -> list[dict]:
    skips = tomllib.loads(path.read_text(encoding="utf-8")).get("skip", [])
    for skip in skips:
        conditions = [key for key in CONDITIONS if key in skip]
        if len(conditions) != 1 or set(skip) != {"reason", "tests", *conditions}:
            sys.exit(f"{path}: expected reason, tests and one of {', '.join(CONDITIONS)}, got {skip}")
    return skips


def holds(skip: dict, doctor: str) -> bool:
    """Whether the condition of a listed skip is true here."""
    if "doctor" in skip:
        return re.search(skip["doctor"], doctor, re.MULTILINE) is not None
    if "doctor_lacks" in skip:
        return re.search(skip["doctor_lacks"], doctor, re.MULTILINE) is None
    if "unset" in skip:
        return not os.environ.get(skip["unset"])
    command = subprocess.run(["sh", "-c", skip["fails"]], capture_output=True, check=False)
    return command.returncode != 0


def skipped_tests(results: pathlib.Path) -> dict[str, str]:
    """Name and output of every skipped test."""
    cases = list(ElementTree.parse(results).getroot().iter("testcase"))
    if not cases:
        sys.exit(f"{results}: no test was run")
    return {
        case.get("name", ""): case.findtext("system-out", "") for case in cases if case.find("skipped") is not None
    }


def fault_of(name: str, output: str, skips: list[dict], doctor: str) -> str:
    """Why a test may not be skipped; empty when it may."""
    listed = [skip for skip in skips if any(fnmatch.fnmatchcase(name, pattern) for pattern in skip["tests"])]
    if not listed:
        return "may not be skipped"
    given = [skip for skip in listed if skip["reason"] in output]
    if not given:
        return f"prints none of its reasons: {', '.join(skip['reason'] for skip in listed)}"
    false = [skip["reason"] for skip in given if not holds(skip, doctor)]
    return f"was skipped for a reason that does not hold here: {', '.join(false)}" if false else ""


def main() -> int:
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    default = pathlib.Path(__file__).resolve().parent.parent / "tests" / "skips.toml"
    skips = read_skips(pathlib.Path(sys.argv[3]) if len(sys.argv) == 4 else default)
    doctor = subprocess.run([sys.argv[2], "doctor"], capture_output=True, text=True, check=True).stdout
    skipped = skipped_tests(pathlib.Path(sys.argv[1]))
    faults = {name: fault for name, output in skipped.items() if (fault := fault_of(name, output, skips, doctor))}
    for name, fault in sorted(faults.items()):
        print(f"{name} {fault}")
    print(f"{len(skipped)} skipped tests, {len(faults)} of them without a reason that holds")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
