/** `cloaca source`: the command and those subcommands that show sources. */

import { Command } from 'commander'
import type { InstanceRow, Runner, SourceRow } from '../../index.ts'
import {
  eventRecord,
  type SourceInfo,
  sourceInfo,
  sourceListRecord,
  sourcePollRecord,
  sourceRecord,
} from '../../runner/records/source-records.ts'
import { type DatabaseOptions, withDatabase, withReader } from '../command-database.ts'
import { instantText } from '../display.ts'
import { withExamples } from '../help-examples.ts'
import { wholeNumber } from '../option-values.ts'
import { formatDuration, printFields, printJson, printMessage, printTable } from '../print.ts'
import { kindText } from './kind-text.ts'
import { addPushCommand } from './push.ts'

type PageOptions = DatabaseOptions & { readonly limit: number; readonly cursor?: string }

const SHOWN_AT_ONCE = 20

export function sourceCommand(): Command {
  const group = new Command('source').description('list and show sources, and push events to them')
  const source = withExamples(group, 'cloaca source list', `cloaca source push door '{"open": true}'`)
  const command = (name: string, description: string, ...examples: readonly string[]) =>
    withDatabase(withExamples(source.command(name).description(description), ...examples))
  const named = (name: string, description: string, ...examples: readonly string[]) =>
    command(name, description, ...examples).argument('<name>', 'name of the source')
  const paged = (name: string, description: string, example: string) =>
    named(name, description, example)
      .option('--limit <n>', 'show at most this many rows', wholeNumber, SHOWN_AT_ONCE)
      .option('--cursor <place>', 'continue after this row, the last of the previous page')

  command('list', 'list the sources of a database', 'cloaca source list').action((options: DatabaseOptions) =>
    withReader(options, (runner) => list(runner, options)),
  )
  named('show', 'show a source: counters, last value and last error', 'cloaca source show door').action(
    (name: string, options: DatabaseOptions) => withReader(options, (runner) => show(runner, name, options)),
  )
  addPushCommand(named)
  paged('events', 'list the accepted events of a source, newest first', 'cloaca source events door --limit 5').action(
    (name: string, options: PageOptions) => withReader(options, (runner) => events(runner, name, options)),
  )
  paged('polls', 'list the polls of a polling source, newest first', 'cloaca source polls weather').action(
    (name: string, options: PageOptions) => withReader(options, (runner) => polls(runner, name, options)),
  )
  return source
}

async function infosOf(runner: Runner, rows: readonly SourceRow[]): Promise<readonly SourceInfo[]> {
  return await Promise.all(rows.map((row) => sourceInfo(runner, row)))
}

async function list(runner: Runner, options: DatabaseOptions): Promise<void> {
  const infos = await infosOf(runner, await runner.sources.list())
  if (options.json) return printJson(infos.map(sourceListRecord))
  printTable(
    ['SOURCE', 'KIND', 'EVENTS', 'LAST HOUR', 'WAITING', 'DROPPED', 'REFUSED', 'FAILED', 'LAST EVENT'],
    infos.map(({ row, eventsLastHour }) => [
      row.name,
      row.undeclaredAt === null ? (row.accumulation?.kind ?? 'no function') : 'not declared',
      String(row.lastSequence),
      String(eventsLastHour),
      String(row.waiting),
      String(row.dropped),
      String(row.refused),
      String(row.failed),
      { instant: row.lastEventAt, missing: 'never' },
    ]),
    'There are no sources in this database.',
  )
}

async function show(runner: Runner, name: string, options: DatabaseOptions): Promise<void> {
  const info = await sourceInfo(runner, await runner.sources.get(name))
  if (options.json) return printJson(sourceRecord(info))
  const { row, limit } = info
  printFields({
    source: row.name,
    kind: kindText(row.accumulation),
    ...(row.description === '' ? {} : { description: row.description }),
    events: `${row.lastSequence} accepted; last event: ${instantText(row.lastEventAt, 'never')}`,
    rate: rateText(info),
    waiting: `${row.waiting} of at most ${limit}`,
    dropped: `${row.dropped} (the function returned None)`,
    refused: `${row.refused} (the queue was full)`,
    failed: `${row.failed} (the function raised an error; the event was skipped)`,
    'last value': row.lastValueText ?? 'none yet',
    ...(row.lastValueAt === null ? {} : { delivered: instantText(row.lastValueAt) }),
    ...errorFields(row),
    owner: ownerText(row, await runner.instances.list()),
    ...(row.undeclaredAt === null
      ? {}
      : { declared: `no, not in a served script since ${instantText(row.undeclaredAt)}` }),
    created: instantText(row.createdAt),
  })
}

function rateText({ eventsLastHour }: SourceInfo): string {
  if (eventsLastHour === 0) return 'no events in the last hour'
  const aMinute = eventsLastHour / 60
  return `${aMinute < 10 ? aMinute.toFixed(1) : Math.round(aMinute)} per minute (${eventsLastHour} in the last hour)`
}

function errorFields({ lastError, lastErrorAt }: SourceRow): Record<string, string> {
  if (lastError === null) return {}
  const said = lastError.traceback.trimEnd() || `${lastError.type}: ${lastError.message}`
  return { 'last error': `${instantText(lastErrorAt)}\n${said}` }
}

function ownerText({ owner }: SourceRow, instances: readonly InstanceRow[]): string {
  if (owner === null) return 'none; events are queued until an engine serves this source'
  const instance = instances.find(({ id }) => id === owner)
  return instance === undefined ? owner : `process ${instance.pid} on ${instance.host}`
}

async function events(runner: Runner, name: string, options: PageOptions): Promise<void> {
  await runner.sources.get(name)
  const found = await runner.sources.events(name, pageOf(options))
  const shown = found.slice(0, options.limit)
  tellMore(found.length, options, String(shown.at(-1)?.sequence))
  if (options.json) return printJson(shown.map(eventRecord))
  printTable(
    ['SEQUENCE', 'ACCEPTED', 'EVENT'],
    shown.map((event) => [String(event.sequence), { instant: event.acceptedAt }, event.eventText]),
    options.limit === 0 ? null : `Source "${name}" has no stored events.`,
  )
}

async function polls(runner: Runner, name: string, options: PageOptions): Promise<void> {
  const { accumulation } = await runner.sources.get(name)
  const found = await runner.sources.polls(name, pageOf(options))
  const shown = found.slice(0, options.limit)
  tellMore(found.length, options, String(shown.at(-1)?.id))
  if (options.json) return printJson(shown.map(sourcePollRecord))
  const nothing =
    accumulation?.kind === 'polling'
      ? `Source "${name}" has not been polled yet.`
      : `Source "${name}" is not a polling source.`
  printTable(
    ['LAST', 'OUTCOME', 'COUNT', 'LATE', 'TOOK', 'EVENT', 'ERROR'],
    shown.map((poll) => [
      { instant: poll.lastAt },
      { state: poll.outcome },
      String(poll.count),
      poll.latenessMs === null ? '' : formatDuration(poll.latenessMs),
      formatDuration(poll.durationMs),
      poll.sequence === null ? '' : String(poll.sequence),
      poll.error === null ? '' : `${poll.error.type}: ${poll.error.message}`,
    ]),
    options.limit === 0 ? null : nothing,
  )
}

function pageOf({ limit, cursor }: PageOptions): { readonly limit: number; readonly after?: string } {
  return { limit: limit + 1, ...(cursor !== undefined && { after: cursor }) }
}

function tellMore(found: number, { limit }: PageOptions, cursor: string): void {
  if (limit > 0 && found > limit) printMessage(`There are more rows. To show the next page, add: --cursor ${cursor}`)
}
