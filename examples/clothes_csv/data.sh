#!/usr/bin/env bash
# A table as people have them: texts as labels, and most cells empty. Made of Fashion-MNIST (the Debian
# package dataset-fashion-mnist): data/train.csv with the kind for every tenth picture, where it is worn for
# two of five, whether it is warm for every tenth; data/test.csv with all of them.
# Arguments go to `orthrus demo-data`: --limit 1000 takes the first thousand of each part.
set -euo pipefail
orthrus=${ORTHRUS:-$(dirname "$(realpath "$0")")/../../build/release/orthrus}
"$orthrus" demo-data --out data "$@"
for part in train test; do
  awk -F'\t' -v part=$part '
    BEGIN {
      split("T-shirt Trouser Pullover Dress Coat Sandal Shirt Sneaker Bag Boot", kind, " ")
      split("body legs body body body feet body feet hand feet", worn, " ")
      split("no no yes no yes no no no - yes", warm, " ")
      print "path,kind,worn on,warm"
    }
    {
      label = $2 + 1
      all = part == "test"
      print $3 "," (all || NR % 10 == 1 ? kind[label] : "") "," \
        (all || NR % 5 < 2 ? worn[label] : "") "," \
        (warm[label] != "-" && (all || NR % 10 == 4) ? warm[label] : "")
    }' data/$part.lst >data/$part.csv
  echo "data/$part.csv: $(($(wc -l <data/$part.csv) - 1)) pictures"
done
