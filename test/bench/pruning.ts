/**
 * Benchmark of the delay that the removal of old records causes for polls of the same process. A timer represents a due
 * poll, and its lateness is the figure. Each kind of history is removed from a separate database, with the code of the
 * engine.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EngineEvents } from '../../src/engine/engine-events.ts'
import type { Store } from '../../src/engine/store.ts'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { Pruning } from '../../src/engine/upkeep/pruning.ts'
import { DEFAULT_POLICY } from '../../src/model/policy.ts'
import type { Retention } from '../../src/model/retention-limits.ts'
import { Connection } from '../../src/store/sqlite/file/sqlite-connection.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import type { Figure } from './figure.ts'

const ROWS = Number(process.env.BENCH_PRUNED_ROWS ?? 1_000_000)
const TRIGGERS = 100
const EVERY_MS = 5
/** Duration of the comparison without removals, because other programs delay polls too. */
const BASELINE_MS = 1_500
/** Duration of the measurement. A complete removal takes minutes, but its steps are alike. */
const MEASURED_MS = Number(process.env.BENCH_PRUNED_MS ?? 6_000)
const BUDGET_MS = 20
const KEEP: Partial<Retention> = { skippedMs: null, failedMs: null, endedMs: null, firingsMs: null }

/** SQL for a table `rows` whose column `n` counts from 1 to the number of rows. */
const ROW = `WITH RECURSIVE rows(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM rows WHERE n < ${ROWS})`
const TICKS = (outcome: string, firing: string) => `
${ROW} INSERT INTO ticks (id, trigger_seq, outcome, first_at, last_at, count, firing_id, error)
SELECT hex(randomblob(18)), 1 + n % ${TRIGGERS}, '${outcome}', n, n, 1, ${firing}, NULL FROM rows;`

const HISTORIES: readonly { readonly name: string; readonly retention: Partial<Retention>; readonly sql: string }[] = [
  { name: 'skips', retention: { ...KEEP, skippedMs: 0 }, sql: TICKS('skipped', 'NULL') },
  { name: 'failures', retention: { ...KEEP, failedMs: 0 }, sql: TICKS('failed', 'NULL') },
  {
    name: 'firings without a run, and their ticks',
    retention: { ...KEEP, endedMs: 0 },
    sql: `
${ROW} INSERT INTO firings (id, seq, trigger_seq, context_hash, execution_id, fired_at, completed_at)
SELECT 'firing ' || n, n, 1 + n % ${TRIGGERS}, 'hash', NULL, n, n FROM rows;${TICKS('fired', "'firing ' || n")}`,
  },
  {
    name: 'nothing, of firings that are kept',
    retention: { ...KEEP, endedMs: 0 },
    sql: `
${ROW} INSERT INTO active_firings (id, seq, trigger_seq, context_hash, execution_id, fired_at)
SELECT 'firing ' || n, n, 1 + n % ${TRIGGERS}, 'hash', 'running', n FROM rows;${TICKS('fired', "'firing ' || n")}`,
  },
  {
    name: 'executions, with their firings and ticks',
    retention: { ...KEEP, endedMs: 0 },
    sql: `
${ROW} INSERT INTO executions (id, workflow, version, status, origin, firing_id, created_at, ended_at)
SELECT 'execution ' || n, 'demo', '1', 'Completed', 'trigger', 'firing ' || n, n, n FROM rows WHERE n % 10 = 0;
INSERT INTO execution_inputs SELECT seq, '{}' FROM executions;
INSERT INTO task_runs (execution_seq, position, task_id, full_name, status, output)
SELECT seq, 0, task, task, 'Completed', '{"value": 1}'
FROM executions, (SELECT 'a' AS task UNION SELECT 'b' UNION SELECT 'c');
${ROW} INSERT INTO firings (id, seq, trigger_seq, context_hash, execution_id, fired_at, completed_at)
SELECT 'firing ' || n, n, 1 + n % ${TRIGGERS}, 'hash', 'execution ' || n, n, n FROM rows WHERE n % 10 = 0;
${ROW} INSERT INTO ticks (id, trigger_seq, outcome, first_at, last_at, count, firing_id)
SELECT hex(randomblob(18)), 1 + n % ${TRIGGERS}, 'fired', n, n, 1, 'firing ' || n FROM rows WHERE n % 10 = 0;`,
  },
]

export async function pruningFigures(): Promise<Figure[]> {
  const chosen = process.env.BENCH_PRUNED
  const figures: Figure[] = []
  for (const history of HISTORIES) {
    if (chosen === undefined || history.name.startsWith(chosen)) figures.push(...(await figuresOf(history)))
  }
  return figures
}

async function figuresOf({ name, retention, sql }: (typeof HISTORIES)[number]): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'cloaca-bench-'))
  try {
    const path = join(folder, 'history.db')
    const clock = new SystemClock()
    const store = await openSqliteStore({ path, durability: 'full', clock })
    const declared = Array.from({ length: TRIGGERS }, (_, index) => `trigger ${index}`)
    const settings = {
      workflow: 'demo',
      pollIntervalMs: 1_000,
      allowConcurrent: false,
      policy: DEFAULT_POLICY,
      tags: null,
      priority: null,
      initialStateText: null,
    }
    await store.saveTriggers(
      declared.map((trigger) => ({ name: trigger, ...settings })),
      0,
    )
    fill(path, sql)

    const undisturbed = await latenessDuring(() => new Promise((resolve) => setTimeout(resolve, BASELINE_MS)))
    const begin = performance.now()
    let removed = 0
    const prune: Store['prune'] = async (...args) => {
      const rows = await store.prune(...args)
      removed += rows
      return rows
    }
    const events = new EngineEvents()
    const pruning = new Pruning({ store: { prune }, clock, events }, retention)
    const enough = setTimeout(() => pruning.stop(), MEASURED_MS)
    const lateness = await latenessDuring(() => pruning.run())
    clearTimeout(enough)
    const tookMs = performance.now() - begin
    await store.close()

    const note =
      `${removed} rows in ${(tookMs / 1_000).toFixed(1)} s, ${lateness.length} polls; ` +
      `without it ${shareOf(undisturbed, 0.99).toFixed(1)} ms`
    return [
      {
        name: `polls held up by removing ${name}, p99`,
        value: shareOf(lateness, 0.99),
        unit: 'ms',
        budget: BUDGET_MS,
        note,
      },
      { name: `polls held up by removing ${name}, longest`, value: shareOf(lateness, 1), unit: 'ms' },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function fill(path: string, sql: string): void {
  const connection = new Connection(path)
  connection.script(`BEGIN; ${sql} COMMIT; PRAGMA wal_checkpoint(TRUNCATE)`)
  connection.close()
}

/** Returns the sorted lateness of polls during a call. Each poll is due `EVERY_MS` after the previous poll. */
async function latenessDuring(run: () => Promise<void>): Promise<readonly number[]> {
  const lateness: number[] = []
  let isOver = false
  const polling = (async () => {
    while (!isOver) {
      const dueAt = performance.now() + EVERY_MS
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
      lateness.push(Math.max(0, performance.now() - dueAt))
    }
  })()
  await run()
  isOver = true
  await polling
  return lateness.sort((one, other) => one - other)
}

function shareOf(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
