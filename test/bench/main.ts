/**
 * `npm run bench [GROUP…]`: measures, prints a table and writes `bench-results.json`. It is not part of the tests,
 * because figures depend on the machine. People compare the figures of one run.
 */

import { writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import type { Figure } from './figure.ts'
import { executeFigures, logFigures, pollFigures, startFigures } from './program-figures.ts'

const GROUPS: Readonly<Record<string, () => Promise<Figure[]>>> = {
  start: startFigures,
  print: async () => (await import('./printing.ts')).printFigures(),
  execute: executeFigures,
  logs: logFigures,
  poll: pollFigures,
  states: async () => (await import('./polled-states.ts')).stateFigures(),
  firings: async () => (await import('./many-firings.ts')).firingFigures(),
  survival: async () => (await import('./survival.ts')).survivalFigures(),
  steering: async () => (await import('./steering.ts')).steeringFigures(),
  prune: async () => (await import('./pruning.ts')).pruningFigures(),
  postgres: async () => (await import('./postgres.ts')).postgresFigures(),
  snapshot: async () => (await import('./postgres-snapshot.ts')).snapshotFigures(),
  metrics: async () => (await import('./metrics.ts')).metricsFigures(),
  page: async () => [
    ...(await (await import('./page-triggers.ts')).triggerPageFigures()),
    ...(await (await import('./page.ts')).pageFigures()),
  ],
  graphs: async () => (await import('./graphs.ts')).graphFigures(),
  waits: async () => (await import('./waits.ts')).waitFigures(),
  limits: async () => (await import('./limits.ts')).limitFigures(),
  typescript: async () => (await import('./typescript.ts')).typescriptFigures(),
  codec: async () => (await import('./codec.ts')).codecFigures(),
  python: async () => (await import('./python.ts')).pythonFigures(),
}

const chosen = process.argv.slice(2)
const unknown = chosen.filter((name) => GROUPS[name] === undefined)
if (unknown.length > 0) throw new Error(`There is no group "${unknown[0]}": ${Object.keys(GROUPS).join(', ')}.`)

const figures: (Figure & { readonly group: string })[] = []
for (const group of chosen.length > 0 ? chosen : Object.keys(GROUPS)) {
  for (const figure of (await GROUPS[group]?.()) ?? []) {
    figures.push({ group, ...figure })
    console.log(rowOf(figure))
  }
}

writeFileSync(
  'bench-results.json',
  `${JSON.stringify({ node: process.version, cores: cpus().length, memoryBytes: totalmem(), figures }, null, 2)}\n`,
)

function rowOf({ name, value, unit, budget, note }: Figure): string {
  const figure = `${value >= 100 ? value.toFixed(0) : value.toPrecision(3)} ${unit}`
  const limit = budget === undefined ? '' : `budget ${budget} ${unit}`
  return `${name.padEnd(56)} ${figure.padStart(16)}   ${limit.padEnd(22)} ${note ?? ''}`.trimEnd()
}
