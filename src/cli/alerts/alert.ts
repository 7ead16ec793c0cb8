/** `cloaca alert`: lists the alerts that were sent, and what came of them. */

import { Command } from 'commander'
import type { AlertDelivery, Runner } from '../../index.ts'
import { alertRecord } from '../../runner/records/alerts.ts'
import { type DatabaseOptions, withDatabase, withReader } from '../database.ts'
import { withExamples } from '../help.ts'
import { wholeNumber } from '../option-values.ts'
import { printJson, printTable } from '../print.ts'

type ListOptions = DatabaseOptions & { readonly limit: number }

export function alertCommand(): Command {
  const alert = withExamples(new Command('alert').description('list alerts'), 'cloaca alert list --limit 5')
  const listing = alert.command('list').description('list alerts and their deliveries, newest first')
  withDatabase(withExamples(listing, 'cloaca alert list --limit 5'))
    .option('--limit <n>', 'show at most this many alerts', wholeNumber, 20)
    .action((options: ListOptions) => withReader(options, (runner) => list(runner, options)))
  return alert
}

async function list(runner: Runner, { json, limit }: ListOptions): Promise<void> {
  const rows = await runner.alerts.list({ limit })
  if (json) return printJson(rows.map(alertRecord))
  printTable(
    ['RAISED', 'KIND', 'DELIVERIES', 'MESSAGE'],
    rows.map((row) => [
      { instant: row.at, missing: '' },
      row.kind,
      row.deliveries.map(deliveryText).join(', '),
      row.message,
    ]),
    limit === 0 ? null : 'There are no alerts in this database.',
  )
}

function deliveryText({ to, outcome, attempts, error }: AlertDelivery): string {
  if (outcome === 'delivered') return `${to}: delivered`
  const tried = `${attempts} attempt${attempts === 1 ? '' : 's'}`
  const state = outcome === 'failed' ? `${to}: failed after ${tried}` : `${to}: pending after ${tried}`
  return error === null ? state : `${state}: ${error}`
}
