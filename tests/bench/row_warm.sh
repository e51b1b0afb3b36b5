#!/bin/bash
# One AUTH of a process that has logged in a moment ago: the plugin still knows the token. Compared with
# a plugin that puts the user and a constant token of the same length together and asks nobody.
# shellcheck source=tests/bench/lib.sh
. "$top_srcdir/tests/bench/lib.sh"
bench_begin
bench_tenant
bench_agent
SASL_PATH=$(plugin_directory both "$SE_STAGE/lib/sasl2/libsasl-entra.so" "$(module constant)")
export SASL_PATH
"$bench_programs/warm" scanner@contoso.com localhost "$(amount 1000 100)" 100 |
  record --row warm --unit us --at-most 1.3 \
    --what 'one AUTH from a warm token in the same process, from sasl_client_new() to sasl_dispose()' \
    --against 'by a plugin that only puts the user and a constant token together'
