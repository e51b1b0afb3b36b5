#!/bin/bash
# The machine that figures were measured on: lines "NAME<tab>VALUE". Prints nothing that tells
# machines of one kind apart.
set -u
export LC_ALL=C
line() { printf '%s\t%s\n' "$1" "${2:-unknown}"; }
version() { dpkg-query -W -f '${Version}' "$1" 2> /dev/null; }

line processor "$(sed -n 's/^model name[[:space:]]*: *//p' /proc/cpuinfo | head -n 1)"
line cores "$(nproc)"
line memory "$(awk '/^MemTotal/ {printf "%.1f GB", $2 / 1e6}' /proc/meminfo)"
line system "$(. /etc/os-release && echo "$PRETTY_NAME"), Linux $(uname -r | cut -d- -f1)"
line libsasl2 "$(version libsasl2-2)"
line libcurl "$(curl --version | cut -d' ' -f2 | head -n 1)"
line OpenSSL "$(openssl version 2> /dev/null | cut -d' ' -f2)"
line Postfix "$(version postfix || true)"
line compiler "$(${CC:-gcc} --version | head -n 1)"
line form "${SE_BENCH:-full}"
line day "$(date -u +%Y-%m-%d)"
