# Shared by ./run and ./check (sourced, bash): says what it does, installs what is missing, builds.
# shellcheck shell=bash

set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
# A language that is not installed would only make tools complain.
export LC_ALL=C.UTF-8
# Nothing here asks questions, except sudo, which talks to the terminal itself. Descriptor 3 keeps
# standard input for the program that is run in the end.
exec 3<&0 </dev/null

root=$PWD
build_packages=(
  g++ cmake ninja-build ccache mold git pkgconf
  libssl-dev libyaml-cpp-dev prometheus-cpp-dev libspdlog-dev libcli11-dev libxxhash-dev libre2-dev
)
check_packages=(catch2 python3 curl apache2-utils libpcre2-8-0)

say() {
  local bold= plain=
  if [ -t 1 ]; then bold=$'\033[1m' plain=$'\033[0m'; fi
  printf '\n%s== %s%s\n' "$bold" "$*" "$plain"
}

# fail WHAT MEND: what went wrong, then how to mend it.
fail() {
  printf '\n%s: %s\n  mend: %s\n' "$0" "$1" "$2" >&2
  exit 1
}

# step MEND COMMAND…: runs it; if it fails, says which command that was and the mend.
step() {
  local mend=$1 code=0
  shift
  "$@" || code=$?
  [ $code -eq 0 ] || fail "this command failed with code $code: $(printf '%q ' "$@")" "$mend"
}

# Sets `packages` to what this system's build needs, or stops with a list if it is unknown here.
choose_packages() {
  local wanted=$1 id=unknown version=unknown
  if [ -r /etc/os-release ]; then
    id=$(. /etc/os-release && echo "${ID:-unknown}")
    version=$(. /etc/os-release && echo "${VERSION_ID:-unknown}")
  fi
  packages=("${build_packages[@]}")
  [ "$wanted" = build ] || packages+=("${check_packages[@]}")
  case $id-$version in
    debian-12)
      packages+=(libboost1.81-dev libboost-url1.81-dev)
      [ "$wanted" = build ] || packages+=(clang-format-14)
      ;;
    debian-13) packages+=(libboost-dev libboost-url-dev) ;;
    ubuntu-24.04)
      packages+=(libboost-dev libboost-url-dev)
      [ "$wanted" = build ] || packages+=(clang-format-14)
      ;;
    *)
      fail "packages can be installed on Debian 12 and 13 and Ubuntu 24.04, not on '$id $version'" \
        "install what these Debian packages contain, with Boost 1.81 or newer, then run
        FICUS_SETUP=skip $0
        ${packages[*]} libboost-dev libboost-url-dev"
      ;;
  esac
}

installed() {
  dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
    sed -n 's/^installed //p' | sort -u
}

# install_missing build|check: nothing if all is there.
install_missing() {
  if [ "${FICUS_SETUP:-}" = skip ]; then
    say "Set-up: skipped, FICUS_SETUP=skip"
    return
  fi
  local packages missing
  choose_packages "$1"
  missing=$(comm -23 <(printf '%s\n' "${packages[@]}" | sort) <(installed "${packages[@]}"))
  if [ -z "$missing" ]; then
    say "Set-up: all ${#packages[@]} packages are installed"
    return
  fi
  # shellcheck disable=SC2086
  set -- $missing
  say "Set-up: installing $*"
  local as_root=() by_hand="apt-get update && apt-get install --no-install-recommends $*"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      fail "installing packages needs root, and there is no sudo" "as root: $by_hand"
    as_root=(sudo)
    [ -z "${CI:-}" ] || as_root=(sudo -n)
    as_root+=(DEBIAN_FRONTEND=noninteractive)
  fi
  local apt=("${as_root[@]}" apt-get -q -o DPkg::Lock::Timeout=300)
  "${apt[@]}" update || echo "apt-get update failed: trying with the package lists that are here"
  # --no-remove: Boost 1.81 and Debian 12's own Boost exclude each other; which one goes is not for
  # a script to decide.
  step "see apt's message above (no network? a package in the way?); by hand: $by_hand" \
    "${apt[@]}" install -y --no-install-recommends --no-remove "$@"
}

# A build folder that was configured elsewhere, by a compiler that is gone, or not to its end.
unusable() {
  local cache=$1/CMakeCache.txt home compiler
  [ -e "$cache" ] || return 1
  home=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$cache")
  compiler=$(sed -n 's/^CMAKE_CXX_COMPILER:[A-Z]*=//p' "$cache")
  [ ! "$home" -ef "$root" ] || ! command -v "${compiler:-none}" >/dev/null
}

# configure PRESET [OPTION…]
configure() {
  local preset=$1 log=$root/build/$1.configure.log fresh=()
  shift
  mkdir -p "$root/build"
  if unusable "$root/build/$preset"; then
    echo "build/$preset was made elsewhere or with a compiler that is gone: starting afresh"
    fresh=(--fresh)
  fi
  if cmake "${fresh[@]}" --preset "$preset" "$@" >"$log" 2>&1; then return; fi
  if [ -e "$root/build/$preset/CMakeCache.txt" ] && [ ${#fresh[@]} -eq 0 ]; then
    echo "configuring build/$preset failed: once more, afresh"
    if cmake --fresh --preset "$preset" "$@" >"$log" 2>&1; then return; fi
  fi
  cat "$log" >&2
  fail "this command failed: cmake --preset $preset $*" \
    "see CMake's message above (kept in build/$preset.configure.log)"
}

# As many compilers at once as there are processors and memory for: the largest sources take 1 GiB.
if [ -z "${CMAKE_BUILD_PARALLEL_LEVEL:-}" ]; then
  fit=$(($(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo) / 1200000))
  [ "$fit" -lt "$(nproc)" ] || fit=$(nproc)
  [ "$fit" -ge 1 ] || fit=1
  export CMAKE_BUILD_PARALLEL_LEVEL=$fit
fi

# build PRESET [TARGET…]
build() {
  local preset=$1 targets=()
  shift
  [ $# -eq 0 ] || targets=(--target "$@")
  NINJA_STATUS='[%f/%t %es] ' step \
    "see the first error above; out of memory: CMAKE_BUILD_PARALLEL_LEVEL=1 $0" \
    "${no_aslr[@]}" cmake --build --preset "$preset" "${targets[@]}"
}

# Newer kernels randomise addresses more than ThreadSanitizer of g++ 12 can bear; test programs run
# already while they are built, to list their cases.
no_aslr=(env)
if setarch "$(uname -m)" -R true 2>/dev/null; then no_aslr=(setarch "$(uname -m)" -R); fi
