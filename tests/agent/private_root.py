"""A root directory of its own for a test: what it installs and sets up there nobody else sees."""

import os
import subprocess
import sys
import tempfile

# A copy on write of the whole root directory, in mounts that nobody else sees.
ENTER = """
set -e
work=$1 build=$2 source=$3
shift 3
mount -t tmpfs -o mode=755 tmpfs "$work"
mkdir "$work/up" "$work/work" "$work/root"
mount -t overlay -o "lowerdir=/,upperdir=$work/up,workdir=$work/work" overlay "$work/root"
for each in /proc /dev; do mount --rbind $each "$work/root$each"; done
for each in "$build" "$source"; do
  [ -e "$work/root$each/Makefile.am" ] || [ -e "$work/root$each/sasl-entrad" ] ||
    { mkdir -p "$work/root$each"; mount --bind "$each" "$work/root$each"; }
done
# What the run collects from all tests lies outside.
for each in "$SE_FIGURES_FILE" "$SE_SECRETS_FILE"; do
  [ -z "$each" ] || { mkdir -p "$work/root${each%/*}"; : >> "$each"; : >> "$work/root$each"
                      mount --bind "$each" "$work/root$each"; }
done
exec chroot "$work/root" "$@"
"""


def enter(script, build, source):
    """Start the test again in its own root directory, with the argument "inside"; the exit status."""
    work = tempfile.mkdtemp(prefix="sasl-entra-")
    command = ["unshare", "-m", "sh", "-c", ENTER, "sh", work, os.path.abspath(build), os.path.abspath(source)]
    try:
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode != 0:
            print("1..0 # SKIP private mounts are not possible here")
            return 0
        return subprocess.call([*command, sys.executable, os.path.abspath(script), "inside"], cwd="/")
    finally:
        os.rmdir(work)
