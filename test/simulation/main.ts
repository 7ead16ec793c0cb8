/**
 * `npm run simulate`: runs seeds of the simulation. For a failing seed it prints the broken invariant, the shortest
 * program that breaks it, and the command that repeats it, and ends with exit code 1.
 *
 *     npm run simulate -- --seeds 1-500            runs these seeds
 *     npm run simulate -- --seeds fixed,1-150      runs a seed for each defect that the simulation has found, and these
 *     npm run simulate -- --minutes 10             runs new seeds for 10 minutes
 *     … --seeds 1-500 --minutes 2                  runs these seeds, but for at most 2 minutes
 *     npm run simulate -- --seed 7 --verbose       runs one seed and prints a line for each event
 *     npm run simulate -- --seed 7 --shrink        finds the shortest failing program of one seed, without a time limit
 *     npm run simulate -- --mutants                checks that the simulation finds every mutant
 *     … --store postgres                           uses its own PostgreSQL server
 */

import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { coverageTable, mergedCoverage } from './coverage.ts'
import { FIXED_SEEDS } from './fixed-seeds.ts'
import { generate } from './generate.ts'
import type { StoreKind } from './program.ts'
import { runProgram, runSeeds, type SeedResult } from './seeds.ts'
import { programText, shrink } from './shrink.ts'

/** Maximum number of failures that one run shrinks. Further failures are only printed. */
const MAX_SHRUNK = 3
const SHRINK_WITHIN_MS = 60_000

interface Options {
  readonly store: StoreKind
  readonly jobs: number
}

process.exitCode = await main()

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string' },
      seed: { type: 'string' },
      minutes: { type: 'string' },
      store: { type: 'string', default: 'sqlite' },
      jobs: { type: 'string', default: String(availableParallelism()) },
      verbose: { type: 'boolean', default: false },
      shrink: { type: 'boolean', default: false },
      mutants: { type: 'boolean', default: false },
    },
  })
  const store = values.store
  if (store !== 'sqlite' && store !== 'postgres') return refuse(`--store is "sqlite" or "postgres", not "${store}"`)
  const options: Options = { store, jobs: Number(values.jobs) }
  if (values.mutants) return await (await import('./mutants/run.ts')).runMutants(options.jobs)
  if (values.seed !== undefined) return await runOne(Number(values.seed), store, values)
  const until = performance.now() + Number(values.minutes ?? Number.POSITIVE_INFINITY) * 60_000
  if (values.minutes !== undefined && values.seeds === undefined) return await runNew(until, options)
  const text = values.seeds ?? '1-100'
  const seeds = seedsOf(text)
  if (seeds === null) return refuse(`--seeds is a list such as fixed,1-500, not "${text}"`)
  return await runAll(() => (performance.now() > until ? null : (seeds.shift() ?? null)), options)
}

/** Returns the seeds of a list of numbers, ranges and the word `fixed`, each seed once, or null if it is not a list. */
function seedsOf(list: string): number[] | null {
  const seeds = new Set<number>()
  for (const part of list.split(',')) {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? []
    if (part !== 'fixed' && first === undefined) return null
    if (part === 'fixed') for (const seed of FIXED_SEEDS) seeds.add(seed)
    else for (let seed = Number(first); seed <= Number(last); seed++) seeds.add(seed)
  }
  return [...seeds]
}

function refuse(problem: string): number {
  console.error(`npm run simulate: ${problem}`)
  return 2
}

async function runOne(
  seed: number,
  store: StoreKind,
  { verbose, shrink: isThorough }: { readonly verbose: boolean; readonly shrink: boolean },
): Promise<number> {
  const log = verbose ? { log: (line: string) => console.log(line) } : {}
  const { violation, simulatedMs, turns, trace } = await runProgram(generate(seed, store), log)
  console.log(
    `seed ${seed}: ${turns} turns, ${Math.round(simulatedMs / 1_000)} simulated seconds, trace ${trace.slice(0, 16)}`,
  )
  if (violation === null) return 0
  await reportFailure(seed, store, isThorough ? Number.POSITIVE_INFINITY : SHRINK_WITHIN_MS)
  return 1
}

/** Runs seeds that start with the current time, so that they are new in each run. */
function runNew(until: number, options: Options): Promise<number> {
  let next = Math.floor(Date.now() / 1_000) * 1_000
  console.log(`seeds from ${next} on`)
  return runAll(() => (performance.now() > until ? null : next++), options)
}

async function runAll(next: () => number | null, { store, jobs }: Options): Promise<number> {
  const startedAt = performance.now()
  const results: SeedResult[] = []
  await runSeeds({ store, jobs, next, ended: (result) => results.push(result) })
  const seconds = (performance.now() - startedAt) / 1_000
  const failed = results.filter(({ violation }) => violation !== null).sort((one, other) => one.seed - other.seed)
  for (const { seed } of failed.slice(0, MAX_SHRUNK)) await reportFailure(seed, store, SHRINK_WITHIN_MS)
  for (const { seed, violation } of failed.slice(MAX_SHRUNK))
    console.log(`seed ${seed} broke ${violation?.invariant}: ${violation?.message}`)
  const table = coverageTable(mergedCoverage(results.map(({ coverage }) => coverage)))
  console.log(`\nHow often each fault met each operation:\n\n${table}\n`)
  const simulated = results.reduce((sum, { simulatedMs }) => sum + simulatedMs, 0) / 1_000
  console.log(
    `${results.length} seeds on ${store}, ${failed.length} failed; ` +
      `${Math.round(simulated / 3_600)} simulated hours in ${Math.round(seconds)} s, ` +
      `${Math.round(simulated / seconds)} times faster than real time`,
  )
  return failed.length > 0 || results.length === 0 ? 1 : 0
}

async function reportFailure(seed: number, store: StoreKind, withinMs: number): Promise<void> {
  const program = generate(seed, store)
  const { violation } = await runProgram(program)
  if (violation === null) throw new Error(`Seed ${seed} failed once and not again: the simulation does not repeat.`)
  const until = performance.now() + withinMs
  const shortest = await shrink(program, violation.invariant, {
    broken: async (candidate) => (await runProgram(candidate)).violation?.invariant ?? null,
    hasTime: () => performance.now() < until,
  })
  const last = (await runProgram(shortest)).violation
  console.log(`\nseed ${seed} broke "${violation.invariant}": ${last?.message} (at ${Math.round(last?.at ?? 0)} ms)`)
  console.log(`The shortest program that breaks it:\n${programText(shortest)}`)
  const onStore = store === 'sqlite' ? '' : ` --store ${store}`
  console.log(`Repeat it with: npm run simulate -- --seed ${seed} --verbose${onStore}`)
}
