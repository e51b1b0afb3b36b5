# shellcheck shell=bash
# Configured by hand, as README, the guide and README.Debian say, and nothing else.

in_machine install -d -m 755 $conf_path
in_machine install -m 640 -o root -g sasl-entra /dev/null $conf_path/contoso.secret
printf '%s\n' "$tenant_secret" | tee -a "$work/secrets" > "$machine_root$conf_path/contoso.secret"
printf '%s\n' '[account relay]' 'match              = *@contoso.com' \
  'tenant             = contoso.onmicrosoft.com' "client_id          = $tenant_app" \
  'credential         = secret' "client_secret_file = $conf_path/contoso.secret" \
  'servers            = localhost' "authority          = $tenant_authority" \
  > "$machine_root$conf_path/sasl-entra.conf"

# Debian's main.cf stays but for these lines. `localhost` is in a machine without a network no name of DNS.
cp -a "$machine_root/etc/postfix" "$work/postfix-before"
mapfile -t lines < <(guide_block postfix.md main.cf | guide_here)
in_machine postconf -e "${lines[@]}" smtp_host_lookup=native inet_interfaces=loopback-only mydestination=
guide_block postfix.md sasl_passwd | guide_here > "$machine_root/etc/postfix/sasl_passwd"
in_machine postmap /etc/postfix/sasl_passwd
in_machine systemctl restart postfix
command=$(in_machine sed -n 's/^    \(systemctl start .*\)/\1/p' /usr/share/doc/sasl-entra/README.Debian)
check "what README.Debian says opens the sockets: $command" in_machine sh -c "${command:-false}"
check "... in Postfix's queue directory" in_file_is $queue/run/sasl-entra/agent.sock 'root:postfix 660'
check '... and that of the machine' in_file_is /run/sasl-entra/agent.sock 'root:sasl-entra-clients 660'
equal "smtp(8) is chrooted" "$(in_machine postconf -F smtp/unix/chroot)" 'smtp/unix/chroot = y'
send first
check 'a message is delivered' all_arrive
chrooted n
send second
check '... and without a chroot, by the socket of the machine' all_arrive
chrooted y
requests=$(token_requests)
equal 'one token served' "$requests" 1
check '... of the agent, which runs' active "$agent"
