"""A peer's loader alone: JPEG files to normalised 224 crops, random crop and mirror, batches of 64.

usage: peer_loader.py torch LIST WORKERS      (needs torch torchvision pillow)
       peer_loader.py mxnet RECORDS THREADS   (needs mxnet==1.9.1 numpy==1.23.5)
LIST has the paths of the files, one on each line; RECORDS is a .rec file with its .idx beside it. One epoch
goes before the timed one. Prints one JSON object: images_per_second.
"""
import json
import sys
import time

SIDE, BATCH = 224, 64


def torch_epochs(source, workers):
    import torch
    import torchvision
    from PIL import Image
    from torchvision import transforms
    change = transforms.Compose([
        transforms.Resize(SIDE), transforms.RandomCrop(SIDE), transforms.RandomHorizontalFlip(),
        transforms.ToTensor(), transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))])

    class Files(torch.utils.data.Dataset):
        def __init__(self):
            self.paths = open(source).read().splitlines()

        def __len__(self):
            return len(self.paths)

        def __getitem__(self, i):
            with Image.open(self.paths[i]) as picture:
                return change(picture.convert("RGB")), 0

    loader = torch.utils.data.DataLoader(Files(), BATCH, shuffle=True, num_workers=workers, persistent_workers=True)
    torch.set_num_threads(1)
    name = f"torchvision {torchvision.__version__} DataLoader"
    return name, lambda: sum(len(pictures) for pictures, _ in loader)


def mxnet_epochs(source, threads):
    import mxnet as mx
    records = mx.io.ImageRecordIter(
        path_imgrec=source, path_imgidx=source[:-4] + ".idx", data_shape=(3, SIDE, SIDE), batch_size=BATCH,
        resize=SIDE, rand_crop=True, rand_mirror=True, shuffle=True, preprocess_threads=threads, round_batch=False,
        inter_method=2, mean_r=123.68, mean_g=116.28, mean_b=103.53, std_r=58.395, std_g=57.12, std_b=57.375)

    def epoch():
        records.reset()
        count = 0
        for batch in records:
            batch.data[0].wait_to_read()
            count += BATCH - batch.pad
        return count

    return f"mxnet {mx.__version__} ImageRecordIter", epoch


name, epoch = {"torch": torch_epochs, "mxnet": mxnet_epochs}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
epoch()
start = time.perf_counter()
pictures = epoch()
print(json.dumps({"name": name, "images_per_second": pictures / (time.perf_counter() - start)}))
