/**
 * Measures the time that the event loop of an engine needs for each slot that becomes free, while executions wait for
 * it. Prints the figures as JSON.
 *
 * Arguments: the database, the number of waiting executions, and the number of slots to measure, each time.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Runner } from '../../../dist/index.js'

const [database = '', waiting = '10000', slots = '500', times = '1'] = process.argv.slice(2)
const BATCH = 500
const POLL_MS = 20
const WARM_UP_SLOTS = 50
const SETTLED_MS = 500

await using runner = await Runner.open({ database, durability: 'normal', config: { maxConcurrentTasks: 64 } })
await runner.load(fileURLToPath(new URL('limited.ts', import.meta.url)))
await runner.start()
let submitted = 0
let completed = 0
runner.on('executionFinished', () => (completed += 1))

const samples: { readonly cpuMs: number; readonly loopMs: number; readonly wallMs: number }[] = []
let fillMs = 0
for (let time = 0; time < Number(times); time++) {
  await fill(Number(waiting))
  samples.push(await measure())
  await until(() => completed === submitted)
}
const average = (of: (sample: (typeof samples)[number]) => number) =>
  samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length
const figures = {
  cpu_ms: average((each) => each.cpuMs),
  loop_ms: average((each) => each.loopMs),
  wall_ms: average((each) => each.wallMs),
  fill_ms: fillMs,
}
console.log(JSON.stringify(figures))

/** Lets executions wait, for which the limit is closed. */
async function fill(count: number): Promise<void> {
  const begin = performance.now()
  await runner.limits.close('line')
  for (; submitted < count * (samples.length + 1); submitted += BATCH) {
    await Promise.all(Array.from({ length: BATCH }, () => runner.workflows.submit('queued')))
  }
  await until(async () => (await runner.limits.get('line')).waiting === count)
  fillMs = performance.now() - begin
}

/** Opens the limit, and measures while most executions still wait. */
async function measure() {
  await sleep(SETTLED_MS)
  const first = completed
  await runner.limits.open('line')
  await until(() => completed >= first + WARM_UP_SLOTS)
  const [begin, beginCount, beginLoop] = [performance.now(), completed, performance.eventLoopUtilization()]
  const beginCpu = process.threadCpuUsage()
  await until(() => completed >= beginCount + Number(slots))
  const { active } = performance.eventLoopUtilization(beginLoop)
  const { user, system } = process.threadCpuUsage(beginCpu)
  const ended = completed - beginCount
  return { cpuMs: (user + system) / 1_000 / ended, loopMs: active / ended, wallMs: (performance.now() - begin) / ended }
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(POLL_MS)
}
