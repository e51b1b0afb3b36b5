/* What sasl-entra itself says, by kind; what it says of Entra has the AADSTS number in it. */
#include "engine/replies_parts.h"

#define AGENT_TODO \
	"Start it, with the socket where the program can reach it:\n" \
	"  systemctl enable --now sasl-entrad.socket\n" \
	"Let the program's user in, by a group whose members read no secret:\n" \
	"  usermod --append --groups sasl-entra-clients postfix\n" \
	"For a Postfix whose smtp(8) runs in a chroot:\n" \
	"  systemctl enable --now sasl-entra-postfix@$(systemd-escape -p " \
	"/var/spool/postfix).socket\n" \
	"  sasl-entra doctor --postfix"

static const struct se_reply entries[] = {
	{.id = "no-agent",
		.from = SE_REPLY_PROGRAM,
		.words = "no agent at*and without one:|no agent at",
		.shown = "no agent at /run/sasl-entra/agent.sock",
		.class = SE_CONFIG,
		.meaning = "The agent sasl-entrad does not listen where the program looks for it.",
		.cause = "It is not started, or its socket is outside the chroot in which the "
			 "program runs, "
			 "or the program's user is not in the socket's group. Where the line goes "
			 "on with \"and without one\", the program then tried by itself, and what "
			 "follows is why it could not: with the agent it does not have to.",
		.todo = AGENT_TODO,
		.waiting = SE_WAIT_NOT},
	{.id = "agent-slow",
		.from = SE_REPLY_PROGRAM,
		.words = "the agent at*did not answer within|the agent had no answer in time|no "
			 "token came within|the agent was stopped before|closed the connection "
			 "before it had answered|waiting for the agent at|the agent at*cannot be "
			 "reached:",
		.shown = "the agent at /run/sasl-entra/agent.sock did not answer within 25 seconds",
		.class = SE_AGAIN,
		.meaning = "The agent is there, and had no token in time.",
		.cause = "The network or Entra is slow, or the agent waits for a key (a PKCS#11 "
			 "token, a "
			 "file on a slow disk).",
		.todo = "See what it waits for:\n"
			"  sasl-entra status\n"
			"  journalctl -u sasl-entrad -n 50",
		.waiting = "Waiting helps: the next try mostly finds the token there."},
	{.id = "agent-unsafe",
		.from = SE_REPLY_PROGRAM,
		.words = "is not safe: it belongs to|is not safe: uid|not the agent's socket|not "
			 "the "
			 "agent's",
		.shown = "/run/sasl-entra/agent.sock is not safe: it belongs to uid 1000, and "
			 "others can "
			 "write to its directory",
		.class = SE_CONFIG,
		.meaning = "What lies at the agent's place may be somebody else's; nothing was "
			   "asked of "
			   "it.",
		.todo = "Remove it, and let the agent make its socket in a directory that belongs "
			"to root:\n"
			"  ls -ld /run/sasl-entra /run/sasl-entra/agent.sock\n"
			"  systemctl restart sasl-entrad.socket",
		.waiting = SE_WAIT_NOT},
	{.id = "agent-version",
		.from = SE_REPLY_PROGRAM,
		.words = "does not understand the request|does not answer as the agent does",
		.shown = "the agent does not understand the request; are plugin, tool and agent of "
			 "the same "
			 "version?",
		.class = SE_CONFIG,
		.meaning = "Agent and plugin or tool are of different versions.",
		.todo = "Restart what runs since before the update:\n"
			"  systemctl restart sasl-entrad\n"
			"  postfix reload",
		.waiting = SE_WAIT_NOT},
	{.id = "engine-missing",
		.from = SE_REPLY_PROGRAM,
		.words = "cannot load the engine module|the engine module*is not the one",
		.shown = "cannot load the engine module",
		.class = SE_CONFIG,
		.meaning = "The plugin found no agent, and not the module with which it would ask "
			   "Entra "
			   "itself.",
		.cause = "In a chroot the module cannot be seen; outside of it the package is not "
			 "whole.",
		.todo = "Start the agent, or install the package sasl-entra with all it "
			"needs. " AGENT_TODO,
		.waiting = SE_WAIT_NOT},
	{.id = "not-configured",
		.from = SE_REPLY_PROGRAM,
		.words = "nothing is configured for it: there is no agent at|nothing is configured "
			 "for it|there is no account in",
		.shown = "nothing is configured for it: there is no agent at "
			 "/run/sasl-entra/agent.sock and "
			 "no file /etc/sasl-entra/sasl-entra.conf",
		.class = SE_NO_ACCOUNT,
		.meaning = "sasl-entra is installed and not set up.",
		.todo = "Set it up, step by step:\n"
			"  sasl-entra setup",
		.waiting = SE_WAIT_NOT},
	{.id = "no-account",
		.from = SE_REPLY_PROGRAM,
		.words = "no account of*matches|no account serves",
		.shown = "no account of /etc/sasl-entra/sasl-entra.conf matches relay@example.com",
		.class = SE_NO_ACCOUNT,
		.meaning = "No account of the configuration serves the login name.",
		.todo = "Add the name, or its domain as *@DOMAIN, to \"match\" of an account; or "
			"correct "
			"the login name in the program (in Postfix: in the password map). Then:\n"
			"  sasl-entra check\n"
			"  systemctl reload sasl-entrad",
		.waiting = SE_WAIT_NOT},
	{.id = "not-in-servers",
		.from = SE_REPLY_PROGRAM,
		.words = "may not be sent to|does not say which server it logs in to",
		.shown = "the token of account relay may not be sent to mail.example.com: its "
			 "servers are "
			 "smtp.office365.com",
		.class = SE_DENIED,
		.meaning = "The program logs in to a server that is not in the account's list.",
		.cause = "A wrong relay host; or a name or a number that stands for Exchange's "
			 "name: tokens "
			 "are only given to servers named in \"servers\".",
		.todo = "Correct the host's name in the program, or add it to \"servers\" of "
			"[account "
			"{label}].",
		.waiting = SE_WAIT_NOT},
	{.id = "not-allowed",
		.from = SE_REPLY_PROGRAM,
		.words = "may not use account|only root and the agent's own user",
		.shown = "the user with uid 1000 may not use account relay",
		.class = SE_DENIED,
		.meaning = "The user who asks is not in the account's \"allow\".",
		.todo = "Add the user, or a group as @GROUP, to \"allow\" of [account {label}].",
		.waiting = SE_WAIT_NOT},
	{.id = "no-sign-in",
		.from = SE_REPLY_PROGRAM,
		.words = "nobody has signed in as|nobody has signed in for",
		.shown = "nobody has signed in as user@example.com yet",
		.class = SE_SIGN_IN,
		.meaning = "The account is configured, and a person has to sign in once.",
		.todo = "Sign in:\n"
			"  {sign_in}",
		.waiting = SE_WAIT_NOT},
	{.id = "no-address",
		.from = SE_REPLY_PROGRAM,
		.words = "no address was found for|could not resolve host|the name lookup of*did "
			 "not end|"
			 "other name lookups hang",
		.shown = "no address was found for login.microsoftonline.com (Could not resolve "
			 "host)",
		.class = SE_AGAIN,
		.meaning = "The name of the token endpoint could not be looked up.",
		.cause = "The network, the name servers, or a wrong \"authority\".",
		.todo = "Look it up, as the agent's machine does:\n"
			"  getent hosts login.microsoftonline.com\n"
			"  cat /etc/resolv.conf",
		.waiting = SE_WAIT_BY_ITSELF},
	{.id = "no-connection",
		.from = SE_REPLY_PROGRAM,
		.words = "cannot be reached (|no connection to*in time|did not answer in "
			 "time|failed to "
			 "connect to|couldn't connect to server|connection timed out after",
		.shown = "login.microsoftonline.com cannot be reached (Connection refused)",
		.class = SE_AGAIN,
		.meaning = "The token endpoint could not be reached.",
		.cause = "The network or a firewall; where only a proxy reaches the Internet, it "
			 "has to be "
			 "named.",
		.todo = "Try it from this machine:\n"
			"  curl -sSI "
			"https://login.microsoftonline.com/\n"
			"Behind a proxy, write proxy = http://HOST:PORT into [account {label}].",
		.waiting = SE_WAIT_BY_ITSELF},
	{.id = "no-trust",
		.from = SE_REPLY_PROGRAM,
		.words = "is not to be trusted (|ssl certificate problem|certificate verification "
			 "failed|"
			 "peer certificate*not|ca certificates*cannot be read|error setting "
			 "certificate",
		.shown = "the certificate of login.microsoftonline.com is not to be trusted (SSL "
			 "certificate "
			 "problem: self-signed certificate in certificate chain)",
		.class = SE_CONFIG,
		.meaning = "The server's TLS certificate could not be verified, so that nothing "
			   "was sent.",
		.cause = "A proxy that inspects TLS, a wrong clock, or no CA certificates here (in "
			 "a chroot, "
			 "say; the agent needs none there).",
		.todo = "Check the clock, and install the CA certificates:\n"
			"  timedatectl\n"
			"  ls -l /etc/ssl/certs/ca-certificates.crt\n"
			"For a proxy that inspects TLS, write ca_file = /path/of/its/CA.pem into "
			"[account "
			"{label}].",
		.waiting = SE_WAIT_NOT},
	{.id = "no-tls",
		.from = SE_REPLY_PROGRAM,
		.words = "no tls connection to",
		.shown = "no TLS connection to login.microsoftonline.com",
		.class = SE_AGAIN,
		.meaning = "The token endpoint was reached, and TLS did not come about.",
		.cause = "Something in between speaks another protocol or an old version of TLS.",
		.todo = "See what answers:\n"
			"  openssl s_client -connect login.microsoftonline.com:443 -brief",
		.waiting = SE_WAIT_BY_ITSELF},
	{.id = "proxy",
		.from = SE_REPLY_PROGRAM,
		.words = "the proxy did not connect|the proxy wants a password|the proxy answered "
			 "with",
		.shown = "the proxy did not connect to login.microsoftonline.com (status 403)",
		.class = SE_CONFIG,
		.meaning = "The proxy did not let the request through.",
		.todo = "Whoever runs the proxy has to let this machine reach "
			"login.microsoftonline.com:443 "
			"without a password; or name another one with \"proxy\" in [account "
			"{label}].",
		.waiting = SE_WAIT_NOT},
	{.id = "not-an-endpoint",
		.from = SE_REPLY_PROGRAM,
		.words = "is a proxy or a portal in between|is it the right address|never followed "
			 "with credentials",
		.shown = "login.microsoftonline.com answered with status 200 and something that is "
			 "not a whole JSON object; is a proxy or a portal in between?",
		.class = SE_CONFIG,
		.meaning = "What answered is no token endpoint.",
		.cause = "A proxy or a portal (of a hotel, say) answers in its place, or "
			 "\"authority\" or \"token_endpoint\" names something else.",
		.todo = "See what answers:\n"
			"  curl -sSi "
			"https://login.microsoftonline.com/common/v2.0/.well-known/"
			"openid-configuration\n"
			"It has to be JSON. If it is, look at what the account asks:\n"
			"  sasl-entra config {mailbox}",
		.waiting = "Waiting helps where the proxy or the portal goes away."},
	{.id = "state-damaged",
		.from = SE_REPLY_PROGRAM,
		.words = "is damaged, of another version",
		.shown = "the state file /var/lib/sasl-entra/... is damaged, of another version, "
			 "or another account's",
		.class = SE_CONFIG,
		.meaning = "The stored sign-in cannot be read, and is left as it is.",
		.todo = "Move the file away, and sign in again (an app needs no more than the "
			"first):\n"
			"  {sign_in}",
		.waiting = SE_WAIT_NOT},
	{.id = "state-sealed",
		.from = SE_REPLY_PROGRAM,
		.words = "is sealed with key",
		.shown = "the state file /var/lib/sasl-entra/... is sealed with key 0123abcd",
		.class = SE_CONFIG,
		.meaning = "The stored sign-in is sealed with a key that is not there.",
		.todo = "Put the key back into state_key_file, on a line below the others. If it "
			"is lost, "
			"move the state file away and sign in again:\n"
			"  {sign_in}",
		.waiting = SE_WAIT_NOT},
};

const struct se_reply_part se_replies_own = SE_REPLY_PART("What sasl-entra says", entries);
