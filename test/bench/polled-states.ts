/** Benchmark of polls that leave the state of their trigger unchanged, against polls of triggers without state. */

import { fileURLToPath } from 'node:url'
import type { PythonChoice } from '../../src/host/environment/python-choice.ts'
import { OpenHost } from '../support/open-host.ts'
import type { Figure } from './figure.ts'

const SCRIPT = fileURLToPath(new URL('./programs/trigger_states.py', import.meta.url))
const NO_DEADLINE_MS = 600_000
const TURNS = 60
const SMALL_POLLS = 400
const LARGE_POLLS = 10
const SMALL = '{"last":12345,"seen":["2026-01-02","2026-01-03"],"cursor":"eyJpZCI6MTIzNDUsInRpbWUiOjE3MDAwMDB9"}'
const LARGE = JSON.stringify(
  Object.fromEntries(Array.from({ length: 2_150 }, (_, n) => [`file-${1e6 + n}.csv`, [n, true]])),
)
const MAX_STATE_BYTES = 65_536

export async function stateFigures(): Promise<Figure[]> {
  return [
    ...(await figuresOf('Pyodide', { kind: 'pyodide' }, { smallUs: 15, largeMs: 1 })),
    ...(await figuresOf('CPython', { kind: 'cpython', executable: 'python3' }, { smallUs: 5, largeMs: 1 })),
  ]
}

async function figuresOf(
  name: string,
  python: PythonChoice,
  budgets: { readonly smallUs: number; readonly largeMs: number },
): Promise<Figure[]> {
  await using open = await OpenHost.open([SCRIPT], 1, { python })
  const least = { plain: Number.POSITIVE_INFINITY, small: Number.POSITIVE_INFINITY, large: Number.POSITIVE_INFINITY }
  // They take turns, so that other load on the machine affects all.
  for (let turn = 0; turn < TURNS; turn++) {
    least.plain = Math.min(least.plain, await pollUs(open, 'plain', SMALL_POLLS))
    least.small = Math.min(least.small, await pollUs(open, 'small', SMALL_POLLS, SMALL))
    least.large = Math.min(least.large, await pollUs(open, 'large', LARGE_POLLS, LARGE))
  }
  const bytes = Math.round(LARGE.length / 1024)
  return [
    { name: `${name}: poll of a trigger without state`, value: least.plain, unit: 'µs' },
    {
      name: `${name}: unchanged state of 100 bytes`,
      value: least.small - least.plain,
      unit: 'µs',
      budget: budgets.smallUs,
    },
    {
      name: `${name}: unchanged state of ${bytes} KiB`,
      value: (least.large - least.plain) / 1_000,
      unit: 'ms',
      budget: budgets.largeMs,
    },
  ]
}

/** Returns the duration of one of several polls that are requested together. */
async function pollUs({ host }: OpenHost, trigger: string, polls: number, stateText?: string): Promise<number> {
  const state = stateText === undefined ? {} : { stateText, maxStateBytes: MAX_STATE_BYTES }
  const begunAt = performance.now()
  await Promise.all(
    Array.from({ length: polls }, () => {
      return host.calls.poll({ script: SCRIPT, trigger, deadlineMs: NO_DEADLINE_MS, ...state })
    }),
  )
  return ((performance.now() - begunAt) * 1_000) / polls
}
