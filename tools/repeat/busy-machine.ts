/** Makes a machine busy: occupies its processors, and suspends processes as if their processor were taken away. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SeededRandom } from '../../test/simulation/random.ts'

/** Computes for ever, but ends soon after the process that has started it. */
const BUSY = `
const parent = process.ppid
function work() {
  for (const until = Date.now() + 100; Date.now() < until; );
  if (process.ppid === parent) setImmediate(work)
}
work()
`

export function startBusyProcesses(count: number): readonly ChildProcess[] {
  return Array.from({ length: count }, () => spawn(process.execPath, ['-e', BUSY], { stdio: 'ignore' }))
}

const PAUSE_MS = [1_000, 5_000] as const
const SUSPENSION_MS = [100, 1_500] as const

/** Suspends a random descendant of a process again and again, until the signal is aborted. Resumes each of them. */
export async function suspendDescendants(pid: number, random: SeededRandom, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await waitMs(random.int(...PAUSE_MS), signal)
    const descendants = descendantsOf(pid)
    if (descendants.length === 0 || signal.aborted) continue
    const one = random.pick(descendants)
    if (!send(one, 'SIGSTOP')) continue
    await waitMs(random.int(...SUSPENSION_MS), signal)
    send(one, 'SIGCONT')
  }
}

/** Returns the ids of the processes below a process, without the process itself. */
export function descendantsOf(pid: number): readonly number[] {
  const { stdout } = spawnSync('ps', ['-e', '-o', 'pid=,ppid='], { encoding: 'utf8' })
  const rows = (stdout ?? '').split('\n').map((line) => line.trim().split(/\s+/).map(Number))
  const found = new Set([pid])
  // A process may be listed before its parent.
  for (let size = 0; size !== found.size; ) {
    size = found.size
    for (const [child, parent] of rows) if (child !== undefined && found.has(parent ?? 0)) found.add(child)
  }
  found.delete(pid)
  return [...found]
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    // The process has ended.
    return false
  }
}

async function waitMs(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined)
}
