#!/usr/bin/env bash
# Builds the solution and runs every test suite. The last line is "N passed, N failed" and the exit code is true to it.
set -uo pipefail
cd "$(dirname "$0")"

usage() {
  cat <<'EOF'
usage: ./test.sh [--no-install] [--all]

  --no-install  install nothing; tests whose programs are absent are skipped and counted as such
  --all         slow stages too (there are none yet)

What it would install, where absent, with apt-get (and sudo when you are not root):
  dnsmasq-base, bind9-dnsutils   a real DNS server and client, for the tests of the bridge
  gcc, libc6-dev                 a C compiler, for the tests that compare structures with the C library's
  zlib1g-dev                     what the native compiler of .NET links, for the test of the package
  tarantool                      the database, for the tests of Tarantool.Client
EOF
}

install=yes
for argument in "$@"; do
  case "$argument" in
    --no-install) install=no ;;
    --all) ;;
    --help | -h) usage; exit 0 ;;
    *) echo "test.sh: unknown argument '$argument'" >&2; usage >&2; exit 2 ;;
  esac
done

passed=0 failed=0 skipped=0

# A stage that is one check: it passes or fails as a whole, and says why when it fails.
check() {
  local name=$1 log started=$SECONDS
  shift
  log=$(mktemp)
  if "$@" >"$log" 2>&1 </dev/null; then
    passed=$((passed + 1))
    printf '%-28s ok      %4d s\n' "$name" $((SECONDS - started))
  else
    failed=$((failed + 1))
    tail -n 60 "$log"
    printf '%-28s FAILED  %4d s\n' "$name" $((SECONDS - started))
  fi
  rm -f "$log"
}

# A stage of NUnit tests, counted from the result file. No result file, no tests, or a failure that no test shows
# (a crash of the test process) counts as one failure.
suite() {
  local name=$1 filter=$2 started=$SECONDS results status counters p f t n
  results=$(mktemp -d)
  dotnet test FastForward.Tests --no-build -c Release --nologo --filter "$filter" \
    --logger "console;verbosity=minimal" --logger "trx;LogFileName=result.trx" --results-directory "$results" </dev/null
  status=$?
  counters=$(grep -o '<Counters [^>]*>' "$results/result.trx" 2>/dev/null | head -n 1)
  t=$(attribute total "$counters") p=$(attribute passed "$counters") f=$(attribute failed "$counters")
  rm -rf "$results"
  n=$((t - p - f))
  if ((t == 0)); then
    echo "$name: no test ran"
    f=1
  elif ((status != 0 && f == 0)); then
    echo "$name: the test process failed (exit code $status) although no test did"
    f=1
  fi
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + n))
  printf '%-28s %d passed, %d failed, %d skipped  %4d s\n' "$name" "$p" "$f" "$n" $((SECONDS - started))
}

attribute() {
  local value
  value=$(sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" <<<"$2")
  echo "${value:-0}"
}

finish() {
  local line="$passed passed, $failed failed"
  if ((skipped > 0)); then line+=", $skipped skipped"; fi
  echo "total $SECONDS s"
  echo "$line"
  ((failed == 0 && passed > 0))
  exit
}

packages() {
  local -A program=([dnsmasq-base]=dnsmasq [bind9-dnsutils]=dig [gcc]=gcc [tarantool]=tarantool)
  local package missing=()
  for package in dnsmasq-base bind9-dnsutils gcc tarantool; do
    PATH=$PATH:/usr/sbin:/sbin command -v "${program[$package]}" >/dev/null || missing+=("$package")
  done
  [ -e /usr/include/stdio.h ] || missing+=(libc6-dev)
  [ -e /usr/include/zlib.h ] || missing+=(zlib1g-dev)
  ((${#missing[@]} == 0)) && return 0
  if [ "$install" = no ]; then
    echo "not installed (--no-install): ${missing[*]}"
    return 0
  fi
  if ! command -v apt-get >/dev/null; then
    echo "missing: ${missing[*]} (names of Debian packages); there is no apt-get here: install what they hold, or use --no-install" >&2
    return 1
  fi
  local root=()
  if [ "$(id -u)" -ne 0 ]; then root=(sudo); fi
  echo "installing: ${missing[*]} (${root[*]:+${root[*]} }apt-get install)"
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >/dev/null 2>&1 </dev/null && return 0
  # The package lists of a fresh machine are empty or old.
  "${root[@]}" apt-get update >/dev/null </dev/null &&
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" </dev/null
}

if ! command -v dotnet >/dev/null; then
  echo "test.sh: the .NET 10 SDK is missing (no dotnet in PATH)" >&2
  exit 2
fi
if ! packages; then
  echo "test.sh: packages could not be installed; --no-install runs without them" >&2
  failed=1
  finish
fi
# With everything at hand a test that skips itself hides a defect: it fails instead.
if [ "$install" = yes ]; then export FASTFORWARD_TESTS_COMPLETE=1; else unset FASTFORWARD_TESTS_COMPLETE; fi
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

check "build" dotnet build FastForward.sln -c Release --nologo
if ((failed > 0)); then finish; fi
check "format" dotnet format FastForward.sln --verify-no-changes --no-restore
suite "library and units" "TestCategory!=Process&TestCategory!=Readme&TestCategory!=Package&FullyQualifiedName!~Tests.Tarantool"
suite "tarantool client" "FullyQualifiedName~Tests.Tarantool"
suite "processes" "TestCategory=Process"
suite "readme" "TestCategory=Readme"
suite "package" "TestCategory=Package"
finish
