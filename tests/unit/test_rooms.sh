#!/bin/sh
# The rooms' dependencies, read from the #include lines: what doc/internals/architecture.md says.
cd "${top_srcdir:-.}" || exit 1
number=0

# rule TEXT FILES ALLOWED : no other header than those matching ALLOWED is included by FILES.
# Headers of libc and POSIX have no directory but sys/, netinet/ and arpa/.
rule() {
	number=$((number + 1))
	# shellcheck disable=SC2086 # a list of patterns on purpose
	bad=$(grep -nE '^[[:space:]]*#[[:space:]]*include' $2 /dev/null |
		grep -vE "include [<\"]($3)" |
		grep -vE 'include <((sys|netinet|arpa)/)?[a-z0-9_]+\.h>')
	heavy=$(grep -nE '^[[:space:]]*#[[:space:]]*include <(ini_|syslog|microhttpd|qrencode)' $2 /dev/null |
		grep -vE "include [<\"]($3)")
	if [ -z "$bad$heavy" ]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		printf '%s\n%s\n' "$bad" "$heavy" | sed 's/^/# /'
	fi
}

agent_rest=$(printf '%s\n' agent/*.[ch] | grep -v '/log\.c')
rest=$(printf '%s\n' common/engine/*.[ch] | grep -vE '/(http|mail_|crypto_|json\.c|config\.c|store_watch\.c)')

rule "core uses core and libc" "common/core/*.[ch]" 'core/'
rule "the engine's http and mail files alone know libcurl" \
	"common/engine/http*.[ch] common/engine/mail_*.[ch]" 'core/|engine/|curl/'
rule "the engine's crypto files alone know OpenSSL" "common/engine/crypto_*.[ch]" \
	'core/|engine/|openssl/'
rule "the engine's json.c alone knows json-c" "common/engine/json.c" 'core/|engine/|json-c/'
rule "the engine's config.c alone knows libini_config" "common/engine/config.c" \
	'core/|engine/|ini_'
rule "the engine's store_watch.c alone knows the kernel's file systems" "common/engine/store_watch.c" \
	'core/|engine/|linux/'
rule "the rest of the engine uses core and engine" "$rest" 'core/|engine/'
rule "the plugin uses core and the SASL headers" "plugin/*.[ch]" \
	'core/|sasl/|(choose|init|mechanism|memory|prompt|sasl_error)\.h'
rule "the agent's log.c alone knows syslog" "agent/log.c" 'agent/|syslog\.h'
rule "the rest of the agent uses core and engine" "$agent_rest" 'core/|engine/|agent/'
rest=$(printf '%s\n' tool/*.[ch] | grep -vE '/(login_server|qr|doctor_sasl|sasl_plugins)\.c')
rule "the tool uses core and engine" "$rest" 'core/|engine/|tool/'
rule "the tool's login_server.c alone knows libmicrohttpd" "tool/login_server.c" \
	'core/|engine/|tool/|microhttpd\.h'
rule "the tool's qr.c alone knows libqrencode" "tool/qr.c" 'core/|engine/|tool/|qrencode\.h'
rule "the tool's doctor_sasl.c and sasl_plugins.c alone know libsasl2" \
	"tool/doctor_sasl.c tool/sasl_plugins.c" 'core/|engine/|tool/|sasl/'
echo "1..$number"
