dist_man_MANS += doc/man/sasl-entra.1 doc/man/sasl-entra.conf.5 doc/man/sasl-entrad.8 \
	doc/man/sasl-entra-mechanism.7
EXTRA_DIST += \
	doc/internals/architecture.md \
	doc/internals/protocol.md \
	doc/internals/reliability.md \
	doc/internals/requests.md \
	doc/internals/secrets.md \
	doc/internals/state.md \
	doc/internals/threats.md

# What the benchmark wrote, and the words around it.
EXTRA_DIST += \
	doc/figures/README.md doc/figures/fleet.md doc/figures/figures.json \
	doc/figures/data/expiry.dat doc/figures/data/fleet.dat doc/figures/data/load.dat \
	doc/figures/data/postfix.dat doc/figures/data/scale.dat doc/figures/data/storm.dat \
	doc/figures/data/underload.dat \
	doc/figures/expiry.svg doc/figures/fleet.svg doc/figures/load.svg doc/figures/postfix.svg \
	doc/figures/scale.svg doc/figures/storm.svg doc/figures/underload.svg

exampledir = $(docdir)/examples
dist_example_DATA = doc/examples/sasl-entra.conf

# One page a job; the tests run what they say.
guidedir = $(docdir)/guide
dist_guide_DATA = doc/guide/README.md doc/guide/start.md doc/guide/entra-app-only.md \
	doc/guide/entra-user.md doc/guide/postfix.md doc/guide/mutt.md doc/guide/mbsync.md \
	doc/guide/kmail.md doc/guide/other-programs.md doc/guide/gmail.md doc/guide/fleet.md \
	doc/guide/troubleshooting.md doc/guide/demonstration.md doc/guide/migrate-from-sasl-xoauth2.md \
	doc/guide/kubernetes.md
