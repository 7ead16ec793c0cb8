/** `cloaca source push`: pushes events to a source. Ends when they are stored, also without a serving process. */

import { type Command, Option } from 'commander'
import { type Runner, UsageError } from '../../index.ts'
import { type DatabaseOptions, withRunner } from '../command-database.ts'
import { assertJson, jsonArgument } from '../context-option.ts'
import { durationParser } from '../option-values.ts'
import { formatDuration, printJson, printLine, printMessage, UsageMistake } from '../print.ts'

type PushOptions = DatabaseOptions & { readonly timeout: number; readonly lines?: true }

/** Number of concurrent pushes. Events after a rejected one are not sent. */
const AT_ONCE = 500
const DEFAULT_TIMEOUT_MS = 30_000

type Named = (name: string, description: string, ...examples: readonly string[]) => Command

export function addPushCommand(named: Named): void {
  named(
    'push',
    'push an event, and wait until it is stored',
    `cloaca source push door '{"open": true}'`,
    'cloaca source push clicks - --lines < clicks.jsonl',
  )
    .argument('<json>', 'event as JSON, @FILE, or - for stdin')
    .option('--lines', 'read each line as a separate event')
    .addOption(
      new Option('--timeout <duration>', 'wait at most this long if the queue is full')
        .argParser(durationParser)
        .default(DEFAULT_TIMEOUT_MS, formatDuration(DEFAULT_TIMEOUT_MS)),
    )
    .action(async (name: string, json: string, options: PushOptions) => push(name, json, options))
}

async function push(name: string, json: string, options: PushOptions): Promise<void> {
  const events = eventsIn(jsonArgument(json, 'The event'), options)
  await withRunner(options, async (runner) => {
    const sequences = await pushAll(runner, name, events, options)
    const [first, last] = [sequences[0], sequences.at(-1)]
    if (options.json) printJson(options.lines ? { source: name, sequences } : { source: name, sequence: first })
    else if (options.lines) printLine(`Source "${name}" accepted ${sequences.length} events (${first} to ${last}).`)
    else printLine(`Source "${name}" accepted event ${first}.`)
    const { owner } = await runner.sources.get(name)
    if (owner === null)
      printMessage(
        `No engine serves source "${name}". Events are queued until you start an engine: cloaca serve SCRIPTS`,
      )
  })
}

function eventsIn(text: string, { lines }: PushOptions): readonly string[] {
  if (text.trim() === '') throw new UsageMistake('The input is empty, so there is no event to push.')
  if (!lines) {
    assertJson(text, 'The event')
    return [text]
  }
  const all = text.split('\n')
  for (const [index, line] of all.entries()) assertLine(line, index + 1)
  return all.filter((line) => line.trim() !== '')
}

/** Checks a line before any is sent, because a later error could not name it. */
function assertLine(line: string, number: number): void {
  if (line.trim() === '') return
  try {
    JSON.parse(line)
  } catch (error) {
    throw new UsageMistake(`Line ${number} is not valid JSON, so no event was pushed: ${(error as Error).message}`)
  }
}

async function pushAll(
  runner: Runner,
  name: string,
  events: readonly string[],
  { timeout, lines }: PushOptions,
): Promise<readonly number[]> {
  const sequences: number[] = []
  for (let from = 0; from < events.length; from += AT_ONCE) {
    const pushes = events
      .slice(from, from + AT_ONCE)
      .map((event) => runner.sources.pushText(name, event, { timeoutMs: timeout }))
    const results = await Promise.allSettled(pushes)
    for (const result of results) if (result.status === 'fulfilled') sequences.push(result.value)
    const refused = results.find((result) => result.status === 'rejected')
    if (refused === undefined) continue
    if (lines && sequences.length > 0)
      printMessage(
        `Stored ${sequences.length} of ${events.length} events. ` +
          `Sequence number of the last stored event: ${sequences.at(-1)}.`,
      )
    throw explained(refused.reason)
  }
  return sequences
}

function explained(reason: unknown): unknown {
  if (!(reason instanceof UsageError) || reason.code !== 'INVALID_CONTEXT') return reason
  return new UsageMistake(`Invalid event: ${reason.message}`)
}
