#!/usr/bin/env bash
# Pictures and lists of the demo, a repeated run, and sources that are missing or damaged.
. "$(dirname "$(realpath "$0")")/expect.sh"

run 2 demo-data
says err "--out is missing"
run 3 demo-data --out data --source nowhere
says err "'nowhere'" "apt install dataset-fashion-mnist"

# Three pictures of 28x28 in each part, labels 0, 9, 3.
make_source() {
  local part
  rm -rf source && mkdir source
  for part in train t10k; do
    { printf '\0\0\10\3\0\0\0\3\0\0\0\34\0\0\0\34'; head -c 2352 /dev/zero | tr '\0' 'x'; } |
      gzip >source/$part-images-idx3-ubyte.gz
    printf '\0\0\10\1\0\0\0\3\0\11\3' | gzip >source/$part-labels-idx1-ubyte.gz
  done
}

make_source
run 0 demo-data --out data --source source
says out "data/train.lst: 3 images" "data/test.lst: 3 images"
printf '0\t0.000000\ttrain/00000.png\n1\t9.000000\ttrain/00001.png\n2\t3.000000\ttrain/00002.png\n' |
  cmp - data/train.lst || fail "train.lst is wrong"
[ "$(wc -l <data/classes.txt)" -eq 10 ] || fail "classes.txt is wrong"
[ "$(head -c 8 data/images/test/00002.png | od -An -tx1 | tr -d ' \n')" = 89504e470d0a1a0a ] ||
  fail "no PNG file"
# Width 28, height 28, 8 bits, grey.
[ "$(od -An -tx1 -j16 -N10 data/images/test/00002.png | tr -d ' \n')" = 0000001c0000001c0800 ] ||
  fail "the PNG header is wrong"

run 0 demo-data --out data --source source
says out "already there"
run 0 demo-data --out data --source source --limit 2
says out "data/train.lst: 2 images"
[ "$(wc -l <data/train.lst)" -eq 2 ] || fail "--limit 2 gave $(wc -l <data/train.lst) lines"

mkdir other && touch other/mine
run 3 demo-data --out other --source source
says err "not made by orthrus demo-data"

damage() {  # FILE MESSAGE, with the new content of the file on standard input
  make_source
  cat >"source/$1"
  rm -rf data
  run 3 demo-data --out data --source source
  says err "$1" "$2"
  [ -e data/train.lst ] && fail "a list was written for a damaged source"
}
damage train-images-idx3-ubyte.gz "begins with 0x00000801" < <(printf '\0\0\10\1\0\0\0\1x' | gzip)
damage train-images-idx3-ubyte.gz "truncated" \
  < <({ printf '\0\0\10\3\0\0\0\3\0\0\0\34\0\0\0\34'; head -c 2000 /dev/zero; } | gzip)
damage train-images-idx3-ubyte.gz "truncated in its header" < <(printf '\0\0\10\3\0' | gzip)
damage train-images-idx3-ubyte.gz "cannot hold" \
  < <(printf '\0\0\10\3\377\377\377\377\377\377\377\377\377\377\377\377' | gzip)
damage train-labels-idx1-ubyte.gz "longer than its header says" \
  < <(printf '\0\0\10\1\0\0\0\3\0\11\3\4' | gzip)
make_source
gzip -dc source/train-labels-idx1-ubyte.gz | gzip | head -c 25 >cut.gz
damage train-labels-idx1-ubyte.gz "'source/train-labels-idx1-ubyte.gz'" <cut.gz
make_source
printf '\0\0\10\1\0\0\0\3\0\12\3' | gzip >source/train-labels-idx1-ubyte.gz
rm -rf data
run 3 demo-data --out data --source source
says err "label 10, expected 0 to 9"

[ -d /usr/share/datasets/fashion-mnist ] || { echo "skipped the rest: no Fashion-MNIST"; exit 77; }
run 0 demo-data --out real --limit 50
[ "$(find real/images -name '*.png' | wc -l)" -eq 100 ] || fail "expected 100 pictures"
