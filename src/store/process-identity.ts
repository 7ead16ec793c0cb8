/** The process that a store runs in, as other processes see it, and whether one of this host still runs. */

import { readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { isMainThread } from 'node:worker_threads'

/** Three heartbeats missed. */
export const DEAD_AFTER_MS = 10_000

/** The process that a store runs in, as other processes see it. */
export interface ProcessIdentity {
  readonly host: string
  readonly pid: number
  /** Null where it is not known: a thread knows only its own start. */
  readonly startedAt: number | null
}

export function thisProcess(): ProcessIdentity {
  return {
    host: hostIdentity(),
    pid: process.pid,
    startedAt: isMainThread ? Math.round(performance.timeOrigin) : null,
  }
}

/** True when a process of this host exists, whoever owns it. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Whether the process of an instance of this host is there. `self` is who asks. */
export function hasProcess(
  self: ProcessIdentity,
  instance: { readonly pid: number; readonly process_started_at: number | null },
  isAlive: (pid: number) => boolean,
): boolean {
  if (instance.pid !== self.pid) return isAlive(instance.pid)
  // An earlier process had our number, as in a container that was started again.
  const { startedAt } = self
  return startedAt === null || instance.process_started_at === null || instance.process_started_at === startedAt
}

/** As people name it. */
export function shownHost(host: string): string {
  return host.split(' ')[0] ?? host
}

/** Containers may share a host's name but not its process numbers: the name of their number space is part of it. */
function hostIdentity(): string {
  try {
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    // Not Linux: one number space a host.
    return hostname()
  }
}
