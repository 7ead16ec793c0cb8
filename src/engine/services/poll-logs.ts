/** `runner.triggers.logs()` and `followLogs()`: what the polls of a trigger printed and logged. */

import { UsageError } from '../../errors.ts'
import { textArgument } from '../../model/arguments.ts'
import { type LogRecord, logRecords } from '../../model/logs/log-record.ts'
import type { TickOutcome } from '../../model/schedule-rows.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { TickLog } from '../log-ports.ts'
import type { LogStore } from '../store.ts'
import { checkedPage, type PageOptions } from './page-options.ts'

/** Output and log records of one poll. */
export interface PollLogRecords {
  readonly tickId: string
  readonly outcome: TickOutcome
  /** Time when the poll was recorded, in milliseconds since 1970. */
  readonly at: number
  readonly records: readonly LogRecord[]
}

/** Filter of the logs of polls. */
export interface PollLogOptions extends PageOptions {
  /** Id of a tick, or the beginning of its id. Only the log of this tick is returned. */
  readonly tick?: string
}

const PAGE = 100
const LOOK_AGAIN_MS = 250

/** Returns logs, newest first. Throws `INVALID_ARGUMENT` for a tick without a log. */
export async function pollLogs(
  store: LogStore,
  name: string,
  { tick, ...page }: PollLogOptions,
): Promise<readonly PollLogRecords[]> {
  const which = tick === undefined ? {} : { tickPrefix: textArgument(tick, 'tick') }
  const logs = await store.listOfTicks(name, { ...checkedPage(page), ...which })
  if (tick !== undefined && logs.length === 0 && checkedPage(page).limit > 0 && checkedPage(page).offset === 0)
    throw noLog(name, tick)
  return logs.map(readable)
}

/** Yields the logs of new polls as they are recorded. Never ends. */
export async function* followedPollLogs(
  { store, clock }: Pick<EnginePorts, 'store' | 'clock'>,
  name: string,
): AsyncGenerator<PollLogRecords, void, undefined> {
  let seen = new Set((await store.logs.listOfTicks(name, { limit: PAGE, offset: 0 })).map(keyOf))
  for (;;) {
    await new Promise<void>((resolve) => clock.wakeAfter(LOOK_AGAIN_MS, () => resolve()))
    const { fresh, newest } = await freshLogs(store.logs, name, seen)
    seen = newest
    for (const log of fresh) yield readable(log)
  }
}

/** Returns the new logs, oldest first, and the keys of the newest page. */
async function freshLogs(store: LogStore, name: string, seen: ReadonlySet<string>) {
  const fresh: TickLog[] = []
  let newest: Set<string> | null = null
  for (let offset = 0; ; offset += PAGE) {
    const page = await store.listOfTicks(name, { limit: PAGE, offset })
    newest ??= new Set(page.map(keyOf))
    const known = page.findIndex((log) => seen.has(keyOf(log)))
    fresh.push(...(known === -1 ? page : page.slice(0, known)))
    if (known !== -1 || page.length < PAGE || seen.size === 0) return { fresh: fresh.reverse(), newest }
  }
}

/** Skips with one reason are one tick with the log of the last skip, so the key needs the time. */
function keyOf({ tickId, at }: TickLog): string {
  return `${tickId} ${at}`
}

function readable({ text, ...tick }: TickLog): PollLogRecords {
  return { ...tick, records: logRecords(text) }
}

function noLog(name: string, tick: string): UsageError {
  const message =
    `No log found for tick "${tick}" of trigger "${name}". The poll wrote nothing, or it skipped and the setting ` +
    'retention.skip-logs is not set, or the tick does not exist.'
  return new UsageError('INVALID_ARGUMENT', message, { trigger: name, path: 'tick' })
}
