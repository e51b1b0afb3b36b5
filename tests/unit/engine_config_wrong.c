/* Configurations that are refused, and warned of: each with the file, line and key it names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/config.h"

/* Lines 1 to 4 of an account that is right but for what a case adds. */
#define HEAD "[account relay]\nmatch = *@contoso.com\n"
#define TENANT "tenant = contoso.onmicrosoft.com\n"
#define CLIENT "client_id = 00001111-aaaa-2222-bbbb-3333cccc4444\n"
#define ACCOUNT HEAD TENANT CLIENT
#define CERTIFICATE "credential = certificate\ncertificate = /etc/sasl-entra/relay.pem\n"
#define SECRET "credential = secret\nclient_secret_file = /etc/sasl-entra/relay.secret\n"

struct wrong {
	const char *name;
	const char *text;
	const char *where; /* how the complaint begins */
	const char *what;  /* what else is in it */
};

static const struct wrong refused[] = {
	/* --- what libini_config would take in silence --- */
	{"key before any section", "proxy = http://proxy:3128\n[defaults]\n",
		"t.conf:1: ", "in no section"},
	{"key after comments, before any section", "# a\n\n; b\ntimeout = 5\n",
		"t.conf:4: ", "in no section"},
	{"indented key", ACCOUNT "  timeout = 5\n", "t.conf:5: ", "begins with a blank"},
	{"value on two lines", HEAD "\tb@contoso.com\n" TENANT CLIENT,
		"t.conf:3: ", "begins with a blank"},
	{"indented comment", ACCOUNT " # a comment\n", "t.conf:5: ", "begins with a blank"},
	{"empty value", HEAD "tenant =\n" CLIENT, "t.conf:3: tenant: ", "has no value"},
	{"blank value", HEAD "tenant = \t \n" CLIENT, "t.conf:3: tenant: ", "has no value"},
	{"empty value of an unknown key", ACCOUNT "colour =\n",
		"t.conf:5: colour: ", "unknown key"},
	{"no equals sign", ACCOUNT "timeout 5\n", "t.conf:5: ", "no '='"},
	{"no key", ACCOUNT "= 5\n", "t.conf:5: ", "no key before"},
	{"C comment", ACCOUNT "/* timeout = 5 */\n", "t.conf:5: unknown key", "sasl-entra.conf(5)"},
	/* --- bytes --- */
	{"control character", ACCOUNT "sasl_user = a\001b\n", "t.conf:5: ", "control character"},
	{"escape in a comment", ACCOUNT "# \033[31m\n", "t.conf:5: ", "control character"},
	{"C1 control", ACCOUNT "sasl_user = a\302\205b\n", "t.conf:5: ", "control character"},
	{"Latin-1", ACCOUNT "sasl_user = m\374ller@contoso.com\n", "t.conf:5: ", "not UTF-8"},
	{"overlong UTF-8", ACCOUNT "sasl_user = a\300\257\n", "t.conf:5: ", "not UTF-8"},
	{"surrogate", ACCOUNT "sasl_user = a\355\240\200\n", "t.conf:5: ", "not UTF-8"},
	{"cut UTF-8", ACCOUNT "sasl_user = a\342\202\n", "t.conf:5: ", "not UTF-8"},
	{"no-break space",
		ACCOUNT "timeout =\302\240"
			"5\n",
		"t.conf:5: ", "invisible character"},
	{"zero-width space", ACCOUNT "timeout = 5\342\200\213\n",
		"t.conf:5: ", "invisible character"},
	{"byte order mark", "\357\273\277" ACCOUNT, "t.conf:1: ", "byte order mark"},
	{"UTF-16", "\377\376[", "t.conf:1: ", "UTF-16"},
	{"CR LF", "[defaults]\r\ntimeout = 5\r\n", "t.conf:1: ", "CR LF"},
	{"CR LF later", "[defaults]\ntimeout = 5\r\n", "t.conf:2: ", "sed -i"},
	{"CR within a line", ACCOUNT "timeout = 5\r6\n", "t.conf:5: ", "control character"},
	/* --- sections --- */
	{"no closing bracket", "[account relay\nmatch = *\n", "t.conf:1: ", "no ']'"},
	{"text behind the bracket", "[account relay] # ours\n",
		"t.conf:1: ", "behind the section's ']'"},
	{"empty name", "[]\n", "t.conf:1: ", "unknown section"},
	{"unknown section", "\n[relayhost]\n",
		"t.conf:2: ", "there are [defaults] and [account LABEL]"},
	{"mistyped account", "[acount relay]\n", "t.conf:1: ", "did you mean [account LABEL]?"},
	{"accounts", "[accounts]\n", "t.conf:1: ", "did you mean [account LABEL]?"},
	{"default", "[default]\n", "t.conf:1: ", "did you mean [defaults]?"},
	{"defaults with a label", "[defaults relay]\n", "t.conf:1: ", "did you mean [defaults]?"},
	{"no label", "[account]\n", "t.conf:1: ", "has no label"},
	{"blank label", "[account  ]\n", "t.conf:1: ", "has no label"},
	{"label with a blank", "[account my relay]\n", "t.conf:1: ", "label is at most 64"},
	{"label like an address", "[account a@contoso.com]\n", "t.conf:1: ", "label is at most 64"},
	{"same account twice", ACCOUNT "[account RELAY]\n",
		"t.conf:5: ", "[account RELAY] stands twice, first on line 1"},
	{"defaults twice", "[defaults]\ntimeout = 5\n[Defaults]\n",
		"t.conf:3: ", "[defaults] stands twice, first on line 1"},
	/* --- keys --- */
	{"unknown key", ACCOUNT "colour = red\n", "t.conf:5: colour: ", "unknown key"},
	{"mistyped key", HEAD TENANT "client_idd = 00001111-aaaa-2222-bbbb-3333cccc4444\n",
		"t.conf:4: client_idd: ", "did you mean client_id?"},
	{"beginning of a key", HEAD TENANT "client = 00001111-aaaa-2222-bbbb-3333cccc4444\n",
		"t.conf:4: client: ", "did you mean client_id?"},
	{"secret in the file", ACCOUNT "client_secret = x\n",
		"t.conf:5: client_secret: ", "A secret itself never stands here"},
	{"key twice", ACCOUNT "Tenant = fabrikam.com\n",
		"t.conf:5: tenant: ", "stands twice in this section, first on line 3"},
	{"account key in defaults", "[defaults]\ntenant = contoso.com\n",
		"t.conf:2: tenant: ", "may not stand in [defaults]"},
	{"servers in defaults", "[defaults]\nservers = *\n",
		"t.conf:2: servers: ", "may not stand in [defaults]"},
	{"authority in defaults", "[defaults]\nauthority = https://x.example\n",
		"t.conf:2: authority: ", "may not stand in [defaults]"},
	{"state_dir in an account", ACCOUNT "state_dir = /var/lib/x\n",
		"t.conf:5: state_dir: ", "write it into [defaults]"},
	{"state_key_file in an account", ACCOUNT "state_key_file = /etc/x.key\n",
		"t.conf:5: state_key_file: ", "write it into [defaults]"},
	/* --- values --- */
	{"quotation marks", HEAD "tenant = \"contoso.com\"\n" CLIENT,
		"t.conf:3: tenant: ", "quotation marks"},
	{"unknown word", ACCOUNT "cloud = germany\n", "t.conf:5: cloud: ",
		"the known ones are: global, gcc-high, usgov, dod, usgov-dod, china"},
	{"unknown word in [defaults]", "[defaults]\ncloud = germany\n" ACCOUNT SECRET,
		"t.conf:2: cloud: ", "unknown value"},
	{"unknown credential", ACCOUNT "credential = password\n", "t.conf:5: credential: ",
		"the known ones are: secret, certificate, federated, managed-identity, none"},
	{"unknown sign_in", ACCOUNT "sign_in = both\n", "t.conf:5: sign_in: ", "app, user"},
	{"unknown token_from", ACCOUNT "token_from = agent\n",
		"t.conf:5: token_from: ", "entra, password"},
	{"unknown service", ACCOUNT "services = smtp, ldap\n",
		"t.conf:5: services: ", "smtp, imap, pop"},
	{"list of nothing", ACCOUNT "services = , ,\n", "t.conf:5: services: ", "has no value"},
	{"GUID without a digit", HEAD TENANT "client_id = 00001111-aaaa-2222-bbbb-3333cccc444\n",
		"t.conf:4: client_id: ", "group 5 of the GUID has 11 digits where 12 belong"},
	{"GUID with a group too long",
		HEAD TENANT "client_id = 00001111-aaaaa-2222-bbbb-3333cccc4444\n",
		"t.conf:4: client_id: ", "group 2 of the GUID has 5 digits where 4 belong"},
	{"GUID in braces", HEAD TENANT "client_id = {00001111-aaaa-2222-bbbb-3333cccc4444}\n",
		"t.conf:4: client_id: ", "8-4-4-4-12"},
	{"GUID with text behind",
		HEAD TENANT "client_id = 00001111-aaaa-2222-bbbb-3333cccc4444 x\n",
		"t.conf:4: client_id: ", "takes one word"},
	{"tenant with a blank", HEAD "tenant = contoso onmicrosoft.com\n" CLIENT,
		"t.conf:3: tenant: ", "there is a blank in it"},
	{"tenant without a dot", HEAD "tenant = contoso\n" CLIENT,
		"t.conf:3: tenant: ", "neither a domain name"},
	{"tenant like half a GUID", HEAD "tenant = 00001111-aaaa-2222-bbbb\n" CLIENT,
		"t.conf:3: tenant: ", "group 4 of the GUID"},
	{"tenant like a path", HEAD "tenant = contoso.com/x\n" CLIENT,
		"t.conf:3: tenant: ", "neither a domain name"},
	{"match of a domain", "[account a]\nmatch = contoso.com\n" TENANT CLIENT,
		"t.conf:2: match: contoso.com: ", "write *@ in front"},
	{"match of a name", "[account a]\nmatch = anna\n" TENANT CLIENT,
		"t.conf:2: match: anna: ", "NAME@DOMAIN"},
	{"match of half a name", "[account a]\nmatch = a*@contoso.com\n" TENANT CLIENT,
		"t.conf:2: match: a*@contoso.com: ", "whole name only"},
	{"match of half a domain", "[account a]\nmatch = *@*.contoso.com\n" TENANT CLIENT,
		"t.conf:2: match: *@*.contoso.com: ", "whole name only"},
	{"match without a domain", "[account a]\nmatch = anna@\n" TENANT CLIENT,
		"t.conf:2: match: anna@: ", "not an address"},
	{"servers with a port", ACCOUNT "servers = smtp.office365.com:587\n",
		"t.conf:5: servers: smtp.office365.com:587: ", "without port"},
	{"servers with brackets", ACCOUNT "servers = [smtp.office365.com]\n",
		"t.conf:5: servers: ", "brackets"},
	{"servers by pattern", ACCOUNT "servers = *.office365.com\n",
		"t.conf:5: servers: *.office365.com", "stands alone"},
	{"servers with two dots", ACCOUNT "servers = smtp..com\n",
		"t.conf:5: servers: ", "not a host name"},
	{"sasl_user with a blank", ACCOUNT "sasl_user = a b\n",
		"t.conf:5: sasl_user: ", "one word"},
	{"authority with a path", ACCOUNT "authority = https://login.example/tenant\n",
		"t.conf:5: authority: ", "there is a path in it"},
	{"authority with a slash", ACCOUNT "authority = https://login.example/\n",
		"t.conf:5: authority: ", "without the '/'"},
	{"authority in the clear", ACCOUNT "authority = http://login.example\n",
		"t.conf:5: authority: ", "write https://"},
	{"authority without a scheme", ACCOUNT "authority = login.example\n",
		"t.conf:5: authority: ", "does not begin with https://"},
	{"authority with a user", ACCOUNT "authority = https://a@login.example\n",
		"t.conf:5: authority: ", "'@'"},
	{"authority with a bad port", ACCOUNT "authority = https://login.example:99999\n",
		"t.conf:5: authority: ", "1 to 65535"},
	{"authority without a host", ACCOUNT "authority = https://:443\n",
		"t.conf:5: authority: ", "no host name"},
	{"token_endpoint in the clear", ACCOUNT "token_endpoint = http://login.example/token\n",
		"t.conf:5: token_endpoint: ", "write https://"},
	{"token_endpoint without a path", ACCOUNT "token_endpoint = https://login.example/\n",
		"t.conf:5: token_endpoint: ", "no path"},
	{"token_endpoint with a fragment", ACCOUNT "token_endpoint = https://login.example/a#b\n",
		"t.conf:5: token_endpoint: ", "'#'"},
	{"proxy with a password", "[defaults]\nproxy = http://u:p4ss@proxy:3128\n",
		"t.conf:2: proxy: ", "everybody can read"},
	{"proxy with a password, another scheme", "[defaults]\nproxy = u:p4ss@proxy:3128\n",
		"t.conf:2: proxy: ", "everybody can read"},
	{"proxy without a port", "[defaults]\nproxy = http://proxy\n",
		"t.conf:2: proxy: ", "the port is missing"},
	{"proxy of another kind", "[defaults]\nproxy = socks4://proxy:1080\n",
		"t.conf:2: proxy: ", "socks5h://"},
	{"proxy with a path", "[defaults]\nproxy = http://proxy:3128/x\n",
		"t.conf:2: proxy: ", "behind the port"},
	{"relative path", "[defaults]\nca_file = ca.pem\n", "t.conf:2: ca_file: ", "from '/' on"},
	{"path with a tilde", "[defaults]\nca_file = ~/ca.pem\n",
		"t.conf:2: ca_file: ", "'~' is not replaced"},
	{"systemd credential without a name", "[defaults]\nca_file = cred:\n",
		"t.conf:2: ca_file: ", "the name of a systemd credential"},
	{"systemd credential elsewhere", "[defaults]\nca_file = cred:../x\n",
		"t.conf:2: ca_file: ", "the name of a systemd credential"},
	{"systemd credential of dots", "[defaults]\nca_file = cred:..\n",
		"t.conf:2: ca_file: ", "the name of a systemd credential"},
	{"systemd credential as directory", "[defaults]\nstate_dir = cred:x\n",
		"t.conf:2: state_dir: ", "from '/' on"},
	{"key instead of its path", "[defaults]\nstate_key_file = 0123456789abcdef\n",
		"t.conf:2: state_key_file: ", "that only its owner can read"},
	{"directory as key", "[defaults]\nstate_key_file = /etc/keys/\n",
		"t.conf:2: state_key_file: ", "is a directory"},
	{"key without a value", "[defaults]\nstate_key_file =\n",
		"t.conf:2: state_key_file: ", "has no value"},
	{"path of a directory", "[defaults]\nca_file = /etc/ssl/\n",
		"t.conf:2: ca_file: ", "is a directory"},
	{"secret instead of its path",
		ACCOUNT "credential = secret\nclient_secret_file = p4ss~word\n",
		"t.conf:6: client_secret_file: ", "that only its owner can read"},
	{"seconds with a unit", "[defaults]\ntimeout = 10s\n",
		"t.conf:2: timeout: ", "from 1 to 20"},
	{"too many seconds", "[defaults]\ntimeout = 21\n", "t.conf:2: timeout: ", "from 1 to 20"},
	{"no seconds", "[defaults]\ntimeout = 0\n", "t.conf:2: timeout: ", "from 1 to 20"},
	{"seconds with a sign", "[defaults]\nmin_lifetime = -1\n",
		"t.conf:2: min_lifetime: ", "from 0 to 3600"},
	{"seconds beyond any", "[defaults]\nmax_age = 99999999999999999999\n",
		"t.conf:2: max_age: ", "from 60 to 86400"},
	{"unknown user", ACCOUNT "allow = root, no-such-user-here\n",
		"t.conf:5: allow: ", "no user no-such-user-here"},
	{"unknown group", ACCOUNT "allow = @no-such-group-here\n",
		"t.conf:5: allow: ", "no group no-such-group-here"},
	{"number beyond any user", ACCOUNT "allow = 4294967295\n", "t.conf:5: allow: ", "no user"},
	{"group without a name", ACCOUNT "allow = @\n", "t.conf:5: allow: ", "no group"},
	/* --- between keys --- */
	{"no match", "[account relay]\n" TENANT CLIENT,
		"t.conf:1: match: ", "is missing in [account relay]"},
	{"no tenant", "\n" HEAD CLIENT, "t.conf:2: tenant: ", "is missing in [account relay]"},
	{"endpoint without scope and tenant",
		HEAD CLIENT "token_endpoint = https://x.example/token\n",
		"t.conf:1: tenant: ", "is missing"},
	{"no client_id", HEAD TENANT, "t.conf:1: client_id: ", "is missing in [account relay]"},
	{"secret without its file", ACCOUNT "credential = secret\n",
		"t.conf:5: credential: ", "needs client_secret_file"},
	{"file without a secret", ACCOUNT "client_secret_file = /etc/x\n",
		"t.conf:5: client_secret_file: ", "only with credential = secret"},
	{"app without a credential", ACCOUNT "sign_in = app\n",
		"t.conf:5: sign_in: ", "app needs a credential"},
	{"app of everybody's tenant", HEAD "tenant = Common\n" CLIENT SECRET,
		"t.conf:3: tenant: ", "needs its own tenant"},
	{"app of no tenant", HEAD "tenant = organizations\n" CLIENT SECRET,
		"t.conf:3: tenant: ", "needs its own tenant"},
	{"app of personal accounts", HEAD "tenant = consumers\n" CLIENT SECRET,
		"t.conf:3: tenant: ", "needs its own tenant"},
	{"app with an identity", ACCOUNT SECRET "identity = anna@contoso.com\n",
		"t.conf:7: identity: ", "the app signs in as itself"},
	/* --- credentials --- */
	{"secret in a file and by a program", ACCOUNT SECRET "client_secret_command = pass relay\n",
		"t.conf:7: client_secret_command: ", "remove one of the two lines"},
	{"program without a secret", ACCOUNT "client_secret_command = pass relay\n",
		"t.conf:5: client_secret_command: ", "only with credential = secret"},
	{"program for a shell",
		ACCOUNT "credential = secret\nclient_secret_command = pass $p4ss | head\n",
		"t.conf:6: client_secret_command: ", "no shell reads this"},
	{"relative program",
		ACCOUNT "credential = secret\nclient_secret_command = bin/pass relay\n",
		"t.conf:6: client_secret_command: ", "a program in $PATH"},
	{"state key in a file and by a program",
		"[defaults]\nstate_key_file = /etc/k\nstate_key_command = pass k\n" ACCOUNT,
		"t.conf:3: state_key_command: ", "remove one of the two lines"},
	{"program for all", "[defaults]\nclient_secret_command = pass\n" ACCOUNT,
		"t.conf:2: client_secret_command: ", "[account"},
	{"secret and certificate", ACCOUNT SECRET "certificate = /etc/sasl-entra/relay.pem\n",
		"t.conf:7: certificate: ", "keep one of them"},
	{"certificate and secret",
		ACCOUNT CERTIFICATE "client_secret_file = /etc/sasl-entra/relay.secret\n",
		"t.conf:7: client_secret_file: ", "credential = certificate; keep one of them"},
	{"certificate without its file", ACCOUNT "credential = certificate\n",
		"t.conf:5: credential: ", "needs certificate"},
	{"password of no key", ACCOUNT SECRET "private_key_password_file = /etc/x\n",
		"t.conf:7: private_key_password_file: ", "only with credential = certificate"},
	{"relative certificate", ACCOUNT "credential = certificate\ncertificate = relay.pem\n",
		"t.conf:6: certificate: ", "from '/' on"},
	{"PIN in the URI", ACCOUNT CERTIFICATE "private_key = pkcs11:token=a?pin-value=1234\n",
		"t.conf:7: private_key: ", "private_key_password_file"},
	{"key file as a URI", ACCOUNT CERTIFICATE "private_key = file:/etc/sasl-entra/relay.key\n",
		"t.conf:7: private_key: ", "write the path alone"},
	{"private key instead of its path", ACCOUNT CERTIFICATE "private_key = MIIEvQ\n",
		"t.conf:7: private_key: ", "that only its owner can read"},
	{"federated without its file", ACCOUNT "credential = federated\n",
		"t.conf:5: credential: ", "a path, env or managed-identity"},
	{"federated by something else",
		ACCOUNT "credential = federated\nfederated_token_file = environment\n",
		"t.conf:6: federated_token_file: ", "from '/' on"},
	{"federated by nobody's identity",
		ACCOUNT "credential = federated\nfederated_token_file = managed-identity\n",
		"t.conf:6: federated_token_file: ", "needs managed_identity_id"},
	{"federated by the system's identity",
		ACCOUNT "credential = federated\nfederated_token_file = managed-identity\n"
			"managed_identity_id = system\n",
		"t.conf:7: managed_identity_id: ", "only a user-assigned identity"},
	{"federated by a file and an identity",
		ACCOUNT "credential = federated\nfederated_token_file = /run/token\n"
			"managed_identity_id = system\n",
		"t.conf:7: managed_identity_id: ", "remove one of the two lines"},
	{"managed identity without its id", HEAD "credential = managed-identity\n",
		"t.conf:3: credential: ", "needs managed_identity_id"},
	{"managed identity by a bare GUID",
		HEAD "credential = managed-identity\n"
		     "managed_identity_id = 00001111-aaaa-2222-bbbb-3333cccc4444\n",
		"t.conf:4: managed_identity_id: ", "client_id:GUID"},
	{"managed identity with a digit missing",
		HEAD "credential = managed-identity\n"
		     "managed_identity_id = client_id:00001111-aaaa-2222-bbbb-3333cccc444\n",
		"t.conf:4: managed_identity_id: ", "group 5 of the GUID has 11 digits"},
	{"managed identity by a resource's name",
		HEAD "credential = managed-identity\nmanaged_identity_id = resource_id:relay\n",
		"t.conf:4: managed_identity_id: ", "resource_id:/subscriptions/"},
	{"managed identity with a query in it",
		HEAD "credential = managed-identity\n"
		     "managed_identity_id = resource_id:/subscriptions/a&b=c\n",
		"t.conf:4: managed_identity_id: ", "resource_id:/subscriptions/"},
	{"person with a managed identity",
		HEAD "credential = managed-identity\nmanaged_identity_id = system\n"
		     "sign_in = user\n",
		"t.conf:5: sign_in: ", "no person signs in"},
	/* --- providers --- */
	{"unknown provider", ACCOUNT "provider = yahoo\n",
		"t.conf:5: provider: ", "the known ones are: entra, hve, acs, google, custom"},
	{"client id of Google at Entra", HEAD TENANT "client_id = 1-a.apps.googleusercontent.com\n",
		"t.conf:4: client_id: ", "not the Application (client) ID"},
	{"app at Google",
		HEAD "client_id = 1-a.apps.googleusercontent.com\nprovider = google\n" SECRET
		     "sign_in = app\n",
		"t.conf:7: sign_in: ", "Gmail lets no app sign in as itself"},
	{"custom without an endpoint",
		HEAD "client_id = x\nprovider = custom\nscope = mail\nservers = a.example\n",
		"t.conf:1: token_endpoint: ", "is missing"},
	{"custom without a scope",
		HEAD "client_id = x\nprovider = custom\nservers = a.example\n"
		     "token_endpoint = https://a.example/token\n",
		"t.conf:1: scope: ", "is missing"},
	{"custom without servers",
		HEAD "client_id = x\nprovider = custom\nscope = mail\n"
		     "token_endpoint = https://a.example/token\n",
		"t.conf:1: servers: ", "is missing"},
	{"communication services without a user", ACCOUNT SECRET "provider = acs\n",
		"t.conf:1: sasl_user: ", "SMTP username"},
	{"person at communication services", ACCOUNT "provider = acs\nsasl_user = relay\n",
		"t.conf:1: sign_in: ", "apps only"},
	{"high volume mail in China", ACCOUNT SECRET "provider = hve\ncloud = china\n",
		"t.conf:8: cloud: ", "global cloud only"},
	{"device_endpoint in the clear", ACCOUNT "device_endpoint = http://login.example/d\n",
		"t.conf:5: device_endpoint: ", "write https://"},
	{"authorization_endpoint without a path",
		ACCOUNT "authorization_endpoint = https://login.example\n",
		"t.conf:5: authorization_endpoint: ", "no path"},
	{"two accounts for one domain",
		ACCOUNT "[account b]\nmatch = c@d.example, *@Contoso.COM\n" TENANT CLIENT,
		"t.conf:6: match: *@contoso.com ", "in [account relay] too, on line 2"},
};

static const struct wrong warned[] = {
	{"comment behind a value", "[defaults]\nstate_dir = /var/lib/x # ours\n",
		"t.conf:2: state_dir: ", "behind '#'"},
	{"other comment behind a value", "[defaults]\nstate_dir = /var/lib/x ;ours\n",
		"t.conf:2: state_dir: ", "behind ';'"},
	{"same name twice", "[account a]\nmatch = a@b.example A@b.example\n" TENANT CLIENT,
		"t.conf:2: match: a@b.example ", "twice"},
	{"sign-in that does not last", ACCOUNT "scope = https://outlook.office.com/SMTP.Send\n",
		"t.conf:5: scope: ", "offline_access"},
	{"app that asks for a person's right",
		ACCOUNT SECRET "scope = https://outlook.office.com/SMTP.Send\n",
		"t.conf:7: scope: ", "/.default"},
	{"tenant at Google",
		HEAD TENANT "client_id = 1-a.apps.googleusercontent.com\nprovider = google\n"
			    "sign_in = user\n" SECRET,
		"t.conf:3: tenant: ", "not used with provider = google"},
	{"Google without a secret",
		HEAD "client_id = 1-a.apps.googleusercontent.com\nprovider = google\n",
		"t.conf:4: provider: ", "client_secret_file"},
	{"client id of a managed identity",
		HEAD CLIENT "credential = managed-identity\nmanaged_identity_id = system\n",
		"t.conf:3: client_id: ", "managed_identity_id says which"},
	{"key that is not used", HEAD CLIENT "token_from = password\n",
		"t.conf:3: client_id: ", "not used with token_from = password"},
};

static const struct se_problem *
first(const struct se_problems *problems, bool warning)
{
	size_t i;

	for (i = 0; i < problems->count; i++)
		if (problems->list[i].warning == warning)
			return &problems->list[i];
	return NULL;
}

static void
begins_and_holds(const char *text, const struct wrong *wrong)
{
	if (strncmp(text, wrong->where, strlen(wrong->where)) != 0)
		fail_msg("does not begin with \"%s\": %s", wrong->where, text);
	if (strstr(text, wrong->what) == NULL)
		fail_msg("does not hold \"%s\": %s", wrong->what, text);
	if (strstr(text, "p4ss") != NULL)
		fail_msg("holds a secret: %s", text);
}

static void
is_refused(void **state)
{
	const struct wrong *wrong = *state;
	struct se_problems *problems = malloc(sizeof(*problems));
	struct se_config *config;
	struct se_error error;
	const struct se_problem *problem;

	assert_non_null(problems);
	assert_int_equal(se_config_parse(wrong->text, strlen(wrong->text), "t.conf", &config,
				 problems, &error),
		SE_CONFIG);
	assert_null(config);
	assert_true(problems->errors > 0);
	problem = first(problems, false);
	assert_non_null(problem);
	begins_and_holds(problem->text, wrong);
	assert_string_equal(error.text, problem->text);
	free(problems);
}

static void
is_warned_of(void **state)
{
	const struct wrong *wrong = *state;
	struct se_problems *problems = malloc(sizeof(*problems));
	struct se_config *config;
	struct se_error error;
	const struct se_problem *problem;

	assert_non_null(problems);
	assert_int_equal(se_config_parse(wrong->text, strlen(wrong->text), "t.conf", &config,
				 problems, &error),
		SE_OK);
	assert_int_equal(problems->errors, 0);
	problem = first(problems, true);
	assert_non_null(problem);
	begins_and_holds(problem->text, wrong);
	se_config_free(config);
	free(problems);
}

enum {
	REFUSED = sizeof(refused) / sizeof(refused[0]),
	WARNED = sizeof(warned) / sizeof(warned[0])
};

/* cmocka's initial_state is not const; the cases are only read. */
static void *
case_state(const struct wrong *wrong)
{
	union {
		const struct wrong *in;
		void *out;
	} pointer = {wrong};

	return pointer.out;
}

/* Its agent has nobody's password store. */
static void
the_system_runs_no_program_for_a_secret(void **state)
{
	static const char text[] = ACCOUNT "credential = secret\nclient_secret_command = pass\n";
	struct se_config *config;
	struct se_error error;

	(void)state;
	assert_int_equal(
		se_config_parse(text, strlen(text), SE_CONFIGURATION_PATH, &config, NULL, &error),
		SE_CONFIG);
	assert_non_null(strstr(error.text, ":6: client_secret_command: "));
	assert_non_null(strstr(error.text, "a user's own configuration only"));
	assert_int_equal(
		se_config_parse(text, strlen(text), "t.conf", &config, NULL, &error), SE_OK);
	se_config_free(config);
}

int
main(void)
{
	struct CMUnitTest tests[REFUSED + WARNED + 1];
	size_t i;

	memset(tests, 0, sizeof(tests));
	for (i = 0; i < REFUSED; i++) {
		tests[i].name = refused[i].name;
		tests[i].test_func = is_refused;
		tests[i].initial_state = case_state(&refused[i]);
	}
	for (i = 0; i < WARNED; i++) {
		tests[REFUSED + i].name = warned[i].name;
		tests[REFUSED + i].test_func = is_warned_of;
		tests[REFUSED + i].initial_state = case_state(&warned[i]);
	}
	tests[REFUSED + WARNED] =
		(struct CMUnitTest)cmocka_unit_test(the_system_runs_no_program_for_a_secret);
	return cmocka_run_group_tests_name("engine/config, refused", tests, NULL, NULL);
}
