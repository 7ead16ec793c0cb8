/**
 * Options that select executions, of `execution list`, `cancel` and `retry`, and the executions that `cancel` and
 * `retry` select.
 */

import type { Command } from 'commander'
import type { ExecutionListOptions, ExecutionStatus, Runner } from '../../index.ts'
import { summaryRecord } from '../../runner/records/execution-records.ts'
import { beginningInstant, beginningParser, wordParser } from '../option-values.ts'
import { printJson, printLine, printTable, UsageMistake } from '../print.ts'

type Row = Awaited<ReturnType<Runner['executions']['list']>>[number]

export interface FilterOptions {
  readonly workflow?: string
  readonly status?: ExecutionStatus
  readonly trigger?: string
  readonly since?: ReturnType<typeof beginningParser>
  readonly until?: ReturnType<typeof beginningParser>
}

export type SelectionOptions = FilterOptions & {
  readonly json?: true
  readonly limit?: number
  readonly yes?: true
  readonly dryRun?: true
}

/** Command that changes selected executions. */
export interface Change {
  readonly verb: 'cancel' | 'retry'
  /** Statuses of executions that the command can change. */
  readonly statuses: readonly ExecutionStatus[]
  /** Statuses that are selected without `--status`. */
  readonly usual: readonly ExecutionStatus[]
}

export interface Selection {
  /** Newest first. */
  readonly rows: readonly Row[]
  /** Whether further executions match. */
  readonly hasMore: boolean
}

const DEFAULT_LIMIT = 1_000
const MAX_SHOWN = 10
const PAGE_ROWS = 500

/** Adds the options of a filter. `verb`: beginning of their help texts, such as `show only`. */
export function withFilter(
  command: Command,
  verb: string,
  statuses: readonly ExecutionStatus[],
  usual: readonly ExecutionStatus[] = [],
): Command {
  const byDefault = usual.length === 0 ? '' : ` (default: ${usual.join(', ')})`
  return command
    .option('--workflow <name>', `${verb} executions of this workflow`)
    .option('--status <status>', `${verb} this status: ${statuses.join(', ')}${byDefault}`, wordParser(statuses))
    .option('--trigger <name>', `${verb} executions that this trigger started`)
    .option('--since <when>', `${verb} executions created after this: 2h (ago), 2026-01-31T08:00:00Z`, beginningParser)
    .option('--until <when>', `${verb} executions created before this: 1h (ago), 2026-01-31T09:00:00Z`, beginningParser)
}

export function listFilter(
  { workflow, status, trigger, since, until }: FilterOptions,
  now: number,
): ExecutionListOptions {
  return {
    ...(workflow !== undefined && { workflow }),
    ...(status !== undefined && { status }),
    ...(trigger !== undefined && { trigger }),
    ...(since !== undefined && { sinceAt: beginningInstant(since, now) }),
    ...(until !== undefined && { untilAt: beginningInstant(until, now) }),
  }
}

/** Returns whether the user selects executions by a filter. Throws `UsageMistake` for neither ids nor a filter. */
export function selectsByFilter(ids: readonly string[], options: SelectionOptions, { verb }: Change): boolean {
  const { workflow, status, trigger, since, until, limit, dryRun } = options
  const filter = {
    '--workflow': workflow,
    '--status': status,
    '--trigger': trigger,
    '--since': since,
    '--until': until,
  }
  const given = (named: object) => Object.entries(named).find(([, value]) => value !== undefined)?.[0]
  if (ids.length === 0) {
    if (given(filter) !== undefined) return true
    throw new UsageMistake(
      `Pass the ids of executions, or a filter: cloaca execution ${verb} --workflow NAME --since 1h --dry-run`,
    )
  }
  const mixed = given({ ...filter, '--limit': limit, '--dry-run': dryRun })
  if (mixed !== undefined) throw new UsageMistake(`${mixed} selects executions, so pass no ids together with it.`)
  return false
}

/**
 * Returns the newest matching executions, up to the limit. A retry leaves out executions that were retried before, so
 * that repeating the command does not run the same work twice.
 */
export async function selectExecutions(runner: Runner, options: SelectionOptions, change: Change): Promise<Selection> {
  const { limit = DEFAULT_LIMIT, status } = options
  const filter = listFilter(options, runner.now())
  const found: Row[] = []
  for (const each of status === undefined ? change.usual : [status]) {
    found.push(...(await newest(runner, { ...filter, status: each }, limit + 1, change)))
  }
  found.sort((a, b) => b.createdAt - a.createdAt)
  return { rows: found.slice(0, limit), hasMore: found.length > limit }
}

async function newest(
  runner: Runner,
  filter: ExecutionListOptions,
  atMost: number,
  { verb }: Change,
): Promise<readonly Row[]> {
  const found: Row[] = []
  for (let after: string | undefined; found.length < atMost; ) {
    const page = await runner.executions.list({ ...filter, limit: PAGE_ROWS, ...(after !== undefined && { after }) })
    const retries = verb === 'retry' ? await Promise.all(page.map(({ id }) => hasRetry(runner, id))) : []
    found.push(...page.filter((_, index) => retries[index] !== true))
    if (page.length < PAGE_ROWS) break
    after = page.at(-1)?.id
  }
  return found.slice(0, atMost)
}

export async function hasRetry(runner: Runner, id: string): Promise<boolean> {
  return (await runner.executions.list({ retryOf: id, limit: 1 })).length > 0
}

/** Prints the number of selected executions and the first ten of them. */
export function printSelection({ rows, hasMore }: Selection, json: true | undefined, { verb }: Change): void {
  const shown = rows.slice(0, MAX_SHOWN)
  if (json) {
    printJson({ executions: rows.length, hasMore, first: shown.map(summaryRecord) })
    return
  }
  const first = rows.length > MAX_SHOWN ? ` The newest ${MAX_SHOWN}:` : ''
  printLine(`Would ${verb} ${countText(rows.length)}${hasMore ? '; more match, but --limit is reached' : ''}.${first}`)
  if (shown.length === 0) return
  printTable(
    ['CREATED', 'WORKFLOW', 'STATUS', 'ID'],
    shown.map((row) => [{ instant: row.createdAt }, row.workflow, { state: row.status }, { id: row.id }]),
    null,
  )
}

export function countText(count: number): string {
  return count === 1 ? 'one execution' : `${count} executions`
}
