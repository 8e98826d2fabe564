#!/bin/sh
# What put-off.sh put off, once. The initial RAM disk is made later: it depends on files of this project. $1: the tree.
set -eu
for command in $(cat "$(dirname "$0")/put-off.txt"); do
    rm -f "$1$command"
    chroot "$1" dpkg-divert --local --quiet --remove --rename "$command"
done
chroot "$1" update-ca-certificates
chroot "$1" systemd-hwdb --usr update
chroot "$1" python3 -m compileall -q -x 'lib2to3|/test/|idlelib|tkinter' /usr/lib/python3.13 /usr/lib/python3/dist-packages || true
fetch() { (cd "$1/var/cache/apt/archives" && chroot "$1" sh -c "cd /var/cache/apt/archives && apt-get download $2"); }
# What the one Python package without a wheel is built against, on this machine. It stays out of the image.
fetch "$1" libpython3.13-dev
dpkg-deb --fsys-tarfile "$1"/var/cache/apt/archives/libpython3.13-dev_*.deb | tar -x -C "$1" ./usr/include
# The boards' own first stages: taken from Debian's package without its hooks, which know nothing of two slots.
fetch "$1" raspi-firmware
mkdir -p "$1/usr/lib/fjes/board"
dpkg-deb --extract "$1"/var/cache/apt/archives/raspi-firmware_*.deb "$1/usr/lib/fjes/board"
format='${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\n'
dpkg-deb --show --showformat "$format" "$1"/var/cache/apt/archives/raspi-firmware_*.deb >"$1/usr/lib/fjes/packages.tsv"
chroot "$1" dpkg-query --show --showformat "$format" >>"$1/usr/lib/fjes/packages.tsv"
