#!/usr/bin/env bash
# Fashion-MNIST (60,000 and 10,000 pictures, from the Debian package dataset-fashion-mnist) into data/.
# Arguments go to `orthrus demo-data`: --limit 1000 takes the first thousand of each part.
set -euo pipefail
orthrus=${ORTHRUS:-$(dirname "$(realpath "$0")")/../../build/release/orthrus}
exec "$orthrus" demo-data --out data "$@"
