/** Changes several executions, named by their ids or selected by a filter, and reports the result of each. */

import { CloacaError, type Runner } from '../../index.ts'
import { type DatabaseOptions, withReader, withRunner } from '../command-database.ts'
import { printError, printJson, printLine, printMessage } from '../print.ts'
import { assertConfirmable, isConfirmed } from './confirmation.ts'
import {
  type Change,
  countText,
  printSelection,
  type SelectionOptions,
  selectExecutions,
  selectsByFilter,
} from './execution-filter.ts'

/** Line of an execution, and its `--json` form. */
export interface Done {
  readonly line: string
  readonly record: object
  /**
   * Default: `done`. `requested`: the engine of the execution has not answered yet. `skipped`: another process has
   * changed the execution since it was selected.
   */
  readonly outcome?: 'done' | 'requested' | 'skipped'
}

export type Steer = (runner: Runner, id: string) => Promise<Done>

/** Changes the executions with these ids, or those that the options select. Returns the exit code. */
export async function changeAll(
  ids: readonly string[],
  options: DatabaseOptions & SelectionOptions,
  change: Change,
  one: Steer,
): Promise<number> {
  if (!selectsByFilter(ids, options, change))
    return await withRunner(options, (runner) => changeEach(runner, ids, options, one))
  assertConfirmable(options, change)
  if (options.dryRun)
    return await withReader(options, async (runner) => {
      printSelection(await selectExecutions(runner, options, change), options.json, change)
      return 0
    })
  return await withRunner(options, async (runner) => {
    const selection = await selectExecutions(runner, options, change)
    const { rows, hasMore } = selection
    if (rows.length > 0 && options.yes !== true) {
      if (options.json !== true) printSelection(selection, undefined, change)
      const isWanted = await isConfirmed(`${change.verb === 'cancel' ? 'Cancel' : 'Retry'} ${countText(rows.length)}?`)
      if (!isWanted) {
        printMessage('Changed nothing.')
        return 1
      }
    }
    const selectedIds = rows.map(({ id }) => id)
    const exitCode = await changeEach(runner, selectedIds, options, one, CHANGED[change.verb])
    if (hasMore) printMessage('More executions match. To change them too, repeat this command.')
    return exitCode
  })
}

/** Words for the summary of changed executions. */
const CHANGED = { cancel: 'cancelled', retry: 'retried' } as const

/** Number of concurrent requests. The process that runs the executions answers many as fast as one. */
const AT_ONCE = 500

/**
 * Calls a function for each execution, and reports failures without stopping. Returns the exit code. `changed`: word
 * for executions without a failure, in a summary at the end.
 */
export async function changeEach(
  runner: Runner,
  ids: readonly string[],
  { json }: DatabaseOptions,
  one: Steer,
  changed: string | null = null,
): Promise<number> {
  const records: object[] = []
  const counts = { done: 0, requested: 0, skipped: 0, failed: 0 }
  for (let first = 0; first < ids.length; first += AT_ONCE) {
    const some = ids.slice(first, first + AT_ONCE)
    const steer = async (id: string) => one(runner, json ? (await runner.executions.overview(id)).id : id)
    for (const [index, ended] of (await Promise.allSettled(some.map(steer))).entries()) {
      if (ended.status === 'fulfilled') {
        records.push(ended.value.record)
        counts[ended.value.outcome ?? 'done'] += 1
        if (!json) printLine(ended.value.line)
      } else {
        records.push(failure(some[index] ?? '', ended.reason))
        counts.failed += 1
      }
    }
  }
  if (json) printJson(records)
  else if (changed !== null) printLine(summaryText(counts, changed))
  return counts.failed > 0 ? 1 : 0
}

/** Prints why an execution was not changed, and returns the JSON form. Throws errors without a code. */
function failure(id: string, thrown: unknown): object {
  if (!(thrown instanceof CloacaError)) throw thrown
  const { code, message } = thrown
  if (message.includes(id)) printError(thrown)
  else printMessage(`Execution ${id} was not changed: ${message}`)
  return { id, state: 'refused', code, message }
}

/** Returns `12 executions: 10 cancelled, 1 requested, 1 failed.` */
function summaryText(
  { done, requested, skipped, failed }: Readonly<Record<'done' | 'requested' | 'skipped' | 'failed', number>>,
  changed: string,
) {
  const all = done + requested + skipped + failed
  if (all === 0) return 'There are no matching executions in this database.'
  const parts = [
    `${done} ${changed}`,
    ...(requested > 0 ? [`${requested} requested`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
  ]
  return `${all === 1 ? '1 execution' : `${all} executions`}: ${parts.join(', ')}.`
}
