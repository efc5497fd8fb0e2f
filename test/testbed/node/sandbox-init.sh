#!/usr/bin/env bash
# The first process of a sandbox. Runs in its new network, process and mount namespaces, and takes all of them
# with it. usage: sandbox-init.sh ADDRESS READY_FILE
set -euo pipefail
address=$1 ready=$2

# kubelet shares mounts with its pods; here that ends at this mount namespace.
mount --make-rprivate /
mount --make-rshared /
# What containerd, runc, CNI and kubelet keep in fixed places is not to reach the machine's own folders.
for folder in /run /var/lib /var/log; do mount -t tmpfs tmpfs "$folder"; done
mkdir -p /run/netns /run/lock

ip link set lo up
# A pair whose both ends are here: an interface with an address, and no way out.
ip link add eth0 type veth peer name eth0-peer
ip addr add "$address/24" dev eth0
ip link set eth0-peer up
ip link set eth0 up
ip route add default dev eth0
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet || true

echo ready > "$ready"
# Orphans, of which containerd makes many, are collected by bash while it waits.
while true; do sleep 3600 & wait $! || true; done
