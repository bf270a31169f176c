#!/bin/sh
# Renews the lock files: exact versions with hashes, no index address. Needs uv.
set -eu
cd "$(dirname "$0")/.."
lock="uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 $*"
$lock pyproject.toml --group build --output-file requirements/run.txt
$lock pyproject.toml --group dev --constraint requirements/run.txt --output-file requirements/dev.txt
