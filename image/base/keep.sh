#!/bin/sh
# Keeps the downloaded packages for the next base tree, and leaves none in this one. $1: the tree; $2: where to.
set -eu
find "$2" -name '*.deb' -delete
find "$1/var/cache/apt/archives" -maxdepth 1 -name '*.deb' -exec mv -t "$2" {} +
rm -rf "$1/var/lib/apt/lists" "$1/etc/apt/sources.list" "$1/etc/apt/sources.list.d" "$1/usr/sbin/policy-rc.d"
rm -f "$1/var/cache/apt/pkgcache.bin" "$1/var/cache/apt/srcpkgcache.bin" "$1/etc/hostname" "$1/etc/resolv.conf"
rm -f "$1"/var/log/*.log "$1"/var/log/apt/* "$1"/etc/ssh/ssh_host_*
rm -f "$1"/etc/machine-id "$1"/var/lib/dbus/machine-id "$1"/var/lib/systemd/random-seed
