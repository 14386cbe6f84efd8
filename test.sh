#!/usr/bin/env bash
# Builds the solution and runs every test suite. The last line is "N passed, N failed"; the exit code is 0 if none failed.
set -uo pipefail
cd "$(dirname "$0")" || exit

usage() {
  cat <<'EOF'
usage: ./test.sh [--no-install] [--all]

  --no-install  install and download nothing; tests whose prerequisites are missing are skipped and counted as skipped
  --all         also run slow stages: messages over vsock between a virtual machine and its host (about 8 minutes),
                faults on real processes for 5 minutes instead of 20 s (FASTFORWARD_CHAOS_SECONDS and
                FASTFORWARD_CHAOS_SEED, see docs/architecture.md, "Chaos"), a peer that misuses shared memory for 60 s
                (FASTFORWARD_HOSTILE_SECONDS), 100 killed peers that share it (FASTFORWARD_KILLS), and soaks of
                10 minutes instead of one and of 10 hours in virtual time (FASTFORWARD_SOAK_SECONDS and
                FASTFORWARD_SOAK_HOURS), and more worlds of the simulation (FASTFORWARD_TINY_WORLDS)

Installs with apt-get (and sudo unless run as root), if missing:
  dnsmasq-base, bind9-dnsutils   a real DNS server and client, for the tests of the bridge
  gcc, libc6-dev, libibverbs-dev, librdmacm-dev
                                 a C compiler, for the tests that compare structure layouts with the C headers
  zlib1g-dev                     linked by native AOT programs, for the test of the package
  tarantool                      the database, for the tests of Tarantool.Client and of the registry in it
  tshark                         Wireshark without windows, for the tests of its dissector of frames
  qemu-system-x86, busybox-static, cpio, kmod, iproute2, ibverbs-providers, ibverbs-utils, rdmacm-utils
                                 a virtual machine, for the tests that need RDMA, vsock or a lossy network; its kernel
                                 (a Debian package of 70 MB) is downloaded and unpacked to ~/.cache, not installed
EOF
}

install=yes all=no
for argument in "$@"; do
  case "$argument" in
    --no-install) install=no ;;
    --all) all=yes ;;
    --help | -h) usage; exit 0 ;;
    *) echo "test.sh: unknown argument '$argument'" >&2; usage >&2; exit 2 ;;
  esac
done

passed=0 failed=0 skipped=0

# A stage that is a single check. Prints its output if it fails.
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

# A stage of NUnit tests.
suite() {
  local name=$1 filter=$2 workers=${3:-} started=$SECONDS results status
  results=$(mktemp -d)
  # Under nohup SIGHUP would be ignored by all processes that the tests start.
  env --default-signal=HUP dotnet test FastForward.Tests --no-build -c Release --nologo --filter "$filter" \
    --logger "console;verbosity=minimal" --logger "trx;LogFileName=result.trx" --results-directory "$results" \
    ${workers:+-- NUnit.NumberOfTestWorkers="$workers"} </dev/null
  status=$?
  tally "$name" "$started" "$status" "$(grep -o '<Counters [^>]*>' "$results/result.trx" 2>/dev/null | head -n 1)"
  rm -rf "$results"
}

# A stage of NUnit tests inside the lab: runs the test assembly built outside.
lab_suite() {
  local name=$1 category=$2 started=$SECONDS results status
  results=$(mktemp -d)
  lab/run --timeout 900 --writable "$results" --env FASTFORWARD_TESTS_COMPLETE --env FASTFORWARD_RDMA_CYCLES \
    dotnet exec FastForward.Tests/bin/Release/net10.0/FastForward.Tests.dll tests "$results/result.xml" "$category" </dev/null
  status=$?
  tally "$name" "$started" "$status" "$(grep -o '<test-suite [^>]*>' "$results/result.xml" 2>/dev/null | head -n 1)"
  rm -rf "$results"
}

# Builds the lab's image if it is missing. Prints the reason if the lab is unavailable.
lab_ready() {
  local missing
  missing=$(lab/packages)
  if [ -n "$missing" ]; then echo "not installed: ${missing//$'\n'/ }"; return 1; fi
  if [ "$install" = no ]; then
    lab/image --no-download >/dev/null && return 0
  else
    lab/image >/dev/null && return 0
    # The package lists may be empty or outdated.
    if update && lab/image >/dev/null; then return 0; fi
  fi
  echo "its kernel is not available"
  return 1
}

# Adds a stage to the totals, given the element with the counters in its result file. Counts one failure if there is no
# result file, if no test ran, or if the test process failed without a failed test (a crash).
tally() {
  local name=$1 started=$2 status=$3 counters=$4 p f t n
  t=$(attribute total "$counters") p=$(attribute passed "$counters") f=$(attribute failed "$counters")
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

root=()
if [ "$(id -u)" -ne 0 ]; then root=(sudo); fi

# Updates the package lists; retried once, because mirrors fail temporarily.
update() {
  "${root[@]}" apt-get update >/dev/null </dev/null && return 0
  sleep 5
  "${root[@]}" apt-get update >/dev/null </dev/null
}

packages() {
  local -A program=([dnsmasq-base]=dnsmasq [bind9-dnsutils]=dig [gcc]=gcc [tarantool]=tarantool [tshark]=tshark)
  local package missing=()
  for package in dnsmasq-base bind9-dnsutils gcc tarantool tshark; do
    PATH=$PATH:/usr/sbin:/sbin command -v "${program[$package]}" >/dev/null || missing+=("$package")
  done
  [ -e /usr/include/stdio.h ] || missing+=(libc6-dev)
  [ -e /usr/include/zlib.h ] || missing+=(zlib1g-dev)
  [ -e /usr/include/infiniband/verbs.h ] || missing+=(libibverbs-dev)
  [ -e /usr/include/rdma/rdma_cma.h ] || missing+=(librdmacm-dev)
  mapfile -t -O "${#missing[@]}" missing < <(lab/packages)
  ((${#missing[@]} == 0)) && return 0
  if [ "$install" = no ]; then
    echo "not installed (--no-install): ${missing[*]}"
    return 0
  fi
  if ! command -v apt-get >/dev/null; then
    echo "missing: ${missing[*]} (Debian packages), and apt-get is not available: install the equivalent packages, or use --no-install" >&2
    return 1
  fi
  local apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends)
  echo "installing: ${missing[*]} (${root[*]:+${root[*]} }apt-get install)"
  "${apt[@]}" "${missing[@]}" >/dev/null 2>&1 </dev/null && return 0
  # The package lists of a new machine are empty or outdated.
  update && "${apt[@]}" "${missing[@]}" </dev/null
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
# With everything installed, a skipped test would hide a defect: missing prerequisites are failures.
if [ "$install" = yes ]; then export FASTFORWARD_TESTS_COMPLETE=1; else unset FASTFORWARD_TESTS_COMPLETE; fi
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

check "build" dotnet build FastForward.sln -c Release --nologo
if ((failed > 0)); then finish; fi
check "layout" bash -c "dotnet tool restore && dotnet csharpier check ."
if [ "$all" = yes ]; then export FASTFORWARD_TINY_WORLDS="${FASTFORWARD_TINY_WORLDS:-35000}"; fi
check "format" dotnet format FastForward.sln --verify-no-changes --no-restore
suite "library and units" "TestCategory!=Process&TestCategory!=Chaos&TestCategory!=Readme&TestCategory!=Package&TestCategory!=Lab&FullyQualifiedName!~Tests.Tarantool&FullyQualifiedName!~Tests.Registry.Tarantool"
suite "tarantool" "FullyQualifiedName~Tests.Tarantool|FullyQualifiedName~Tests.Registry.Tarantool"
if [ "$all" = yes ]; then
  export FASTFORWARD_SOAK_SECONDS="${FASTFORWARD_SOAK_SECONDS:-600}" FASTFORWARD_SOAK_HOURS="${FASTFORWARD_SOAK_HOURS:-10}"
fi
# Most of these wait for processes: more fixtures at once than there are processors.
suite "processes" "TestCategory=Process&TestCategory!=Lab" 4
if [ "$all" = yes ]; then
  export FASTFORWARD_CHAOS_SECONDS="${FASTFORWARD_CHAOS_SECONDS:-300}"
  export FASTFORWARD_HOSTILE_SECONDS="${FASTFORWARD_HOSTILE_SECONDS:-60}"
  export FASTFORWARD_KILLS="${FASTFORWARD_KILLS:-100}"
  export FASTFORWARD_RDMA_CYCLES="${FASTFORWARD_RDMA_CYCLES:-10000}"
fi
suite "chaos" "TestCategory=Chaos"
suite "readme" "TestCategory=Readme"
suite "package" "TestCategory=Package"
# If the lab is skipped, its tests are not listed; they count as one skipped test.
if [ "$(uname -m)" != x86_64 ]; then
  # Not a failure: nothing that could be installed is missing.
  skipped=$((skipped + 1))
  printf '%-28s skipped: it runs on x86_64 only, this is %s\n' lab "$(uname -m)"
elif reason=$(lab_ready); then
  check "lab: the machine" lab/selftest
  lab_suite "lab" Lab
  if [ "$all" = yes ]; then check "lab: hypervisor boundary" lab/boundary; fi
elif [ "$install" = yes ]; then
  failed=$((failed + 1))
  printf '%-28s FAILED: %s\n' lab "$reason"
else
  skipped=$((skipped + 1))
  printf '%-28s skipped (--no-install): %s\n' lab "$reason"
fi
finish
