#!/usr/bin/env bash
# Compiles the code that `corpus --write OUT` wrote: codegen/generator/examples/compile-corpus.sh OUT COPY
#
# The code of each document replaces `generated/src/api` in COPY, a copy of this repository at HEAD, and its groups
# replace the features of the crate; all of them are enabled. Prints a line per document, smallest first, with the first
# error; COPY/DOCUMENT.log has all. Exit code 1 if one does not compile.
set -euo pipefail
out=$(realpath "$1")
mkdir -p "$2"
copy=$(realpath "$2")
cd "$(dirname "$0")/../../.."
# Remove the files of an earlier run.
git archive HEAD | tar -t | cut -d / -f 1 | sort -u | while read -r name; do rm -rf "${copy:?}/$name"; done
git archive HEAD | tar -x -m -C "$copy"
cd "$copy"
crate=generated
# The examples name groups.
rm -r $crate/examples
sed -i '/^\[\[example\]\]$/,/^$/d' $crate/Cargo.toml
cp $crate/Cargo.toml manifest.toml
failed=0
count=0
while IFS=$'\t' read -r _ folder; do
    count=$((count + 1))
    document=$(basename "$folder")
    rm -rf $crate/src/api
    cp -r "$folder" $crate/src/api
    sed -e '/^# Groups of operations/r '"$folder/features.toml" \
        -e '/^# Groups of operations/,/^# End of the groups/{/^#/!d}' manifest.toml >$crate/Cargo.toml
    if cargo check --quiet --package funnelflux --lib --features snapshot --message-format short 2>"$document.log"; then
        echo "$document: compiles"
    else
        failed=1
        errors=$(grep -E '(: |^)error' "$document.log" || true)
        echo "$document: $(grep -c . <<<"$errors" || true) errors; ${errors%%$'\n'*}"
    fi
done < <(find "$out" -mindepth 1 -maxdepth 1 -type d -exec du -s {} + | sort -n)
if [ "$count" = 0 ]; then
    echo "$out contains no generated code" >&2
    exit 1
fi
exit $failed
