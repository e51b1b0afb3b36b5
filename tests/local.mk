include tests/unit/local.mk
include tests/plugin/local.mk
include tests/agent/local.mk
include tests/fuzz/local.mk
include tests/tenant/local.mk
include tests/faults/local.mk
include tests/hosts/local.mk
include tests/systemd/local.mk
