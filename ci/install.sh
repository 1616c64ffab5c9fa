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
  PYPELINES_HEADER     where not everybody may read it: a header that says who asks, such as 'PRIVATE-TOKEN: ...' or
                       'Authorization: Bearer ...'; it goes to that server only, and needs curl
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

# An address as people may see it.
without_login() {
  printf '%s\n' "$1" | sed 's|//[^/@]*@|//***@|'
}

# The server of an address.
server() {
  printf '%s\n' "$1" | sed 's|^\([a-z]*://\)\([^/@]*@\)\{0,1\}\([^/]*\).*|\1\3|'
}

# A value, as a configuration of curl has it.
quoted() {
  printf '%s' "$1" | sed 's/[\\"]/\\&/g'
}

# One request with curl; prints where it leads to, if it leads elsewhere. What stands still for a minute is given up. -q: a
# .curlrc that follows by itself would take the header along.
ask_curl() {
  {
    printf 'url = "%s"\n' "$(quoted "$1")"
    if [ -n "${PYPELINES_HEADER:-}" ] && [ "$(server "$1")" = "$(server "$3")" ]; then
      printf 'header = "%s"\n' "$(quoted "$PYPELINES_HEADER")"
    fi
  } | curl -q --config - --globoff --fail --silent --show-error --retry 3 --connect-timeout 30 --speed-limit 1 --speed-time 60 \
    --output "$2" --write-out '%{redirect_url}'
}

# The same with GNU's wget, which by itself waits for a quarter of an hour, twenty times.
ask_wget() {
  wget -nv -S -T 60 -t 3 --max-redirect=0 -O "$2" "$1" 2>"$work/said" && return 0
  place=$(sed -n 's/^ *[Ll]ocation: *//p' "$work/said" | sed -n '$p' | tr -d '\r')
  case $place in
    '') grep -v '^ ' "$work/said" | sed 's|//[^/@]*@|//***@|' >&2; return 1 ;;
    [a-z]*://*) ;;
    //*) place=${1%%:*}:$place ;;
    /*) place=$(server "$1")$place ;;
    *) place=${1%/*}/$place ;;
  esac
  printf '%s' "$place"
}

# follow ask_… URL FILE: goes where the server sends us; who asks is told to that server alone, and is in no argument.
follow() {
  address=$2
  login=$(printf '%s\n' "$2" | sed -n 's|^[a-z]*://\([^/@]*@\).*|\1|p')
  for hop in 1 2 3 4 5 6 7 8 9; do
    next=$("$1" "$address" "$3" "$2") || return 1
    [ -n "$next" ] || return 0
    case $address,$next in
      http://*,http://* | http://*,https://* | https://*,https://*) ;;
      *) echo "install.sh: $(server "$2") leads to $(server "$next"), without TLS: that is not followed" >&2; return 1 ;;
    esac
    [ "$(server "$next")" != "$(server "$2")" ] || next=${next%%://*}://$login${next#*://}
    address=$next
  done
  echo "install.sh: $(server "$2") leads from one address to the next, $hop times" >&2
  return 1
}

choose_programs() {
  case $base in
    file://*) ;;
    *://*)
      if command -v curl >/dev/null; then
        download() { follow ask_curl "$1" "$2"; }
      elif ! command -v wget >/dev/null; then
        fail "neither curl nor wget is there" "install one of them, or name the folder of a release in PYPELINES_BASE_URL"
      elif [ -n "${PYPELINES_HEADER:-}" ]; then
        fail "PYPELINES_HEADER needs curl, and only wget is there" "install curl: wget would send the header to other servers, too"
      elif wget --version 2>/dev/null | grep -q GNU; then
        download() { follow ask_wget "$1" "$2"; }
      else
        # That of busybox cannot be told where not to go; linked statically with glibc, it does not bear -T.
        download() { wget -q -O "$2" "$1"; }
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
  case $(uname -s) in Linux) ;; *) fail "there are no binaries for $(uname -s), only for Linux" "from source, in a clone: cargo install --locked --path crates/TOOL" ;; esac
  case $(uname -m) in
    x86_64 | amd64) arch=amd64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) fail "there are no binaries for $(uname -m), only for x86_64 and aarch64" "from source, in a clone: cargo install --locked --path crates/TOOL" ;;
  esac
}

# What the release says its files are; as another system wrote it, too.
get_sums() {
  fetch "$base/SHA256SUMS" "$work/fetched" || fail "cannot fetch $shown/SHA256SUMS" "check PYPELINES_BASE_URL and the version"
  tr -d '\r' <"$work/fetched" | sed 's/^\([0-9a-f]*\) \*/\1  /' >"$work/SHA256SUMS"
  grep -q '^[0-9a-f]\{64\}  ' "$work/SHA256SUMS" || fail "what is at $shown/SHA256SUMS is no list of checksums" \
    "a page to sign in? PYPELINES_HEADER says who asks; --help shows it"
}

# Lines as words. Not every system has xargs.
in_a_line() {
  tr '\n' ' ' | sed 's/ $//'
}

# What is there for this platform, a word each.
versions_there() {
  sed -n "s/^[0-9a-f]*  [a-z-]*-\([0-9].*\)-linux-$arch\.tar\.gz\$/\1/p" "$work/SHA256SUMS" | sort -u | in_a_line
}

tools_there() {
  sed -n "s/^[0-9a-f]*  \([a-z-]*\)-$version-linux-$arch\.tar\.gz\$/\1/p" "$work/SHA256SUMS" | in_a_line
}

# The version of what is there, when none was asked for.
choose_version() {
  there=$(versions_there)
  [ -n "$there" ] || fail "the SHA256SUMS of $shown names nothing for linux-$arch" "check PYPELINES_BASE_URL"
  case $there in *' '*) [ -n "$version" ] || fail "several versions are at $shown" "name one with --version: $there" 2 ;; esac
  version=${version:-$there}
  [ -n "$(tools_there)" ] || fail "the release at $shown has no version $version for linux-$arch" "it has $there"
}

# Fetches an archive, checks it, and unpacks it in the working folder.
get() {
  name=$1-$version-linux-$arch
  expected=$(awk -v name="$name.tar.gz" '$2 == name { print $1 }' "$work/SHA256SUMS")
  if [ -z "$expected" ]; then
    fail "the release at $shown has no $name.tar.gz" "it has for this platform and version: $(tools_there)"
  fi
  fetch "$base/$name.tar.gz" "$work/$name.tar.gz" || fail "cannot fetch $shown/$name.tar.gz" "try again; nothing was installed"
  actual=$(sum "$work/$name.tar.gz")
  [ "$actual" = "$expected" ] || fail "$name.tar.gz is not what SHA256SUMS says: $actual instead of $expected" \
    "the download was cut off, or a mirror holds another file; nothing was installed"
  tar -xzf "$work/$name.tar.gz" -C "$work" || fail "cannot unpack $name.tar.gz" "nothing was installed"
  # The tools are the only files on top with names in small letters. Whether they can be run says nothing: no file can,
  # where many a server has its temporary folder.
  for file in "$work/$name"/*; do
    case ${file##*/} in *[!a-z-]*) continue ;; esac
    [ -f "$file" ] || continue
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
      '' | *[!a-z-]*) fail "'$1' is no name of a tool" "--help says how this is called" 2 ;;
      *) tools="$tools $1"; shift ;;
    esac
  done
  [ -n "$base" ] || fail "no address is given" "set PYPELINES_BASE_URL to what holds the release's SHA256SUMS" 2
  [ -n "$to" ] || [ -n "${HOME:-}" ] || fail "HOME is not set, and no folder is named" "use --to" 2
  to=${to:-$HOME/.local/bin}
  version=${version#v}
  case $version in *[!0-9A-Za-z.+-]*) fail "$version is no version" "such as 0.1.0" 2 ;; esac
  case $base in
    *'{version}'*)
      [ -n "$version" ] || fail "no version is given, and the address is made of it: $(without_login "$base")" "use --version" 2
      base=$(printf '%s\n' "$base" | sed "s/{version}/$version/g") ;;
  esac
  base=${base%/}
  shown=$(without_login "$base")
  choose_platform
  choose_programs

  mkdir -p -- "$to" 2>/dev/null || fail "cannot make the folder $to" "choose another one with --to"
  [ -w "$to" ] || fail "cannot write into $to" "choose another folder with --to"
  to=$(CDPATH='' cd -- "$to" && pwd)
  work=$(mktemp -d 2>/dev/null) || fail "cannot make a folder for the downloads" "set TMPDIR to a folder that can be written to"
  # In the folder itself, where a rename is enough to put a tool in its place.
  staged=$to/.pypelines.$$
  trap 'rm -rf "$work" "$staged"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  mkdir "$staged" || fail "cannot write into $to" "choose another folder with --to"

  get_sums
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

# The last line, and whole: what was cut off on its way to `sh` does nothing.
{ main "$@"; }
