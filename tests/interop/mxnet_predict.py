#!/usr/bin/env python3
"""Loads a checkpoint that a training wrote into the real MXNet, answers pictures with it, from file to
probabilities, and compares the answers with those of `orthrus predict --json`.

    mxnet_predict.py PREFIX EPOCH HEIGHT WIDTH PREDICTIONS.json

PREDICTIONS holds a line per picture. Exit status: 0 equal within the tolerance, 1 not equal, 77 skipped
because MXNet is not there.
"""

import json
import sys

SKIPPED = 77
TOLERANCE = 1e-4  # of a probability


def main():
    try:
        import mxnet as mx
    except ImportError as error:
        print(f"SKIP: MXNet cannot be imported ({error})")
        return SKIPPED
    prefix, epoch, height, width, predictions = sys.argv[1:]
    shape = (3, int(height), int(width))
    symbol, arguments, auxiliaries = mx.model.load_checkpoint(prefix, int(epoch))
    labels = [name for name in symbol.list_arguments() if name.endswith("_label")]
    module = mx.mod.Module(symbol, label_names=labels, context=mx.cpu())
    module.bind([("data", (1,) + shape)], [(name, (1,)) for name in labels], for_training=False)
    module.set_params(arguments, auxiliaries)
    augmenters = mx.image.CreateAugmenter(shape, resize=min(shape[1:]), mean=True, std=True)

    worst = 0.0
    count = 0
    for line in open(predictions):
        answer = json.loads(line)
        picture = mx.image.imread(answer["path"])
        for augmenter in augmenters:
            picture = augmenter(picture)
        data = picture.astype("float32").transpose((2, 0, 1)).expand_dims(0)
        module.forward(mx.io.DataBatch([data], [mx.nd.zeros((1,)) for _ in labels]), is_train=False)
        for name, output in zip(symbol.list_outputs(), module.get_outputs()):
            classes = answer["tasks"][name.removesuffix("_output")]["classes"]
            theirs = output.asnumpy()[0]
            assert len(classes) == len(theirs), name
            worst = max(worst, max(abs(c["probability"] - t) for c, t in zip(classes, theirs)))
            count += 1
    print(f"{count} answers, largest difference of a probability {worst:.2e}")
    return 0 if count > 0 and worst <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
