# `just` lists what can be done; uv brings Python and every package.
set positional-arguments
export UV_PYTHON_PREFERENCE := "only-system"
# Hints that the program prints begin with it.
command := "FASTSYNTH_COMMAND='just run'"

# List the recipes.
default:
    @just --list

# Make conversations: `just generate -c configs/bfcl.yaml -n 300`. No arguments: 200, offline.
generate *args:
    @{{command}} uv run --quiet --all-extras fastsynth generate "$@"

# Any other command: `just run view runs/offline`.
run *args:
    @{{command}} uv run --quiet --all-extras fastsynth "$@"

# Run the tests.
test *args:
    @uv run --quiet --all-extras pytest -n 2 --dist loadfile "$@"

# Format, lint, types; the layer test is among the tests.
check:
    uv run --quiet --all-extras ruff format --check .
    uv run --quiet --all-extras ruff check .
    uv run --quiet --all-extras mypy

# Run a benchmark: `just bench engine`, `just bench client`.
bench *args:
    @{{command}} uv run --quiet --all-extras fastsynth bench "$@"

# Make the README's pictures anew; that of the report needs Chromium.
pictures *args:
    @uv run --quiet --all-extras python docs/images/make.py "$@"
