# Microsoft's own clients and ours side by side. The comparison wants the tree installed, Node.js
# and the npm registry: it is one of the host tests.
client_tests = tests/clients/test_table.py
client_host_tests = tests/clients/test_requests.py
TESTS += $(client_tests)
EXTRA_DIST += $(client_tests) $(client_host_tests) tests/clients/README.md \
	tests/clients/differences.py tests/clients/jobs.py tests/clients/ours.py \
	tests/clients/seen.py tests/clients/theirs.py tests/clients/node/client.js \
	tests/clients/node/package.json tests/clients/node/package-lock.json

# What npm installed.
clean-local: clean-clients
clean-clients:
	-rm -rf tests/clients/npm
.PHONY: clean-clients
