#!/bin/bash
# One login of a process that has no token and no agent, from its start to its end: the engine is
# loaded and the token fetched. Against the curl command, which sends the same request to the same
# endpoint of the stand-in tenant with the same certificate authority.
#
# The tenant is a Python program and takes most of either time.
# shellcheck source=/dev/null
. "${top_srcdir:?}/tests/bench/lib.sh"
# shellcheck source=/dev/null
. "$top_srcdir/tests/bench/users.sh"

bench_begin
bench_tenant
# No state directory is this user's, so that each process fetches for itself.
secret_write "$(id -gn "$bench_user")" "$tenant_secret"
bench_install first_auth alternate
as_user() { bench_as "$bench_user" "$@"; }

# What does not change from one request to the next, of the last one that the plugin made.
last_request() { tail -n 1 "$work/tenant/requests.jsonl"; }
member() { last_request | sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p"; }
as_user "$work/first_auth" anna@contoso.com localhost > /dev/null || bail "no token"
[ "$(member grant_type)" = client_credentials ] || bail "no token was asked for"

# A secret is no argument.
percent() { "$PYTHON" -c 'import sys, urllib.parse as u; print(u.quote(sys.stdin.read(), safe=""))' < <(printf %s "$1"); }
install -m 640 -o root -g "$(id -gn "$bench_user")" /dev/null "$work/form"
printf 'grant_type=client_credentials&client_id=%s&scope=%s&client_secret=%s' "$tenant_app" \
  "$(percent https://outlook.office365.com/.default)" "$(percent "$tenant_secret")" > "$work/form"
curl=(curl -sS --http1.1 --tlsv1.2 --no-sessionid --cacert "$scene_conf/ca.pem"
  --user-agent sasl-entra/bench -H 'Accept: application/json' -H 'Expect:'
  -H 'client-request-id: 11111111-2222-3333-4444-555555555555'
  -H 'return-client-request-id: true' -H 'x-ms-lib-capability: retry-after, h429'
  --data-binary "@$work/form" --fail "$tenant_authority/contoso.onmicrosoft.com/oauth2/v2.0/token")
as_user "${curl[@]}" > "$work/answer" || bail "curl is refused: $(cat "$work/answer")"
rm "$work/answer"

requests() { lines "$work/tenant/requests.jsonl"; }
pairs=$(amount 500 30) warm_up=5
before=$(requests)
as_user "$work/alternate" --time "$pairs" "$warm_up" "$work/first_auth" anna@contoso.com localhost \
  -- "${curl[@]}" > "$work/samples" || bail "a request failed"
[ $(($(requests) - before)) -eq $((2 * (pairs + warm_up))) ] || bail "not each made its request"
record --row cold --unit us --at-most 1.1 \
  --what "one cold AUTH in-process, a process from start to end: the engine loaded, the token fetched from the stand-in tenant (a Python program, which takes a large part of both times)" \
  --against "the curl command with the same POST to the same tenant and certificate authority, TLS included, from start to end" \
  < "$work/samples"
