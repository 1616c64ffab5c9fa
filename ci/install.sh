#!/bin/sh
# Installs the tools of pypelines, without root:
#   sh install.sh [--to DIR] [--version V] [TOOL]...      all tools by default, into ~/.local/bin
# Every file is checked against the release's SHA256SUMS before the first tool is put in its place.
#   PYPELINES_BASE_URL   where the release's files are: a mirror, or the release itself
#   PYPELINES_VERSION    the same as --version
set -eu

# A release puts its own version and address here.
default_version=''
default_base=''

usage() { sed -n '2,6s/^# \{0,1\}//p' "$0"; }
fail() { echo "install.sh: $1" >&2; [ -z "${2:-}" ] || echo "  hint: $2" >&2; exit "${3:-1}"; }

to=${HOME:-}/.local/bin
version=${PYPELINES_VERSION:-$default_version}
base=${PYPELINES_BASE_URL:-$default_base}
tools=''
while [ $# -gt 0 ]; do
  case $1 in
    --to) [ $# -gt 1 ] || fail "--to wants a folder" '' 2; to=$2; shift 2 ;;
    --version) [ $# -gt 1 ] || fail "--version wants a version" '' 2; version=$2; shift 2 ;;
    -h | --help) usage; exit 0 ;;
    -*) fail "unknown option $1" "see 'sh install.sh --help'" 2 ;;
    *) tools="$tools $1"; shift ;;
  esac
done
[ -n "$version" ] || fail "no version is given" "use --version, or set PYPELINES_VERSION" 2
[ -n "$base" ] || fail "no address is given" "set PYPELINES_BASE_URL to the folder that holds the release's SHA256SUMS" 2
base=${base%/}
version=${version#v}

case $(uname -s) in Linux) ;; *) fail "there are no binaries for $(uname -s), only for Linux" "cargo install builds them from source" ;; esac
case $(uname -m) in
  x86_64 | amd64) arch=amd64 ;;
  aarch64 | arm64) arch=arm64 ;;
  *) fail "there are no binaries for $(uname -m), only for x86_64 and aarch64" "cargo install builds them from source" ;;
esac

if command -v curl >/dev/null; then
  fetch() { curl --fail --silent --show-error --location --retry 3 --output "$2" "$1"; }
elif command -v wget >/dev/null; then
  fetch() { wget -q -O "$2" "$1"; }
else
  fail "neither curl nor wget is there" "install one of them"
fi
if command -v sha256sum >/dev/null; then
  sum() { sha256sum "$1" | cut -d ' ' -f 1; }
elif command -v shasum >/dev/null; then
  sum() { shasum -a 256 "$1" | cut -d ' ' -f 1; }
else
  fail "neither sha256sum nor shasum is there: what was fetched could not be checked"
fi

mkdir -p "$to" 2>/dev/null || fail "cannot make the folder $to" "choose another one with --to"
[ -w "$to" ] || fail "cannot write into $to" "choose another folder with --to"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fetch "$base/SHA256SUMS" "$work/SHA256SUMS" || fail "cannot fetch $base/SHA256SUMS" "check PYPELINES_BASE_URL and the version"
[ -n "$tools" ] || tools=pypelines

# Fetched, checked and unpacked, all of them, before anything is installed.
for tool in $tools; do
  name=$tool-$version-linux-$arch
  expected=$(awk -v name="$name.tar.gz" '$2 == name { print $1 }' "$work/SHA256SUMS")
  if [ -z "$expected" ]; then
    there=$(sed -n "s/^[0-9a-f]*  \([a-z-]*\)-$version-linux-$arch.tar.gz\$/\1/p" "$work/SHA256SUMS" | tr '\n' ' ')
    fail "the release at $base has no $name.tar.gz" "it has for this platform and version: ${there:-nothing}"
  fi
  fetch "$base/$name.tar.gz" "$work/$name.tar.gz" || fail "cannot fetch $base/$name.tar.gz" "try again; nothing was installed"
  actual=$(sum "$work/$name.tar.gz")
  [ "$actual" = "$expected" ] || fail "$name.tar.gz is not what SHA256SUMS says: $actual instead of $expected" \
    "the download was cut off, or a mirror holds another file; nothing was installed"
  tar -xzf "$work/$name.tar.gz" -C "$work" || fail "cannot unpack $name.tar.gz"
done

for tool in $tools; do
  for file in "$work/$tool-$version-linux-$arch"/*; do
    # The tools are the only files on top that can be run.
    if [ ! -f "$file" ] || [ ! -x "$file" ]; then continue; fi
    installed=$(basename "$file")
    # A tool that is running is replaced, not written over.
    { cp "$file" "$to/.$installed.$$" && mv -f "$to/.$installed.$$" "$to/$installed"; } || {
      rm -f "$to/.$installed.$$"
      fail "cannot write $to/$installed"
    }
    "$to/$installed" --version
  done
done
case :${PATH:-}: in *:"$to":*) ;; *) echo "install.sh: $to is not in PATH; add it: export PATH=\"$to:\$PATH\"" >&2 ;; esac
