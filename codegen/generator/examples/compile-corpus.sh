#!/usr/bin/env bash
# Checks that what `corpus --write OUT` wrote compiles: codegen/generator/examples/compile-corpus.sh OUT COPY
#
# The code of each document takes the place of `generated/src/api` in COPY, a copy of this repository at HEAD. What is
# FunnelFlux's is taken out of the copy: `ext/`, and the kinds that `runtime/create.rs` lists. Prints a line per document, smallest
# first, with the first error of what does not compile; all that rustc said is in COPY/DOCUMENT.log. Exit code 1 if one does not.
set -euo pipefail
out=$(realpath "$1")
mkdir -p "$2"
copy=$(realpath "$2")
cd "$(dirname "$0")/../.."
# What an older run left may not be there any more.
git archive HEAD | tar -t | cut -d / -f 1 | sort -u | while read -r name; do rm -rf "${copy:?}/$name"; done
git archive HEAD | tar -x -m -C "$copy"
source=$copy/generated/src
rm -r "$source/ext"
sed -i '/^pub mod ext;$/d' "$source/lib.rs"
sed -i '/^creatable! {$/,/^}$/c creatable! {}' "$source/runtime/create.rs"
cd "$copy"
failed=0
count=0
while IFS=$'\t' read -r _ folder; do
    count=$((count + 1))
    document=$(basename "$folder")
    rm -rf "$source/generated"
    cp -r "$folder" "$source/generated"
    if cargo check --quiet --package funnelflux --lib --message-format short 2> "$document.log"; then
        echo "$document: compiles"
    else
        failed=1
        errors=$(grep ': error' "$document.log" || true)
        echo "$document: $(grep -c . <<< "$errors" || true) errors; ${errors%%$'\n'*}"
    fi
done < <(find "$out" -mindepth 1 -maxdepth 1 -type d -exec du -s {} + | sort -n)
if [ "$count" = 0 ]; then
    echo "$out holds no code of any document" >&2
    exit 1
fi
exit $failed
