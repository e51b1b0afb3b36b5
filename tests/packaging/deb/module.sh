# shellcheck shell=bash
# An engine module of another interface than the plugin's, as half an upgrade may leave it.

module=$machine_root/usr/lib/$(gcc -print-multiarch)/sasl-entra/engine.so
# patch_abi FILE : its first word says which interface it has.
patch_abi() {
  local address section
  address=$(nm -D "$1" | awk '$3 == "se_engine_module" {print $1}')
  section=$(readelf -SW "$1" | sed -n 's/.* \(\.data\.rel\.ro\) *PROGBITS *\([0-9a-f]*\) *\([0-9a-f]*\) .*/\2 \3/p')
  printf '\x63' | dd of="$1" bs=1 conv=notrunc status=none \
    seek=$((0x$address - 0x${section% *} + 0x${section#* }))
}
without_agent() { in_machine systemctl "$1" sasl-entrad.socket "$queue_socket" "$second_socket" "$agent"; }

without_agent stop 2> "$work/log/module"
cp -a "$module" "$work/engine.so"
cp "$module" "$work/engine.new"
patch_abi "$work/engine.new"
check 'a module with another interface' fails cmp -s "$work/engine.so" "$work/engine.new"
# In place of the file, not into it: programs have it mapped.
install -m 644 "$work/engine.new" "$module.new" && mv "$module.new" "$module"
chrooted n
send 'with the wrong module'
refused() { journal -t postfix/smtp | grep -F 'is not the one that belongs to this plugin'; }
check '... is refused, which the mail log says' wait_for 20 refused
mv "$work/engine.so" "$module"
chrooted y
in_machine systemctl start sasl-entrad.socket "$queue_socket" "$second_socket"
check '... and the message is delivered when it is put right' all_arrive
