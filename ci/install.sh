#!/bin/sh
# Installs the tools of pypelines. `sh install.sh --help` says how. POSIX sh, and nothing that busybox has not.
set -eu

# A release puts its own version and address here.
default_version=''
default_base=''

usage() {
  cat <<'END'
Installs the tools of pypelines, static binaries for Linux on x86_64 and aarch64, without root:
  sh install.sh [--to DIR] [--version V] [TOOL]...      all tools by default, into ~/.local/bin
Every file is checked against the release's SHA256SUMS before the first tool is put in its place.
All tools are one program, pypelines, with a link for each; a tool that is named is a program of its own.
  PYPELINES_BASE_URL   the release or a mirror of it: the address, or the folder, of its SHA256SUMS; {version} in it stands
                       for the version
  PYPELINES_VERSION    the same as --version; by default the one that is there
END
}

fail() {
  echo "install.sh: $1" >&2
  [ -z "${2:-}" ] || echo "  hint: $2" >&2
  exit "${3:-1}"
}

# fetch URL FILE
fetch() {
  case $1 in
    file://*) cp "${1#file://}" "$2" ;;
    *://*) download "$1" "$2" ;;
    *) cp "$1" "$2" ;;
  esac
}

choose_programs() {
  case $base in
    file://*) ;;
    *://*)
      if command -v curl >/dev/null; then
        # What stands still for a minute is given up.
        download() {
          curl --fail --silent --show-error --location --retry 3 --connect-timeout 30 --speed-limit 1 --speed-time 60 --output "$2" "$1"
        }
      # That of busybox, linked statically with glibc, does not bear -T.
      elif command -v wget >/dev/null; then
        download() { wget -q -O "$2" "$1"; }
      else
        fail "neither curl nor wget is there" "install one of them, or name the folder of a release in PYPELINES_BASE_URL"
      fi
      ;;
  esac
  if command -v sha256sum >/dev/null; then
    sum() { sha256sum "$1" | cut -d ' ' -f 1; }
  elif command -v shasum >/dev/null; then
    sum() { shasum -a 256 "$1" | cut -d ' ' -f 1; }
  else
    fail "neither sha256sum nor shasum is there: what is fetched could not be checked" "install coreutils"
  fi
}

# The platform, as archives name it.
choose_platform() {
  case $(uname -s) in Linux) ;; *) fail "there are no binaries for $(uname -s), only for Linux" "cargo install builds them from source" ;; esac
  case $(uname -m) in
    x86_64 | amd64) arch=amd64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) fail "there are no binaries for $(uname -m), only for x86_64 and aarch64" "cargo install builds them from source" ;;
  esac
}

# What is there for this platform, a word each.
versions_there() {
  sed -n "s/^[0-9a-f]*  [a-z-]*-\([0-9].*\)-linux-$arch\.tar\.gz\$/\1/p" "$work/SHA256SUMS" | sort -u | xargs
}

tools_there() {
  sed -n "s/^[0-9a-f]*  \([a-z-]*\)-$version-linux-$arch\.tar\.gz\$/\1/p" "$work/SHA256SUMS" | xargs
}

# The version of what is there, when none was asked for.
choose_version() {
  there=$(versions_there)
  [ -n "$there" ] || fail "the SHA256SUMS of $base names nothing for linux-$arch" "check PYPELINES_BASE_URL"
  case $there in *' '*) [ -n "$version" ] || fail "several versions are at $base" "name one with --version: $there" 2 ;; esac
  version=${version:-$there}
  [ -n "$(tools_there)" ] || fail "the release at $base has no version $version for linux-$arch" "it has $there"
}

# Fetches an archive, checks it, and unpacks it in the working folder.
get() {
  name=$1-$version-linux-$arch
  expected=$(awk -v name="$name.tar.gz" '$2 == name { print $1 }' "$work/SHA256SUMS")
  if [ -z "$expected" ]; then
    fail "the release at $base has no $name.tar.gz" "it has for this platform and version: $(tools_there)"
  fi
  fetch "$base/$name.tar.gz" "$work/$name.tar.gz" || fail "cannot fetch $base/$name.tar.gz" "try again; nothing was installed"
  actual=$(sum "$work/$name.tar.gz")
  [ "$actual" = "$expected" ] || fail "$name.tar.gz is not what SHA256SUMS says: $actual instead of $expected" \
    "the download was cut off, or a mirror holds another file; nothing was installed"
  tar -xzf "$work/$name.tar.gz" -C "$work" || fail "cannot unpack $name.tar.gz" "nothing was installed"
  # The tools are the only things on top that can be run.
  for file in "$work/$name"/*; do
    if [ ! -f "$file" ] || [ ! -x "$file" ]; then continue; fi
    [ ! -d "$to/${file##*/}" ] || fail "$to/${file##*/} is a folder" "choose another folder with --to; nothing was installed"
    cp -P "$file" "$staged/" || fail "cannot write into $to" "is the disk full? nothing was installed"
  done
}

install() {
  mv -f "$1" "$to/${1##*/}" || fail "cannot write $to/${1##*/}"
  installed="$installed ${1##*/}"
}

main() {
  to=
  installed=
  version=${PYPELINES_VERSION:-$default_version}
  base=${PYPELINES_BASE_URL:-$default_base}
  tools=
  while [ $# -gt 0 ]; do
    case $1 in
      --to) [ $# -gt 1 ] || fail "--to wants a folder" '' 2; to=$2; shift 2 ;;
      --version) [ $# -gt 1 ] || fail "--version wants a version" '' 2; version=$2; shift 2 ;;
      -h | --help) usage; exit 0 ;;
      -*) fail "unknown option $1" "--help lists them" 2 ;;
      *[!a-z-]*) fail "$1 is no name of a tool" "--help says how this is called" 2 ;;
      *) tools="$tools $1"; shift ;;
    esac
  done
  [ -n "$base" ] || fail "no address is given" "set PYPELINES_BASE_URL to what holds the release's SHA256SUMS" 2
  [ -n "$to" ] || [ -n "${HOME:-}" ] || fail "HOME is not set, and no folder is named" "use --to" 2
  to=${to:-$HOME/.local/bin}
  version=${version#v}
  case $base in
    *'{version}'*)
      [ -n "$version" ] || fail "no version is given, and the address is made of it: $base" "use --version" 2
      base=${base%%'{version}'*}$version${base#*'{version}'} ;;
  esac
  base=${base%/}
  choose_platform
  choose_programs

  mkdir -p "$to" 2>/dev/null || fail "cannot make the folder $to" "choose another one with --to"
  [ -w "$to" ] || fail "cannot write into $to" "choose another folder with --to"
  to=$(cd "$to" && pwd)
  work=$(mktemp -d 2>/dev/null) || fail "cannot make a folder for the downloads" "set TMPDIR to a folder that can be written to"
  # In the folder itself, where a rename is enough to put a tool in its place.
  staged=$to/.pypelines.$$
  trap 'rm -rf "$work" "$staged"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  mkdir "$staged" || fail "cannot write into $to" "choose another folder with --to"

  fetch "$base/SHA256SUMS" "$work/SHA256SUMS" || fail "cannot fetch $base/SHA256SUMS" "check PYPELINES_BASE_URL and the version"
  choose_version
  # Fetched, checked and unpacked, all of them, before anything is installed.
  for tool in ${tools:-pypelines}; do get "$tool"; done

  # Renamed, so that a tool that is running is not written over; links last, when what they lead to is there.
  for file in "$staged"/*; do
    [ -h "$file" ] || install "$file"
  done
  for file in "$staged"/*; do
    [ ! -h "$file" ] || install "$file"
  done
  for tool in $installed; do
    "$to/$tool" --version || fail "$to/$tool was installed and does not run" "may files in $to be run?"
  done
  case :${PATH:-}: in *:"$to":*) ;; *) echo "install.sh: $to is not in PATH; add it: export PATH=\"$to:\$PATH\"" >&2 ;; esac
}

# The last line: what was cut off on its way to `sh` does nothing.
main "$@"
