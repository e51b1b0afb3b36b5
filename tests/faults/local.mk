# The HTTPS server that misbehaves on purpose; the engine's tests start it.
EXTRA_DIST += tests/faults/fault_server.py tests/faults/answers.py tests/faults/certificates.py
