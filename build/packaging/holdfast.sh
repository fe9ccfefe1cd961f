#!/bin/sh
# The holdfast command of an installed package. Without a command it is the app; with one it needs no display and no pages,
# and so no sandbox for them: it works for root and over ssh.
here=$(dirname "$(readlink -f "$0")")
program=$here/../../holdfast
[ -x "$program" ] || program=$here/../../MacOS/Holdfast
say() { echo "holdfast: $1" >&2; exit 1; }
# Whether Chromium can have user namespaces. Ubuntu 24.04 keeps them to programs with a profile, which deb and rpm bring.
namespaces() {
  if grep -qs 1 /proc/sys/kernel/apparmor_restrict_unprivileged_userns; then [ -e /etc/apparmor.d/holdfast ]; return; fi
  ! command -v unshare >/dev/null || unshare --user true 2>/dev/null
}

case ${1-} in
  '' | --background | --no-sandbox | holdfast:*) ;;
  *) exec "$program" --no-sandbox --log-level=3 -- "$@" ;;
esac

# Chromium would end with a trace where its sandbox cannot be had; these sentences say what to do.
case " $* " in *' --no-sandbox '*) exec "$program" "$@" ;; esac
if [ -z "${ELECTRON_DISABLE_SANDBOX-}" ] && [ "$(uname)" = Linux ]; then
  [ "$(id -u)" != 0 ] || say 'The app does not run as root. Start it as the user whose files it backs up; to back up as root, run: holdfast agent'
  helper=$(dirname "$(dirname "$here")")/chrome-sandbox
  if [ ! -u "$helper" ] && ! namespaces; then
    say "This computer does not let the app make the sandbox for its window. Allow it once, as root: chown root:root '$helper' && chmod 4755 '$helper'"
  fi
fi
exec "$program" "$@"
