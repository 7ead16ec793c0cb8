/** Attempts of `limited.ts` and `stubborn.ts`, which write the ledger of `limits.campaign.ts`. */

import { randomUUID } from 'node:crypto'
import { openSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const TICK_MS = 50
const ledger = openSync(process.env.LIMITS_LEDGER ?? '', 'a')

export interface Input {
  readonly n: number
  readonly seconds: number
  readonly tenant: string
}

type Edge = 'begin' | 'runs' | 'end'

/** Runs for a time, or until the signal. Without a signal, only the end of its thread stops it. */
export async function run(
  { n }: Input,
  name: string,
  keys: readonly string[],
  seconds: number,
  signal?: AbortSignal,
): Promise<void> {
  const attempt = randomUUID()
  const note = (edge: Edge) => {
    const at = Number(process.hrtime.bigint()) / 1e6
    writeSync(ledger, `${JSON.stringify({ attempt, of: `${name}-${n}`, keys, pid: process.pid, edge, at })}\n`)
  }
  note('begin')
  for (let ticks = (seconds * 1_000) / TICK_MS; ticks > 0; ticks--) {
    await sleep(TICK_MS, undefined, signal && { signal })
    note('runs')
  }
  note('end')
}
