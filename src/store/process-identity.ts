/** The process of a store, as other processes see it, and whether a process of this host still runs. */

import { readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { isMainThread } from 'node:worker_threads'

/** Time after which an engine without heartbeats is dead: three missed heartbeats. */
export const DEAD_AFTER_MS = 10_000

export interface ProcessIdentity {
  readonly host: string
  readonly pid: number
  /** Null in a thread, which knows only its own start. */
  readonly startedAt: number | null
}

export function thisProcess(): ProcessIdentity {
  const startedAt = isMainThread ? Math.round(performance.timeOrigin) : null
  return { host: hostIdentity(), pid: process.pid, startedAt }
}

/** Returns whether a process of this host exists, also one of another user. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Returns whether the process of an engine of this host exists. `self`: the process that asks. */
export function isEngineProcessAlive(
  self: ProcessIdentity,
  instance: { readonly pid: number; readonly process_started_at: number | null },
  isAlive: (pid: number) => boolean,
): boolean {
  if (instance.pid !== self.pid) return isAlive(instance.pid)
  // An earlier process had the same number, for example in a container that was restarted.
  const { startedAt } = self
  return startedAt === null || instance.process_started_at === null || instance.process_started_at === startedAt
}

export function formatHost(host: string): string {
  return host.split(' ')[0] ?? host
}

/** Returns the name of the host and the namespace of its process numbers: containers with one name do not share it. */
function hostIdentity(): string {
  try {
    // Only Linux has the link. Other hosts have a single namespace.
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return hostname()
  }
}
