#!/usr/bin/env bash
# Weights as people have them: prefixes, heads of other names or none, values that are not finite,
# files of other programs.
tests=$(dirname "$(realpath "$0")")/..
. "$tests/e2e/expect.sh"
goldens=$tests/golden/mxnet
validation=(--data-val "$goldens/data/val.lst" --image-val "$goldens/data")
train=(train --data-train "$goldens/data/train.lst" --image-train "$goldens/data" --num-classes 4
  --tasks class --train heads --image-shape 3,32,32 --batch-size 8 --num-epoch 1 --augment none)

# make OUT EXPRESSION: writes the ResNet-18 again, with the names and values that a Python expression
# over its dictionary t (name -> [dtype, shape, bytes]) gives.
cat >make.py <<'PYTHON'
import json, random, struct, sys

def resnet18():
    rng, t = random.Random(3), {}
    def floats(name, shape, values):
        t[name] = ["F32", shape, struct.pack(f"<{len(values)}f", *values)]
    def conv(name, cout, cin, k):
        floats(name + ".weight", [cout, cin, k, k], [rng.gauss(0, (2 / (cin * k * k)) ** 0.5) for _ in range(cout * cin * k * k)])
    def norm(name, c):
        for part, value in (("weight", 1), ("bias", 0), ("running_mean", 0), ("running_var", 1)):
            floats(f"{name}.{part}", [c], [value] * c)
        t[name + ".num_batches_tracked"] = ["I64", [], struct.pack("<q", 5)]
    conv("conv1", 8, 3, 7)
    norm("bn1", 8)
    before = 8
    for layer, width in enumerate((8, 16, 32, 64), 1):
        p = f"layer{layer}.0"
        conv(p + ".conv1", width, before, 3), norm(p + ".bn1", width)
        conv(p + ".conv2", width, width, 3), norm(p + ".bn2", width)
        if before != width:
            conv(p + ".downsample.0", width, before, 1), norm(p + ".downsample.1", width)
        before = width
    floats("fc.weight", [4, 64], [rng.gauss(0, 0.1) for _ in range(256)])
    floats("fc.bias", [4], [0.1, 0.2, 0.3, 0.4])
    return t

def renamed(t, change):
    return {change(k): v for k, v in t.items()}

def spoilt(t, name, value):
    t[name][2] = t[name][2][:-4] + struct.pack("<f", value)
    return t

def without_head(t):
    return {k: v for k, v in t.items() if not k.startswith("fc.")}

def moco(t):
    q = renamed(without_head(t), lambda k: "module.encoder_q." + k)
    k = renamed(without_head(t), lambda k: "module.encoder_k." + k)
    k["module.encoder_k.conv1.weight"] = k["module.encoder_k.bn1.weight"][:1] + [[8, 3, 7, 7], bytes(4 * 8 * 147)]
    return {**q, **k, "module.queue": ["F32", [2], bytes(8)]}

def half(t):
    for v in t.values():
        if v[0] == "F32":
            n = len(v[2]) // 4
            v[0], v[2] = "F64", struct.pack(f"<{n}d", *struct.unpack(f"<{n}f", v[2]))
    return t

tensors, header, data = eval(sys.argv[2], globals(), {"t": resnet18()}), {}, b""
for name, (dtype, shape, blob) in tensors.items():
    header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(blob)]}
    data += blob
text = json.dumps(header).encode()
open(sys.argv[1], "wb").write(struct.pack("<Q", len(text)) + text + data)
PYTHON
make() { python3 make.py "$@" || fail "make.py $*"; }
predict() { run "$1" predict "$2" "${validation[@]}" --image-shape 3,32,32; }

make plain.safetensors t
predict 0 plain.safetensors
cp out expected
same() {
  predict 0 "$1"
  cmp out expected || fail "$1 answers otherwise than the same weights under plain names"
}
make prefix.safetensors 'renamed(t, lambda k: "module.backbone." + k)'
same prefix.safetensors
make head.safetensors 'renamed(t, lambda k: k.replace("fc.", "fc.1."))'
same head.safetensors
make beside.safetensors 'renamed(t, lambda k: k.replace("fc.", "model.head.fc.") if k.startswith("fc.") else "model.backbone." + k)'
same beside.safetensors
make double.safetensors 'half(t)'
same double.safetensors
mkdir hub && cp head.safetensors hub/model.safetensors && echo '{}' >hub/config.json
same hub

run 0 "${train[@]}" --model plain.safetensors --run ./plain --seed 1
make none.safetensors 'without_head(t)'
run 0 "${train[@]}" --model none.safetensors --run ./none --seed 1
says err "no classification head"
make moco.safetensors 'moco(t)'
run 0 "${train[@]}" --model moco.safetensors --run ./moco --seed 1
says err "prefix 'module.encoder_q.'" "tensors of the file are not used: module.encoder_k.bn1.bias"
run 0 predict plain "${validation[@]}"
cp out expected
for run in none moco; do
  run 0 predict $run "${validation[@]}"
  cmp out expected || fail "$run starts from other features"
done
predict 3 none.safetensors
says err "'none.safetensors' has no classification head" "orthrus train --model none.safetensors"
run 3 evaluate none.safetensors "${validation[@]}"
says err "no classification head"

# Values that are not finite.
for place in layer3.0.bn1.bias layer4.0.bn2.running_var conv1.weight bn1.running_mean; do
  make bad.safetensors "spoilt(t, '$place', float('$([ $place = conv1.weight ] && echo inf || echo nan)'))"
  predict 3 bad.safetensors
  says err "bad.safetensors: 1 of its" "not finite (NaN or infinity): $place"
  run 3 "${train[@]}" --model bad.safetensors --run ./bad
  says err "(NaN or infinity): $place"
  [ -e bad ] && fail "a training that cannot start left its folder"
done
run 3 bench --model bad.safetensors --mode infer --steps 1 --image-shape 3,32,32
says err "NaN or infinity"
run 3 lr-find "${train[@]:1:8}" --image-shape 3,32,32 --model bad.safetensors
says err "NaN or infinity"
make bad.safetensors "spoilt(t, 'fc.weight', float('nan'))"
run 0 "${train[@]}" --model bad.safetensors --run ./replaced
predict 3 bad.safetensors
says err "(NaN or infinity): fc.weight"

# A model of one's own.
spoil() {
  python3 - "$1" "$2" "$3" <<'PYTHON' || fail "spoiling $1"
import json, struct, sys
data = bytearray(open(sys.argv[1], "rb").read())
size = struct.unpack("<Q", data[:8])[0]
header = json.loads(data[8:8 + size])
end = header[sys.argv[3]]["data_offsets"][1]
header["__metadata__"].pop("hash")
data[8 + size + end - 4:8 + size + end] = struct.pack("<f", float("nan"))
text = json.dumps(header).encode()
open(sys.argv[2], "wb").write(struct.pack("<Q", len(text)) + text + data[8 + size:])
PYTHON
}
spoil plain/best.safetensors own.safetensors fc_bias
for command in predict evaluate; do
  run 3 $command own.safetensors "${validation[@]}"
  says err "own.safetensors: 1 of its" "(NaN or infinity): fc_bias"
done
run 3 soup plain own.safetensors --out soup.safetensors "${validation[@]}"
says err "(NaN or infinity): fc_bias"
run 3 "${train[@]}" --model own.safetensors --run ./further
says err "(NaN or infinity): fc_bias"
run 0 "${train[@]/4/5}" --model own.safetensors --run ./five

# Files of other programs.
python3 -c "
import zipfile
with zipfile.ZipFile('net.pth', 'w') as z: z.writestr('archive/data.pkl', b'\x80\x02}q\x00.')
with zipfile.ZipFile('weights', 'w', zipfile.ZIP_DEFLATED) as z: z.writestr('net/data.pkl', b'\x80\x02}q\x00.')
open('net.onnx', 'wb').write(b'\x08\x08\x12\x07pytorch\x1a\x052.1.0:\x04\x0a\x02\x0a\x00')
open('net.h5', 'wb').write(b'\x89HDF\r\n\x1a\n' + bytes(8))"
for file in net.pth weights; do
  predict 3 $file
  says err "'$file' is not a model file: it is a PyTorch checkpoint" "weights_only=True" "save_file("
done
run 3 "${train[@]}" --model net.pth --run ./no
says err "it is a PyTorch checkpoint"
predict 3 net.onnx
says err "it is an ONNX model"
predict 3 net.h5
says err "it is an HDF5 file"

# Heads that are replaced anyway are no reason to refuse; other ends of prefixes.
make nobias.safetensors "{k: v for k, v in t.items() if k != 'fc.bias'}"
make short.safetensors "{**t, 'fc.bias': ['F32', [3], bytes(12)]}"
make second.safetensors "{**t, 'fc2.weight': ['F32', [4, 64], bytes(1024)], 'fc2.bias': ['F32', [4], bytes(16)]}"
make named.safetensors "renamed(t, lambda k: k.replace('fc.', 'fc_colour.'))"
for file in nobias short second named; do
  run 0 "${train[@]/#%4/3}" --model $file.safetensors --run ./head-$file --seed 1 --dry-run
done
predict 3 nobias.safetensors
says err "no classification head"
predict 0 plain.safetensors
cp out expected
same second.safetensors
for prefix in resnet/ model_; do
  make other.safetensors "renamed(t, lambda k: '$prefix' + k)"
  same other.safetensors
done
predict 3 gone.pth
says err "no model 'gone.pth': there is no such file"
grep -q "built-in" err && fail "a missing file is answered with built-in networks"

# Two prefixes in one folder: the model file there is the second's.
run 0 "${train[@]}" --model plain.safetensors --save-result two --save-name a --seed 1
rm -rf one && mkdir one
cp two/a-* one
rm -rf two
run 0 "${train[@]/3,32,32/3,48,48}" --model plain.safetensors --save-result two --save-name b --seed 2
cp one/a-* two
run 0 predict two/b "${validation[@]}"
says err "images of 3,48,48, as in 'two/"
run 0 predict two/a "${validation[@]}" --image-shape 3,32,32
run 0 predict two/a "${validation[@]}"
says err "images of 3,224,224 are assumed"
