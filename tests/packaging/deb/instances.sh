# shellcheck shell=bash
# A second instance of Postfix, made by postmulti(1), with a queue directory of its own.

second=/etc/postfix-second
second_queue=/var/spool/postfix-second
second_socket='sasl-entra-postfix@var-spool-postfix\x2dsecond.socket'

in_machine postmulti -e init
in_machine postmulti -I postfix-second -G relays -e create
in_machine postconf -c $second -e 'authorized_submit_users = static:anyone' smtp_host_lookup=native \
  inet_interfaces=loopback-only mydestination=
in_machine postmulti -i postfix-second -e enable
check 'another instance of Postfix: dpkg-reconfigure' in_machine dpkg-reconfigure -f noninteractive sasl-entra
check '... enables a socket for its queue directory' enabled "$second_socket"
check '... and opens it' in_file_is $second_queue/run/sasl-entra/agent.sock 'root:postfix 660'
check '... and the first one stays open' active "$queue_socket"
in_machine systemctl daemon-reload
in_machine systemctl start postfix@postfix-second
check 'setup --postfix configures it' in_machine sasl-entra setup --postfix=$second --login "$sender" \
  --relay "[localhost]:${submission_port[exchange]}" --apply
equal '... with a chroot' "$(in_machine postconf -c $second -Fh exchange/unix/chroot)" y
send 'by the second' -C $second
check '... and a message is delivered by it' all_arrive
check '... which its log says' in_machine sh -c "journalctl -q | grep 'postfix-second/.*status=sent'"
new_smtp
send 'by the first'
check '... and by the first as before' all_arrive
equal '... all by the token that there was' "$(token_requests)" "$requests"
