/**
 * Addresses that a receiver must not have: link-local addresses and metadata services of clouds, which give credentials
 * to each request from the machine. `node:net` compares the address of each connection with the list after it has
 * resolved the name, so a name whose address changes is refused too.
 */

import { BlockList } from 'node:net'

export const BLOCKED_ADDRESSES = new BlockList()

BLOCKED_ADDRESSES.addSubnet('169.254.0.0', 16, 'ipv4')
BLOCKED_ADDRESSES.addSubnet('fe80::', 10, 'ipv6')
/** Link-local IPv4 addresses after NAT64. The list itself recognizes IPv4 addresses that are mapped to IPv6. */
BLOCKED_ADDRESSES.addSubnet('64:ff9b::169.254.0.0', 112, 'ipv6')
/** Metadata services of AWS, Alibaba Cloud and Oracle Cloud that are not link-local. */
BLOCKED_ADDRESSES.addAddress('fd00:ec2::254', 'ipv6')
BLOCKED_ADDRESSES.addAddress('100.100.100.200', 'ipv4')
BLOCKED_ADDRESSES.addAddress('192.0.0.192', 'ipv4')
