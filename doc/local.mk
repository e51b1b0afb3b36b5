dist_man_MANS += doc/man/sasl-entra.1 doc/man/sasl-entra.conf.5 doc/man/sasl-entrad.8
EXTRA_DIST += doc/internals/architecture.md doc/internals/protocol.md \
	doc/internals/requests.md doc/internals/secrets.md
