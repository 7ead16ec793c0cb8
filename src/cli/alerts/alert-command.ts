/** `cloaca alert`: lists the alerts that were sent, with their deliveries, and sends test alerts. */

import { Command } from 'commander'
import type { AlertDelivery, Runner } from '../../index.ts'
import { alertRecord } from '../../runner/records/alert-records.ts'
import { type AlertTest, sendTestAlert } from '../../runner/start/alert-test.ts'
import { type DatabaseOptions, withDatabase, withReader } from '../command-database.ts'
import { withExamples } from '../help-examples.ts'
import { wholeNumber } from '../option-values.ts'
import { printJson, printLine, printTable } from '../print.ts'
import { settingsFrom, withSettings } from '../settings/flags.ts'

type ListOptions = DatabaseOptions & { readonly limit: number }

/** `finish` receives the exit code. */
export function alertCommand(finish: (exitCode: number) => void): Command {
  const alert = withExamples(
    new Command('alert').description('list alerts, and test their receivers'),
    'cloaca alert list --limit 5',
    'cloaca alert test oncall',
  )
  const listing = alert.command('list').description('list alerts and their deliveries, newest first')
  withDatabase(withExamples(listing, 'cloaca alert list --limit 5'))
    .option('--limit <n>', 'show at most this many alerts', wholeNumber, 20)
    .action((options: ListOptions) => withReader(options, (runner) => list(runner, options)))
  const test = alert.command('test').description('send a test alert and print the response')
  withSettings(withExamples(test, 'cloaca alert test default', 'cloaca alert test oncall --json'), [])
    .argument('<receiver>', 'name of a receiver in the settings')
    .option('--json', 'print JSON')
    .action(async (receiver: string, options: { readonly json?: true }) => {
      const result = await sendTestAlert(settingsFrom(options), receiver)
      if (options.json) printJson(result)
      else printTest(result)
      finish(result.deliveries.every(({ error }) => error === null) ? 0 : 1)
    })
  return alert
}

async function list(runner: Runner, { json, limit }: ListOptions): Promise<void> {
  const rows = await runner.alerts.list({ limit })
  if (json) return printJson(rows.map(alertRecord))
  printTable(
    ['RAISED', 'KIND', 'STATE', 'DELIVERIES', 'MESSAGE'],
    rows.map((row) => [
      { instant: row.at, missing: '' },
      row.kind,
      row.state,
      row.deliveries.map(deliveryText).join(', '),
      row.message,
    ]),
    limit === 0 ? null : 'There are no alerts in this database.',
  )
}

/** Returns the receiver, the result, and the attempts if there was not exactly one. */
function deliveryText({ receiver, to, outcome, attempts, response, error }: AlertDelivery): string {
  const result = error ?? response
  const tried =
    outcome === 'delivered' && attempts === 1 ? '' : ` after ${attempts} attempt${attempts === 1 ? '' : 's'}`
  return `${receiver} (${to}): ${outcome}${tried}${result === null ? '' : ` (${result})`}`
}

function printTest({ receiver, deliveries }: AlertTest): void {
  for (const { to, response, error } of deliveries) {
    const result = error === null ? `delivered (${response})` : `failed: ${error}`
    printLine(`Test alert to the ${to} of receiver "${receiver}" ${result}`)
  }
}
