#!/bin/sh
# The holdfast command of an installed package. Without a command it is the app; with one it needs no display and no pages,
# and so no sandbox for them: it works for root and over ssh.
here=$(dirname "$(readlink -f "$0")")
program=$here/../../holdfast
[ -x "$program" ] || program=$here/../../MacOS/Holdfast
case ${1-} in
  '' | --background | --no-sandbox | holdfast:*) exec "$program" "$@" ;;
  *) exec "$program" --no-sandbox --log-level=3 -- "$@" ;;
esac
