/** `cloaca reactor`: the command and those subcommands that show reactors and their firings. */

import { Command } from 'commander'
import { type FiringDetail, type ReactorFiring, type ReactorRow, type Runner, UsageError } from '../../index.ts'
import {
  firingDetailRecord,
  reactorFiringRecord,
  reactorRecord,
  reactorWait,
  subscriptionRecord,
} from '../../runner/records/reactor-records.ts'
import { waitingReactors } from '../../runner/records/status-records.ts'
import { type DatabaseOptions, withDatabase, withReader } from '../command-database.ts'
import { idText, instantText } from '../display.ts'
import { withExamples } from '../help-examples.ts'
import { wholeNumber } from '../option-values.ts'
import { printFields, printJson, printLine, printTable, rowsOfPage } from '../print.ts'
import { firingCausesText } from './causes-text.ts'
import { addFireCommand } from './fire.ts'
import { addSubscriptionCommands, printSubscriptions } from './subscription-commands.ts'
import { reactorWaitText } from './wait-text.ts'

type PageOptions = DatabaseOptions & { readonly limit: number; readonly cursor?: string }

const SHOWN_FIRINGS = 10

export function reactorCommand(): Command {
  const group = new Command('reactor').description('list, show and fire reactors, and subscribe workflows to them')
  const reactor = withExamples(group, 'cloaca reactor show oven', 'cloaca reactor subscribe oven ring_the_bell')
  const command = (name: string, description: string, ...examples: readonly string[]) =>
    withDatabase(withExamples(reactor.command(name).description(description), ...examples))
  const named = (name: string, description: string, ...examples: readonly string[]) =>
    command(name, description, ...examples).argument('<name>', 'name of the reactor')

  command('list', 'list the reactors of a database', 'cloaca reactor list').action((options: DatabaseOptions) =>
    withReader(options, (runner) => list(runner, options)),
  )
  named('show', 'show a reactor: sources, last firings and subscriptions', 'cloaca reactor show oven').action(
    (name: string, options: DatabaseOptions) => withReader(options, (runner) => show(runner, name, options)),
  )
  named('firings', 'list the firings of a reactor, newest first', 'cloaca reactor firings oven')
    .option('--limit <n>', 'show at most this many firings', wholeNumber, 20)
    .option('--cursor <id>', 'continue after this firing, the last of the previous page')
    .action((name: string, options: PageOptions) => withReader(options, (runner) => firings(runner, name, options)))
  named('firing', 'show a firing: causes, values and started executions', 'cloaca reactor firing oven 12')
    .argument('<sequence>', 'number of the firing', wholeNumber)
    .action((name: string, sequence: number, options: DatabaseOptions) =>
      withReader(options, (runner) => firing(runner, name, sequence, options)),
    )
  addFireCommand(named)
  addSubscriptionCommands(command, named)
  return reactor
}

async function list(runner: Runner, options: DatabaseOptions): Promise<void> {
  const infos = await waitingReactors(runner)
  if (options.json) return printJson(infos.map(({ row, wait }) => reactorRecord(row, wait)))
  printTable(
    ['REACTOR', 'MODE', 'SOURCES', 'FIRINGS', 'LAST FIRED', 'STATE'],
    infos.map(({ row, wait }) => [
      row.name,
      row.mode,
      row.inputs.map(({ source }) => source).join(', '),
      String(row.lastSequence),
      { instant: row.lastFiredAt, missing: 'never' },
      row.undeclaredAt === null ? (wait === null ? '' : reactorWaitText(wait)) : 'not declared',
    ]),
    'There are no reactors in this database.',
  )
}

async function show(runner: Runner, name: string, options: DatabaseOptions): Promise<void> {
  const row = await runner.reactors.get(name)
  const wait = await reactorWait(runner, row)
  const firings = await lastFirings(runner, name)
  const subscriptions = await runner.reactors.subscriptions({ reactor: name })
  if (options.json)
    return printJson({
      ...reactorRecord(row, wait),
      firings: firings.map(firingDetailRecord),
      subscriptions: subscriptions.map(subscriptionRecord),
    })
  printFields({
    reactor: row.name,
    mode: row.mode,
    firings: String(row.lastSequence),
    'last fired': instantText(row.lastFiredAt, 'never'),
    ...(wait === null ? {} : { waits: reactorWaitText(wait) }),
    ...(row.undeclaredAt === null
      ? {}
      : { declared: `no, not in a served script since ${instantText(row.undeclaredAt)}` }),
    created: instantText(row.createdAt),
  })
  printLine('')
  printInputs(row)
  if (firings.length > 0) {
    printLine('')
    printFirings(firings)
  }
  printLine('')
  printSubscriptions(subscriptions, 'No workflow is subscribed to this reactor.')
}

function printInputs({ inputs }: ReactorRow): void {
  printTable(
    ['SOURCE', 'NEW', 'DELIVERED', 'EVENT', 'VALUE'],
    inputs.map(({ source, isDirty, valueAt, sequence, valueText }) => [
      source,
      isDirty ? 'yes' : 'no',
      { instant: valueAt, missing: 'never' },
      sequence === null ? '' : String(sequence),
      valueText ?? '',
    ]),
    'This reactor has no sources.',
  )
}

async function lastFirings(runner: Runner, name: string): Promise<readonly FiringDetail[]> {
  const rows = await runner.reactors.firings(name, { limit: SHOWN_FIRINGS })
  const details = await Promise.all(rows.map(({ id }) => runner.reactors.firing(id)))
  return details.filter((detail) => detail !== null)
}

function printFirings(firings: readonly FiringDetail[]): void {
  printTable(
    ['FIRING', 'FIRED', 'CAUSES', 'EXECUTIONS'],
    firings.map(({ firing, executions }) => [
      ...firingCells(firing),
      executions.map(({ executionId }) => idText(executionId)).join(', '),
    ]),
    null,
  )
}

function firingCells(row: ReactorFiring) {
  return [String(row.sequence), { instant: row.firedAt }, firingCausesText(row)]
}

async function firings(runner: Runner, name: string, options: PageOptions): Promise<void> {
  await runner.reactors.get(name)
  const { limit, cursor } = options
  const found = await runner.reactors.firings(name, {
    limit: limit + 1,
    ...(cursor !== undefined && { after: cursor }),
  })
  const shown = rowsOfPage(found, limit, 'firings')
  if (options.json) return printJson(shown.map(reactorFiringRecord))
  printTable(
    ['FIRING', 'FIRED', 'CAUSES', 'PAYLOAD'],
    shown.map((row) => [...firingCells(row), row.payloadText]),
    limit === 0 ? null : `Reactor "${name}" has no stored firings.`,
  )
}

async function firing(runner: Runner, name: string, sequence: number, options: DatabaseOptions): Promise<void> {
  const detail = await firingOf(runner, name, sequence)
  if (options.json) return printJson(firingDetailRecord(detail))
  const { firing: row, executions } = detail
  printFields({
    reactor: row.reactor,
    firing: String(row.sequence),
    id: row.id,
    fired: instantText(row.firedAt),
    causes: firingCausesText(row),
    payload: row.payloadText,
  })
  printLine('')
  printTable(
    ['WORKFLOW', 'EXECUTION', 'SUBSCRIPTION'],
    executions.map(({ workflow, executionId, subscriptionId }) => [
      workflow,
      { id: executionId },
      { id: subscriptionId },
    ]),
    'This firing started no executions.',
  )
}

/** Finds a firing by its distance from the newest one: stored sequences have no gaps. */
async function firingOf(runner: Runner, name: string, sequence: number): Promise<FiringDetail> {
  const { lastSequence } = await runner.reactors.get(name)
  if (sequence >= 1 && sequence <= lastSequence) {
    const around = { limit: SHOWN_FIRINGS, offset: Math.max(0, lastSequence - sequence) }
    const row = (await runner.reactors.firings(name, around)).find((each) => each.sequence === sequence)
    const detail = row === undefined ? null : await runner.reactors.firing(row.id)
    if (detail !== null) return detail
  }
  const kept =
    lastSequence === 0
      ? 'The reactor has not fired yet.'
      : `The newest firing is ${lastSequence}. Old firings are removed automatically.`
  throw new UsageError('INVALID_ARGUMENT', `Firing ${sequence} of reactor "${name}" not found. ${kept}`, {
    reactor: name,
  })
}
