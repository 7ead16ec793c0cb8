/** `runner.triggers.logs()` and `followLogs()`: what the polls of a trigger printed and logged. */

import { SystemClock } from '../../engine/clock.ts'
import type { Engine } from '../../engine/engine.ts'
import type { TickLog } from '../../engine/ports.ts'
import { UsageError } from '../../errors.ts'
import { textArgument } from '../../model/arguments.ts'
import { type LogRecord, logRecords } from '../../model/log.ts'
import type { TickOutcome } from '../../model/schedule.ts'
import { type PageOptions, pageOf } from './page.ts'

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

const clock = new SystemClock({ keepsProcessAlive: true })

/** Newest first. Throws `INVALID_ARGUMENT` where a tick is named that has no log. */
export async function pollLogs(
  engine: Engine,
  name: string,
  { tick, ...page }: PollLogOptions,
): Promise<readonly PollLogRecords[]> {
  const which = tick === undefined ? {} : { tickPrefix: textArgument(tick, 'tick') }
  const logs = await engine.triggers.logs(name, { ...pageOf(page), ...which })
  if (tick !== undefined && logs.length === 0 && pageOf(page).limit > 0 && pageOf(page).offset === 0)
    throw noLog(name, tick)
  return logs.map(readable)
}

/** Those that are recorded from now on, as they come. Never ends. */
export async function* followedPollLogs(engine: Engine, name: string): AsyncGenerator<PollLogRecords, void, undefined> {
  let seen = new Set((await engine.triggers.logs(name, { limit: PAGE, offset: 0 })).map(keyOf))
  for (;;) {
    await new Promise<void>((resolve) => clock.wakeAfter(LOOK_AGAIN_MS, () => resolve()))
    const { fresh, newest } = await freshLogs(engine, name, seen)
    seen = newest
    for (const log of fresh) yield readable(log)
  }
}

/** Oldest first, and the keys of what is newest now. */
async function freshLogs(engine: Engine, name: string, seen: ReadonlySet<string>) {
  const fresh: TickLog[] = []
  let newest: Set<string> | null = null
  for (let offset = 0; ; offset += PAGE) {
    const page = await engine.triggers.logs(name, { limit: PAGE, offset })
    newest ??= new Set(page.map(keyOf))
    const known = page.findIndex((log) => seen.has(keyOf(log)))
    fresh.push(...(known === -1 ? page : page.slice(0, known)))
    if (known !== -1 || page.length < PAGE || seen.size === 0) return { fresh: fresh.reverse(), newest }
  }
}

/** Skips with one reason are one tick, whose log is that of the last of them. */
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
