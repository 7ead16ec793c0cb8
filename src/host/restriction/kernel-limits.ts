/**
 * Limits that the kernel sets for a restricted interpreter: it can open only the granted files and those that Node and
 * the C library need, and reach only the TCP ports of its grants. Used by the starter of interpreters.
 */

import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Grants } from '../../border/grants.ts'
import { parseNetPlace } from '../../border/grants.ts'
import type { Confinement } from '../../native/restriction/confinement.ts'
import { readableNames } from './node-flags.ts'

/** Files about memory and processors, and files that every program opens. */
const OF_EVERY_PROCESS = [
  ...['/proc/meminfo', '/proc/cpuinfo', '/proc/stat', '/proc/sys/vm', '/proc/sys/kernel'],
  ...['/sys/fs/cgroup', '/sys/devices/system/cpu', '/sys/kernel/mm'],
  ...['/dev/null', '/dev/zero', '/dev/random', '/dev/urandom'],
]
/** Files for name lookup and trusted certificate authorities. */
const OF_NETWORK = [
  ...['hosts', 'resolv.conf', 'nsswitch.conf', 'host.conf', 'gai.conf', 'services', 'protocols'],
  ...['ssl', 'pki', 'ca-certificates'],
]
  .map((name) => `/etc/${name}`)
  .concat('/usr/lib/ssl', '/usr/share/ca-certificates', '/usr/local/share/ca-certificates')
const DNS_PORT = 53
/** OpenSSL's configuration. Each build of Node reads one of these, and does not start if it may not. */
const OPENSSL_CONFIGS = ['/etc/ssl/openssl.cnf', '/usr/lib/ssl/openssl.cnf', '/etc/pki/tls/openssl.cnf']
const NO_CONFIG = '/dev/null'

/** `files`: other files that are read at the start, as in `restrictedFlags`. */
export function kernelConfinement(grants: Grants, files: readonly string[]): Confinement {
  const { net, write } = grants
  const loaded = mappedFiles()
  // The C library loads the libraries for name lookup when they are first needed.
  const ofNetwork = net.length === 0 ? [] : [...OF_NETWORK, ...new Set(loaded.filter(isLibrary).map(dirname))]
  return {
    readable: [...readableNames(grants, files), ...OF_EVERY_PROCESS, opensslConfig(), ...ofNetwork],
    writable: write.map(({ real }) => real),
    executable: loaded,
    ports: portsOf(net),
  }
}

export function confinedFlags(): readonly string[] {
  return [`--openssl-config=${opensslConfig()}`]
}

function opensslConfig(): string {
  return OPENSSL_CONFIGS.find((path) => existsSync(path)) ?? NO_CONFIG
}

/** Returns Node's program and libraries as mapped into this process, because the interpreter loads the same. */
function mappedFiles(): readonly string[] {
  const lines = readFileSync('/proc/self/maps', 'utf8').split('\n')
  const paths = lines.map((line) => line.slice(line.indexOf('/'))).filter((path) => path.startsWith('/'))
  return [...new Set(paths)]
}

function isLibrary(path: string): boolean {
  return /\/libc\.so|\/ld-|\/libc-/.test(path)
}

/** Returns null if a place has no port. Long answers to name lookups use TCP, too. */
function portsOf(net: Grants['net']): readonly number[] | null {
  const ports = net.map((place) => parseNetPlace(place)?.port ?? null)
  if (ports.includes(null)) return null
  return ports.length === 0 ? [] : [DNS_PORT, ...ports.filter((port) => port !== null)]
}
