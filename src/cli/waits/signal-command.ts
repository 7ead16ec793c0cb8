/** `cloaca signal`: sends signals to nodes that wait for them, and lists the sent ones. */

import { Command } from 'commander'
import { type Runner, type SignalReceipt, UsageError } from '../../index.ts'
import { receiptRecord, signalRecord } from '../../runner/records/wait-records.ts'
import { signalText } from '../../runner/records/wait-words.ts'
import { type DatabaseOptions, withDatabase, withReader, withRunner } from '../command-database.ts'
import { assertJson, contextOption } from '../context-option.ts'
import { idText } from '../display.ts'
import { withExamples } from '../help-examples.ts'
import { wholeNumber, wordParser } from '../option-values.ts'
import { printJson, printLine, printTable, rowsOfPage, UsageMistake } from '../print.ts'
import { systemUser } from './system-user.ts'

type SendOptions = DatabaseOptions & {
  readonly key?: string
  readonly data?: string
  readonly id?: string
  readonly note?: string
}

const STATES = ['used', 'kept'] as const

type ListOptions = DatabaseOptions & {
  readonly name?: string
  readonly key?: string
  readonly state?: (typeof STATES)[number]
  readonly limit: number
  readonly cursor?: string
}

export function signalCommand(): Command {
  const group = new Command('signal').description('send signals to waiting nodes, and list them')
  const sendExample = `cloaca signal send refund-decision --key 7 --data '{"by": "ann"}'`
  const signal = withExamples(group, sendExample, 'cloaca signal list')
  const sending = signal
    .command('send')
    .description('send a signal to the nodes that wait for it')
    .argument('<name>', 'name of the signal')
  withDatabase(withExamples(sending, sendExample))
    .option('--key <key>', 'send it to waits with this key (default: the empty key)')
    .option('--data <json>', 'pass this payload: JSON or @FILE (default: null)')
    .option('--id <id>', 'send the signal only once with this id')
    .option('--note <text>', 'record a reason for this action')
    .action((name: string, options: SendOptions) => send(name, options))
  const listing = signal.command('list').description('list signals that are still stored, newest first')
  withDatabase(withExamples(listing, 'cloaca signal list --state kept'))
    .option('--name <name>', 'show only signals with this name')
    .option('--key <key>', 'show only signals with this key')
    .option('--state <state>', `show only signals in this state: ${STATES.join(', ')}`, wordParser(STATES))
    .option('--limit <n>', 'show at most this many signals', wholeNumber, 20)
    .option('--cursor <id>', 'continue after this signal, the last of the previous page')
    .action((options: ListOptions) => withReader(options, (runner) => list(runner, options)))
  return signal
}

async function send(name: string, options: SendOptions): Promise<void> {
  const { key = '', data = 'null', id, note, json } = options
  const payloadText = contextOption(data, '--data')
  assertJson(payloadText, '--data')
  const given = {
    key,
    payloadText,
    source: 'cli',
    ...systemUser(),
    ...(id !== undefined && { id }),
    ...(note !== undefined && { note }),
  } as const
  const receipt = await withRunner(options, (runner) => runner.signals.send(name, given)).catch((thrown: unknown) => {
    if (thrown instanceof UsageError && thrown.code === 'INVALID_ARGUMENT') throw new UsageMistake(thrown.message)
    throw thrown
  })
  if (json) printJson(receiptRecord(receipt))
  else printLine(receiptText(signalText(name, key), receipt))
}

function receiptText(signal: string, { id, state, executions, isRepeated }: SignalReceipt): string {
  const sent = `Signal "${signal}" ${isRepeated ? 'was already sent' : 'sent'} with id ${idText(id)}`
  if (state === 'kept') return `${sent}: no node waits for it, so it is kept for the next one.`
  const ids = executions.map(idText).join(', ')
  return `${sent}: used by ${executions.length === 1 ? 'execution' : 'executions'} ${ids}.`
}

async function list(runner: Runner, options: ListOptions): Promise<void> {
  const { name, key, state, limit, cursor, json } = options
  const found = await runner.signals.list({
    limit: limit + 1,
    ...(name !== undefined && { name }),
    ...(key !== undefined && { key }),
    ...(state !== undefined && { state }),
    ...(cursor !== undefined && { after: cursor }),
  })
  const rows = rowsOfPage(found, limit, 'signals')
  if (json) return printJson(rows.map(signalRecord))
  printTable(
    ['SENT', 'SIGNAL', 'KEY', 'STATE', 'SENT BY', 'EXECUTIONS', 'ID', 'PAYLOAD'],
    rows.map((row) => [
      { instant: row.sentAt },
      row.name,
      row.key,
      { state: row.state },
      row.source,
      row.executions.map(idText).join(', '),
      { id: row.id },
      row.payloadText,
    ]),
    limit === 0 ? null : 'There are no matching signals in this database.',
    { columns: ['SENT BY', 'SENT'], lastWidth: 20 },
  )
}
