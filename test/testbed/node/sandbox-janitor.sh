#!/usr/bin/env bash
# Waits until a sandbox is gone, however it ended, and removes what no namespace takes with it: its cgroups
# and the data of its containers.
# usage: sandbox-janitor.sh PID CGROUP DATA
pid=$1 cgroup=$2 data=$3

while [ -e "/proc/$pid" ]; do sleep 0.1; done
rm -rf "$data"
# Deepest first; processes that were just killed may hold theirs for a moment.
for _ in $(seq 100); do
  left=$(find /sys/fs/cgroup -depth -type d -path "/sys/fs/cgroup/*$cgroup*" 2>/dev/null)
  [ -z "$left" ] && exit 0
  while IFS= read -r folder; do rmdir "$folder" 2>/dev/null; done <<< "$left"
  sleep 0.1
done
exit 1
