# shellcheck shell=bash
# lintian: what it found, in $work/log/lintian with --show-overrides, overridden or not.

# lintian_unexplained : the tags that are not in the table of packaging/README.md.
lintian_unexplained() {
  comm -23 <(sed -n 's/^[EWIPXO]: [^:]*: \([^ ]*\).*/\1/p' "$work/log/lintian" | sort -u) \
    <(sed -n 's/^| `\([a-z.-]*\)` | .*/\1/p' "$top_srcdir/packaging/README.md" | sort -u)
}
