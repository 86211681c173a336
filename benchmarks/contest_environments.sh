#!/usr/bin/env bash
# Environments of the contest's other packages, each on its own: what they need contradicts each other.
#
#     benchmarks/contest_environments.sh [neps smac syne-tune]
#
# They are made below $CONTEST_ENVIRONMENTS, or ~/.cache/optimizer-advisor/contest, where
# `python -m benchmarks.contest` looks for them.
set -euo pipefail

python=${PYTHON:-python3}
folder=${CONTEST_ENVIRONMENTS:-$HOME/.cache/optimizer-advisor/contest}

packages() {
  case $1 in
    neps) echo "neural-pipeline-search>=0.17" ;;
    smac) echo "smac>=2.4" ;;
    syne-tune) echo "syne-tune>=0.16 huggingface_hub fastparquet" ;; # imported by its searcher, not required
    *) echo "no environment '$1'; there are neps, smac and syne-tune" >&2; return 1 ;;
  esac
}

for name in "${@:-neps smac syne-tune}"; do
  for one in $name; do
    wanted=$(packages "$one")
    "$python" -m venv "$folder/$one"
    # shellcheck disable=SC2086
    "$folder/$one/bin/python" -m pip install --quiet --disable-pip-version-check \
      "torch>=2.11,<2.14" schedulefree pytorch_optimizer $wanted
    echo "$folder/$one: $("$folder/$one/bin/python" -m pip freeze | grep -iE '^(neural|smac|syne)')"
  done
done
