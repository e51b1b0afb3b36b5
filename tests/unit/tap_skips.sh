#!/bin/sh
# tap_skips.sh PROGRAM [ARGUMENT...] : cmocka writes a test that it skips as "not ok N # SKIP", which
# automake counts as a failure. Some are skipped where the tests do not run as root.
exec 4>&1
code=$({
	{
		"$@" 3>&- 4>&-
		echo $? >&3
	} | sed 's/^not ok \([0-9]* # SKIP\)/ok \1/' >&4
} 3>&1)
exit "$code"
