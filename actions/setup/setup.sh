#!/usr/bin/env bash
# Installs mlops for the steps that follow: a release, compared with the
# checksums beside this file, or a binary that is there already.
# Reads SETUP_* (see action.yml), writes GITHUB_PATH and GITHUB_OUTPUT.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# stop says what is wrong and how to mend it, as an annotation of the step: on
# standard error, where no command substitution takes it away.
stop() {
  echo "::error title=mlops setup::$1" >&2
  exit 1
}

platform() {
  local os arch
  os=$(uname -s) arch=$(uname -m)
  [ "$os" = Linux ] || stop "mlops is released for Linux, this runner is $os; use a Linux runner, or build it and give its path as binary"
  case $arch in
  x86_64) echo linux-amd64 ;;
  aarch64) echo linux-arm64 ;;
  *) stop "there is no release for $arch; build mlops and give its path as binary" ;;
  esac
}

# checksum prints what the archive's SHA-256 must be.
checksum() {
  local name=$1 known
  known=$(awk -v name="$name" -v version="$version" '$2 == version "/" name { print $1 }' "$here/checksums.txt")
  if [ -n "${SETUP_CHECKSUM:-}" ]; then
    [ -z "$known" ] || [ "$known" = "$SETUP_CHECKSUM" ] || stop "the checksum given is not the one that this action knows of $version"
    known=$SETUP_CHECKSUM
  fi
  [ -n "$known" ] || stop "this version of the action knows no checksum of $version; use the action's tag $version, or give the checksum"
  [[ $known =~ ^[0-9a-f]{64}$ ]] || stop "the checksum is not 64 hex digits"
  echo "$known"
}

# download tries again after what may pass: cut connections, 5xx, 429; not after a 404.
download() {
  local try code
  for try in 1 2 3 4 5; do
    code=$(curl --fail --silent --show-error --location --proto '=https,http' --connect-timeout 20 \
      --output "$2" --write-out '%{http_code}' "$1") && return 0
    case $code in 408 | 429) ;; 4??) break ;; esac
    [ "$try" = 5 ] || sleep $((try * try))
  done
  stop "$1 cannot be fetched; look whether the release exists and the runner may reach it, or set mirror"
}

# attested asks GitHub who built the file, if that is wanted and possible.
attested() {
  case ${SETUP_VERIFY:-auto} in
  off) return ;;
  auto) command -v gh >/dev/null && [ -n "${GH_TOKEN:-}" ] && gh attestation --help >/dev/null 2>&1 || return 0 ;;
  require) command -v gh >/dev/null || stop "verify: require needs gh on the runner" ;;
  *) stop "verify is auto, require or off" ;;
  esac
  gh attestation verify "$1" --repo mlops-runner/mlops ||
    { [ "$SETUP_VERIFY" = auto ] && echo "::warning title=mlops setup::the provenance of mlops $version could not be verified; its checksum was"; } ||
    stop "the provenance of mlops $version could not be verified"
}

install_release() {
  version=${SETUP_VERSION:-$(cat "$here/version")}
  [[ $version =~ ^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] || stop "a version looks like v0.4.0"
  local name want folder got
  name=mlops-$(platform).tar.gz
  want=$(checksum "$name")
  folder=${RUNNER_TOOL_CACHE:-${RUNNER_TEMP:-/tmp}}/mlops/$version/$want
  path=$folder/mlops
  [ ! -x "$path" ] || return 0
  local temp
  temp=$(mktemp -d "${RUNNER_TEMP:-/tmp}/mlops.XXXXXX")
  trap "rm -rf '$temp'" EXIT
  download "$SETUP_MIRROR/$version/$name" "$temp/$name"
  got=$(sha256sum <"$temp/$name")
  [ "${got%% *}" = "$want" ] || stop "$name of $version is not what this action knows: its SHA-256 is ${got%% *}, not $want; nothing was unpacked"
  attested "$temp/$name"
  tar -xzf "$temp/$name" -C "$temp" mlops
  mkdir -p "$folder"
  mv "$temp/mlops" "$path" # both below the runner's folders, so a reader sees all of it or nothing
}

if [ -n "${SETUP_BINARY:-}" ]; then
  path=$(realpath -e "$SETUP_BINARY") || stop "binary: there is no file $SETUP_BINARY"
  [ -x "$path" ] || stop "binary: $path may not be executed"
  [ "${path##*/}" = mlops ] || stop "binary: the file has to be called mlops, so that steps find it"
else
  install_release
fi
said=$("$path" --version) || stop "$path does not run on this machine"
dirname "$path" >>"$GITHUB_PATH"
{
  echo "version=${said#mlops }"
  echo "path=$path"
} >>"$GITHUB_OUTPUT"
echo "$said"
