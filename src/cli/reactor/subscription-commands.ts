/** `cloaca reactor subscribe | unsubscribe | subscriptions | pause | resume | replay`: need no serving process. */

import type { Command } from 'commander'
import { type ActionOptions, type Runner, type Subscription, UsageError } from '../../index.ts'
import { subscriptionRecord, subscriptionState } from '../../runner/records/reactor-records.ts'
import { type DatabaseOptions, withReader, withRunner } from '../command-database.ts'
import { instantText } from '../display.ts'
import { wholeNumber } from '../option-values.ts'
import { printJson, printLine, printMessage, printTable } from '../print.ts'

type TenantOptions = DatabaseOptions & { readonly tenant: string; readonly note?: string }
type ListOptions = DatabaseOptions & { readonly tenant?: string }
type NewCommand = (name: string, description: string, ...examples: readonly string[]) => Command

const NOTE = 'record a reason for this action'
const DEFAULT_TENANT = 'public'

export function addSubscriptionCommands(command: NewCommand, named: NewCommand): void {
  const between = (name: string, description: string, example: string) =>
    named(name, description, example)
      .argument('<workflow>', 'name of the workflow')
      .option('--tenant <name>', 'select the tenant that owns the workflow', DEFAULT_TENANT)
      .option('--note <text>', NOTE)

  between(
    'subscribe',
    'subscribe a workflow to a reactor, or replace its predicate',
    `cloaca reactor subscribe oven ring_the_bell --when 'payload.probe.c > 80.0'`,
  )
    .option('--when <cel>', 'require this CEL predicate (variables: payload, reactor, tenant)')
    .option('--allow-missing', 'accept a reactor or workflow that is not declared yet')
    .action(subscribe)
  between(
    'unsubscribe',
    'unsubscribe a workflow from a reactor',
    'cloaca reactor unsubscribe oven ring_the_bell',
  ).action(unsubscribe)
  command('subscriptions', 'list the subscriptions of workflows to reactors', 'cloaca reactor subscriptions oven')
    .argument('[name]', 'name of the reactor, default: all')
    .option('--tenant <name>', 'show only subscriptions of this tenant')
    .action((name: string | undefined, options: ListOptions) =>
      withReader(options, (runner) => list(runner, name, options)),
    )
  between(
    'pause',
    'pause a subscription; its firings are queued until it resumes',
    'cloaca reactor pause oven ring_the_bell',
  ).action((name: string, workflow: string, options: TenantOptions) => setPaused(name, workflow, true, options))
  between(
    'resume',
    'resume a subscription and process its queued firings',
    'cloaca reactor resume oven ring_the_bell',
  ).action((name: string, workflow: string, options: TenantOptions) => setPaused(name, workflow, false, options))
  between(
    'replay',
    'start a workflow again for past firings of a reactor',
    'cloaca reactor replay oven ring_the_bell --from 120',
  )
    .requiredOption('--from <sequence>', 'start at this firing number', wholeNumber)
    .action(replay)
}

export function printSubscriptions(rows: readonly Subscription[], nothing: string): void {
  printTable(
    ['WORKFLOW', 'TENANT', 'STATE', 'DONE', 'WAITING', 'WHEN', 'LAST ERROR'],
    rows.map((row) => subscriptionCells(row)),
    nothing,
  )
}

function subscriptionCells(row: Subscription) {
  const { workflow, tenant, doneSequence, waiting, predicate, lastError, errorCount, lastErrorAt } = row
  const error =
    lastError === null ? '' : `${errorCount} errors in a row, last ${instantText(lastErrorAt)}: ${lastError}`
  const state = { state: subscriptionState(row) }
  return [workflow, tenant, state, String(doneSequence), String(waiting), predicate ?? 'always', error]
}

async function subscribe(
  name: string,
  workflow: string,
  options: TenantOptions & { readonly when?: string; readonly allowMissing?: true },
): Promise<void> {
  const { tenant, when = null, allowMissing = false } = options
  await withRunner(options, async (runner) => {
    const id = await runner.reactors.subscribe(name, workflow, { ...action(options), tenant, when, allowMissing })
    const warnings = when === null ? [] : await runner.reactors.predicateWarnings(name, when)
    for (const warning of warnings) printMessage(`Warning: ${warning}`)
    if (options.json) printJson({ id, reactor: name, workflow, tenant, predicate: when })
    else
      printLine(
        `Workflow "${workflow}" subscribed to reactor "${name}"${when === null ? '' : ` with condition ${when}`}.`,
      )
  })
}

async function unsubscribe(name: string, workflow: string, options: TenantOptions): Promise<void> {
  const { tenant } = options
  await withRunner(options, async (runner) => {
    const isRemoved = await runner.reactors.unsubscribe(name, workflow, { ...action(options), tenant })
    if (!isRemoved) throw await noSubscription(runner, name, workflow, tenant)
    if (options.json) printJson({ reactor: name, workflow, tenant, removed: true })
    else printLine(`Workflow "${workflow}" unsubscribed from reactor "${name}". Its executions are kept.`)
  })
}

async function list(runner: Runner, name: string | undefined, options: ListOptions): Promise<void> {
  const { tenant, json } = options
  if (name !== undefined) await assertKnown(runner, name)
  const rows = await runner.reactors.subscriptions({
    ...(name !== undefined && { reactor: name }),
    ...(tenant !== undefined && { tenant }),
  })
  if (json) return printJson(rows.map(subscriptionRecord))
  printTable(
    ['REACTOR', 'WORKFLOW', 'TENANT', 'STATE', 'DONE', 'WAITING', 'WHEN', 'LAST ERROR'],
    rows.map((row) => [row.reactor, ...subscriptionCells(row)]),
    'There are no matching subscriptions in this database.',
  )
}

/** A reactor that is not declared yet may have subscriptions. */
async function assertKnown(runner: Runner, name: string): Promise<void> {
  const rows = await runner.reactors.subscriptions({ reactor: name })
  if (rows.length === 0) await runner.reactors.get(name)
}

async function setPaused(name: string, workflow: string, isPaused: boolean, options: TenantOptions): Promise<void> {
  await withRunner(options, async (runner) => {
    const { id, waiting } = await find(runner, name, workflow, options.tenant)
    if (isPaused) await runner.reactors.pause(id, action(options))
    else await runner.reactors.resume(id, action(options))
    const { tenant } = options
    if (options.json) printJson({ id, reactor: name, workflow, tenant, enabled: !isPaused })
    else if (isPaused)
      printLine(`Subscription of workflow "${workflow}" to reactor "${name}" paused. New firings are queued.`)
    else
      printLine(
        `Subscription of workflow "${workflow}" to reactor "${name}" resumed. Queued firings to process: ${waiting}.`,
      )
  })
}

async function replay(
  name: string,
  workflow: string,
  options: TenantOptions & { readonly from: number },
): Promise<void> {
  await withRunner(options, async (runner) => {
    const { tenant } = options
    const { id } = await find(runner, name, workflow, tenant)
    const first = await runner.reactors.replay(id, options.from, action(options))
    if (options.json) printJson({ id, reactor: name, workflow, tenant, from: first })
    else
      printLine(`Starting workflow "${workflow}" again for the firings of reactor "${name}" from number ${first} on.`)
  })
}

async function find(runner: Runner, name: string, workflow: string, tenant: string): Promise<Subscription> {
  const rows = await runner.reactors.subscriptions({ reactor: name, tenant })
  const row = rows.find((each) => each.workflow === workflow)
  if (row !== undefined) return row
  throw await noSubscription(runner, name, workflow, tenant)
}

async function noSubscription(runner: Runner, name: string, workflow: string, tenant: string): Promise<UsageError> {
  const rows = await runner.reactors.subscriptions({ tenant })
  const others = rows.filter((row) => row.reactor === name).map((row) => row.workflow)
  const subscribed =
    others.length === 0 ? 'This reactor has no subscriptions.' : `Subscribed workflows: ${others.join(', ')}.`
  const ofTenant = tenant === DEFAULT_TENANT ? '' : ` of tenant "${tenant}"`
  const message = `Workflow "${workflow}"${ofTenant} is not subscribed to reactor "${name}". ${subscribed}`
  return new UsageError('SUBSCRIPTION_NOT_FOUND', message, { reactor: name, workflow })
}

function action({ note }: TenantOptions): ActionOptions {
  return { source: 'cli', ...(note !== undefined && { note }) }
}
