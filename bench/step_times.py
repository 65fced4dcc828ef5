"""When each step of a training ended, from the events that it writes for TensorBoard."""
import struct


def step_times(path):
    """update -> wall time, of the records of an event file that hold one (src/train/event_file.cc)."""
    times = {}
    data = open(path, "rb").read()
    at = 0
    while at + 12 <= len(data):
        length = struct.unpack_from("<Q", data, at)[0]
        event = data[at + 12:at + 12 + length]
        at += 16 + length
        if b"step/learning_rate" not in event:
            continue
        wall_time = struct.unpack_from("<d", event, 1)[0]
        step, shift, i = 0, 0, 10
        while True:
            step |= (event[i] & 0x7F) << shift
            shift += 7
            i += 1
            if event[i - 1] < 0x80:
                break
        times[step] = wall_time
    return times
