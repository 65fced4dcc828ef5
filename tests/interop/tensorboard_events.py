#!/usr/bin/env python3
"""What TensorBoard reads in a run's folder is what metrics.csv says, and every step is there once.

    tensorboard_events.py RUN
"""

import csv
import pathlib
import struct
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def single(text):
    """The number as float32, which is what events hold."""
    return struct.unpack("f", struct.pack("f", float(text)))[0]


def main(folder):
    events = EventAccumulator(folder, size_guidance={"scalars": 0})
    events.Reload()
    rows = list(csv.DictReader(open(pathlib.Path(folder) / "metrics.csv")))
    compared = 0
    for part in ("train", "validation"):
        for figure in ("loss", "accuracy"):
            for task in sorted({row["task"] for row in rows}):
                expected = [(int(row["updates"]), single(row[f"{part}_{figure}"])) for row in rows if row["task"] == task]
                read = [(event.step, event.value) for event in events.Scalars(f"{part}/{figure}/{task}")]
                assert read == expected, (part, figure, task, read, expected)
                compared += len(read)
    updates = max(int(row["updates"]) for row in rows)
    rates = events.Scalars("step/learning_rate")
    assert [event.step for event in rates] == list(range(1, updates + 1)), rates
    print(f"{compared} figures of {len(rows)} rows and {updates} steps: the same in TensorBoard")


if __name__ == "__main__":
    main(sys.argv[1])
