#!/usr/bin/env bash
# Installs a build tree into an empty folder and uses what lies there.
#
#     install_test.sh BUILD_FOLDER
set -euo pipefail
build=${1:?the build folder}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fail() {
  echo "$*" >&2
  exit 1
}

DESTDIR=$folder cmake --install "$build" --prefix /usr >"$folder/install.log" ||
  { cat "$folder/install.log"; fail "cmake --install failed"; }

"$folder/usr/bin/ficus" --version | grep -q '^ficus [0-9]' || fail "ficus --version says nothing"
for file in lib/systemd/system/ficus.service lib/systemd/system/ficus.socket \
  lib/sysusers.d/ficus.conf share/bash-completion/completions/ficus \
  share/doc/ficus/examples/smallest.yaml share/doc/ficus/docs/configuration.md \
  share/doc/ficus/LICENSE; do
  [ -s "$folder/usr/$file" ] || fail "usr/$file was not installed"
done
[ -s "$folder/etc/logrotate.d/ficus" ] || fail "etc/logrotate.d/ficus was not installed"
grep -qx 'ExecStart=/usr/bin/ficus run /etc/ficus/ficus.yaml' \
  "$folder/usr/lib/systemd/system/ficus.service" || fail "the unit names other paths"
grep -qx 'RestartSec=2s' "$folder/usr/lib/systemd/system/ficus.service" ||
  fail "the unit would give up within a second where a port is in use"
"$folder/usr/bin/ficus" check "$folder/usr/share/doc/ficus/examples/smallest.yaml" ||
  fail "the installed example is refused"

# The page and the completion know every command, and are sound.
bash -n "$folder/usr/share/bash-completion/completions/ficus"
page=$folder/usr/share/man/man1/ficus.1
commands=$("$folder/usr/bin/ficus" --help | sed -n '/^Subcommands:/,$s/^  \([a-z]*\) .*/\1/p')
[ -n "$commands" ] || fail "--help names no command"
for command in $commands; do
  grep -q "^\.It Cm $command\b" "$page" || fail "the manual page does not know $command"
  grep -q "\b$command\b" "$folder/usr/share/bash-completion/completions/ficus" ||
    fail "the completion does not know $command"
done

# So they do each of its options; one that is not in this version is nobody's business.
options_of() {
  "$folder/usr/bin/ficus" "$1" --help | grep -v 'Not in this version' |
    sed -nE 's/^ +(-[A-Za-z-]+(, *--[a-z-]+)?).*/\1/p' | tr -d ' ' | tr ',' '\n' | grep -vx -e -h
}
completed_of() (
  . "$folder/usr/share/bash-completion/completions/ficus"
  COMP_WORDS=(ficus "$1" --) COMP_CWORD=2
  _ficus
  printf '%s\n' "${COMPREPLY[@]}"
)
# What the page says of a command: its lines of the synopsis and its item in the list.
said_of() {
  awk -v name="$1" '
    /^\.(Sh|Nm|It|El)( |$)/ { inside = 0 }
    /^\.Sh DESCRIPTION/ { listed = 1 }
    !listed && $1 == ".Cm" && $2 == name { inside = 1 }
    $1 == ".It" && $2 == "Cm" && $3 == name { inside = 1 }
    inside' "$page"
}
for command in $commands; do
  options=$(options_of "$command")
  different=$(diff <(grep ^-- <<<"$options" | sort) <(completed_of "$command" | sort)) ||
    fail "ficus $command: --help (<) and the completion (>) differ: $different"
  said=$(said_of "$command")
  for option in $options; do
    [ "$option" = --help ] || grep -qE -- "Fl ${option#-}( |\$)" <<<"$said" ||
      fail "the manual page does not know $option of ficus $command"
  done
done
if command -v groff >/dev/null; then
  complaints=$(groff -mdoc -ww -z -Tutf8 -K utf8 "$page" 2>&1 || true)
  [ -z "$complaints" ] || fail "$complaints"
fi
echo "installed and used"
