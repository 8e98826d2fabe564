#!/bin/sh
# Before anything is installed. $1: the tree; $2: packages downloaded earlier.
set -eu
mkdir -p "$1/etc/apt/preferences.d" "$1/var/cache/apt/archives" "$1/boot/firmware"
# What boots a Pi 5 comes from backports, and only together: a mixture is refused by dpkg.
cat >"$1/etc/apt/preferences.d/backports" <<'END'
Package: src:linux-signed-arm64 src:linux src:linux-base src:firmware-nonfree src:raspi-firmware
Pin: release n=trixie-backports
Pin-Priority: 900
END
# Nothing starts while it is installed.
mkdir -p "$1/usr/sbin"
printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
chmod 755 "$1/usr/sbin/policy-rc.d"
find "$2" -name '*.deb' -exec cp -t "$1/var/cache/apt/archives" {} +
