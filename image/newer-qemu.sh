#!/bin/sh
# For the boot test: QEMU 8.1 or newer, the first with a touch panel. Debian 12 has it in its backports, which are
# asked for this once: the machine's list of sources stays as it is. Needs root, or sudo that asks for nothing.
set -eu

version() { qemu-system-aarch64 --version 2>/dev/null | sed -n 's/^QEMU emulator version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p'; }
is_new() { set -- $(version) 0 0; [ "$1" -gt 8 ] || { [ "$1" -eq 8 ] && [ "$2" -ge 1 ]; }; }

is_new && exit 0
. /etc/os-release
mirror=$(apt-get indextargets --format '$(SITE) $(RELEASE)' | sed -n "s/ ${VERSION_CODENAME:-none}\$//p" | head -n 1)
if [ "${VERSION_CODENAME:-}" != bookworm ] || [ -z "$mirror" ]; then
    echo "The boot test needs QEMU 8.1 or newer, and this machine has: $(version | tr ' ' .). Install a newer one" >&2
    exit 1
fi
root=env
[ "$(id -u)" = 0 ] || root="sudo env"
mkdir -p .cache
echo "Installing QEMU from Debian's backports"
list=$(mktemp --suffix=.list)
trap 'rm -f "$list"' EXIT
echo "deb $mirror bookworm-backports main" >"$list"
chmod 644 "$list"
apt() {
    $root DEBIAN_FRONTEND=noninteractive apt-get -o Dir::Etc::SourceList="$list" -o APT::Get::List-Cleanup=0 \
        -o DPkg::Lock::Timeout=300 --quiet "$@" >>.cache/apt.log 2>&1 || {
        tail -n 20 .cache/apt.log >&2
        echo "apt-get failed (above). Put that right, or install QEMU 8.1 or newer by hand" >&2
        exit 1
    }
}
apt update
apt --yes --no-install-recommends --target-release bookworm-backports install qemu-system-arm
