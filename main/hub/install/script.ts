/** `GET /install.sh`: what a person pipes into a shell on a computer that shall belong to this hub. Plain POSIX sh. */

export interface ScriptFacts {
  /** The hub's address as computers reach it, https://... */
  readonly url: string;
  /** curl's way to say which key the hub must have (`sha256//...`); null where public authorities vouch for it. */
  readonly pin: string | null;
  readonly packages: readonly { readonly platform: string; readonly file: string; readonly sha256: string }[];
}

/** Within single quotes of a shell nothing has a meaning but the quote itself. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The line that is shown with a setup token. `-k` leaves the judgement to the pinned key, which is checked in any case. */
export const installCommand = ({ url, pin }: Pick<ScriptFacts, 'url' | 'pin'>, link: string): string =>
  `curl -fsS ${pin === null ? '' : `-k --pinnedpubkey ${quoted(pin)} `}${quoted(`${url}/install.sh`)} | sh -s -- ${quoted(link)}`;

export function installScript({ packages, pin, url }: ScriptFacts): string {
  const cases = packages.map(({ file, platform, sha256 }) => `    ${platform}) file=${quoted(file)}; sum=${quoted(sha256)} ;;`).join('\n');
  return `#!/bin/sh
# Installs Holdfast for the user who runs this, without root, and lets this computer join the hub
#   ${url.replaceAll(/[^\x20-\x7e]/g, '?')}
# Usage: sh install.sh SETUP-LINK [--allow FOLDER ...]
# It can be run again: what is there already is kept, what is older is replaced.
set -eu
umask 077

hub=${quoted(url)}
pin=${quoted(pin ?? '')}

say() { printf '%s\\n' "$*"; }
fail() { printf 'Holdfast was not installed: %s\\n' "$*" >&2; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

fetch() { # URL FILE
  if [ -n "$pin" ]; then curl -fsS -k --pinnedpubkey "$pin" -o "$2" "$1"; else curl -fsS -o "$2" "$1"; fi
}

sum_of() { # FILE
  if has sha256sum; then sha256sum "$1" | cut -d ' ' -f 1; else shasum -a 256 "$1" | cut -d ' ' -f 1; fi
}

look() {
  system=$(uname -s); machine=$(uname -m)
  case "$system" in
    Linux) os=linux ;;
    Darwin) os=darwin ;;
    *) fail "it runs on Linux and macOS, and this is $system." ;;
  esac
  case "$machine" in
    x86_64 | amd64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) fail "it runs on x64 and arm64 processors, and this is $machine." ;;
  esac
  case "\${HOME:-}" in
    /*) ;;
    *) fail "HOME does not name your home folder." ;;
  esac
  for tool in curl tar gzip cut; do has "$tool" || fail "it needs $tool. Install it and try again."; done
  has sha256sum || has shasum || fail "it needs sha256sum or shasum. Install one and try again."
  node=$(command -v node || true)
  [ -n "$node" ] || fail "it needs Node.js 20.19 or newer, which is not in your PATH. Install it and try again, or install the app from its package."
  "$node" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    fail "it needs Node.js 20.19 or newer, and this is $("$node" --version). Update it and try again."
  file=''; sum=''
  case "$os-$arch" in
${cases === '' ? '' : `${cases}\n`}    *) fail "the hub has no package for $os-$arch. Ask its owner to put holdfast-headless-VERSION-$os-$arch.tgz into the hub's packages folder." ;;
  esac
}

put() {
  lib=$HOME/.local/lib/holdfast
  bin=$HOME/.local/bin
  mkdir -p "$lib" "$bin"
  place=$lib/$(printf '%s' "\${file%.tgz}" | sed 's/^holdfast-headless-//')-$(printf '%.8s' "$sum")
  if [ -f "$place/package.json" ]; then
    say "Holdfast is in $place already."
  else
    work=$(mktemp -d "$lib/.new.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    trap 'exit 1' HUP INT TERM
    say "Fetching $file from $hub"
    fetch "$hub/downloads/$file" "$work/package.tgz" || fail "the package could not be fetched from the hub."
    [ "$(sum_of "$work/package.tgz")" = "$sum" ] || fail "the package is damaged: its SHA-256 is not what the hub's script says. Try again."
    tar -xzf "$work/package.tgz" -C "$work" || fail "the package could not be unpacked into $lib."
    [ -f "$work/package/out/main/cli/holdfast.js" ] || fail "the package does not hold the holdfast command."
    rm -rf "$place"
    mv "$work/package" "$place"
    rm -rf "$work"
    trap - EXIT HUP INT TERM
  fi
  holdfast=$place/out/main/cli/holdfast.js
  # A file of its own and not a link, because node need not be in the PATH of whoever calls it.
  {
    printf '#!/bin/sh\\n'
    printf 'exec %s %s "$@"\\n' "$(quote "$node")" "$(quote "$holdfast")"
  } >"$bin/holdfast.new"
  chmod 700 "$bin/holdfast.new"
  mv -f "$bin/holdfast.new" "$bin/holdfast"
}

quote() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\\\\\''/g")"; }

enrol() {
  if [ -f "$lib/joined" ] && [ "$(cat "$lib/joined")" = "$hub" ]; then
    case "$("$node" "$holdfast" status --json </dev/null 2>/dev/null || true)" in
      *'"not-joined"'*) ;;
      *) say "This computer belongs to $hub already."; return ;;
    esac
  fi
  "$node" "$holdfast" join "$@" </dev/null || fail "this computer could not join the hub. The command is there: $bin/holdfast"
  printf '%s\\n' "$hub" >"$lib/joined"
}

main() {
  case "\${1:-}" in
    holdfast://*) ;;
    *) fail "the setup link is missing. Copy the whole command from the hub's Setup tokens page." ;;
  esac
  look
  put
  enrol "$@"
  "$node" "$holdfast" service install </dev/null || fail "the service could not be started. Start the agent by yourself with: $bin/holdfast agent"
  # Older versions are of no use once the service runs the new one.
  for old in "$lib"/*/; do [ "$old" = "$place/" ] || rm -rf "$old"; done
  n=0
  while [ "$n" -lt 30 ]; do
    "$node" "$holdfast" status --json </dev/null 2>/dev/null | grep -q '"state": *"connected"' && break
    n=$((n + 1)); sleep 1
  done
  "$node" "$holdfast" status </dev/null || fail "the agent does not answer. See: $bin/holdfast service logs"
  case ":$PATH:" in
    *":$bin:"*) ;;
    *) say "The command is $bin/holdfast; add $bin to your PATH to call it by its name." ;;
  esac
}

# The last line, so that a script which arrived in part does nothing.
main "$@"
`;
}
