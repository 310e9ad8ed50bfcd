#!/usr/bin/env bash
# Tries ./run and ./check where nothing is installed: in a bare Debian root made by debootstrap.
#
#   tests/support/bare_debian.sh [--sudo] [SUITE] [COMMAND…]
#
# SUITE is bookworm (Debian 12, the default) or trixie (13). Each COMMAND is run by a shell at the
# root of a copy of this tree; without one: './run --version', then the same once more, which must
# take at most 10 s, then './check'. --sudo: as a user who may use sudo, instead of as root.
#
# Needs root, debootstrap, a network and 6 GB in ${TMPDIR:-/tmp}. The system's own apt sources and
# proxies are used. Everything is removed at the end, also after a failure.
set -euo pipefail

tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
user=root
if [ "${1:-}" = --sudo ]; then user=builder && shift; fi
suite=${1:-bookworm}
[ $# -eq 0 ] || shift

stop() {
  echo "$0: $1" >&2
  exit 1
}
case $suite in bookworm | trixie) ;; *) stop "unknown suite '$suite': bookworm or trixie" ;; esac
[ "$(id -u)" -eq 0 ] || stop "needs root (chroot, mount)"
command -v debootstrap >/dev/null || stop "debootstrap is missing: apt-get install debootstrap"

work=$(mktemp -d "${TMPDIR:-/tmp}/ficus-bare-XXXXXX")
root=$work/root
# Mounts are made in name spaces of their own and are gone with their processes, so that nothing of
# this machine can be reached by the removal; --one-file-system is for the case that they are not.
child=
clean_up() {
  # unshare does not listen to SIGTERM; its death ends all that runs in the bare root.
  if [ -n "$child" ]; then kill -KILL "$child" 2>/dev/null && wait "$child" || true; fi
  rm -rf --one-file-system "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

mirror() {
  cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources \
    2>/dev/null | grep -v '^#' | grep -oE 'https?://[^ ]*/debian/?( |$)' | head -1 | tr -d ' ' || true
}

# Runs a command in the bare root, with /proc and /dev, as the given user.
inside() {
  local as=$1
  shift
  unshare --mount --pid --fork --kill-child --propagation private bash -c '
    set -e
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    exec chroot "$1" su - "$2" -w http_proxy,https_proxy,no_proxy,CI -c "$3"
  ' - "$root" "$as" "$*" &
  child=$!
  local code=0
  wait "$child" || code=$?
  child=
  return "$code"
}

timed() {
  local started=$SECONDS
  echo
  echo "=== $suite, as $user: $*"
  inside "$user" "cd ficus && $*" || stop "failed in a bare $suite: $*"
  took=$((SECONDS - started))
  echo "=== took $took s: $*"
}

mirror=$(mirror)
mirror=${mirror:-http://deb.debian.org/debian}
echo "=== debootstrap $suite"
# `su -w` needs util-linux, which is essential; a bare root has neither compiler nor CMake nor git.
debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$work/debootstrap.log" 2>&1 ||
  { tail -20 "$work/debootstrap.log" >&2 && stop "debootstrap failed"; }
echo "deb $mirror $suite main" >"$root/etc/apt/sources.list"
apt-config dump 2>/dev/null | grep -i '^Acquire::[^ ]*Proxy' >"$root/etc/apt/apt.conf.d/80proxy" || true
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp /etc/hosts "$root/etc/hosts"

home=/root
if [ "$user" != root ]; then
  inside root "apt-get -q update && apt-get -q install -y --no-install-recommends sudo" >/dev/null
  inside root "useradd -m -s /bin/bash $user"
  echo "$user ALL=(ALL) NOPASSWD: ALL" >"$root/etc/sudoers.d/$user"
  home=/home/$user
fi
mkdir "$root$home/ficus"
tar -C "$tree" --exclude=./build --exclude=./.git -cf - . | tar -C "$root$home/ficus" -xf -
inside root "chown -R $user: $home/ficus"

if [ $# -gt 0 ]; then
  for command in "$@"; do timed "$command"; done
else
  timed ./run --version
  timed ./run --version
  [ "$took" -le 10 ] || stop "./run with nothing to do took $took s instead of at most 10"
  timed ./check
fi
