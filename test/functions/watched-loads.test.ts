/** The watching thread stops only the code of a script whose load is overdue. */

import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { canBeStopped, WatchedLoads } from '../../src/functions/blocking/watched-loads.ts'
import { ModuleScripts } from '../../src/functions/module-scripts.ts'
import { LIMIT_MS } from '../support/limits.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { taskRequest } from './open-functions.ts'

const SCRIPT = 'file:///jobs/orders.ts'
const HELPER = 'file:///jobs/helper.ts'
const OWN = new URL('../../src/functions/module-scripts.ts', import.meta.url).href

const at = (url: string, line: number, name = 'a function') => ({ url, line, name })

function overdue() {
  const clock = new ManualClock()
  const loads = new WatchedLoads(clock)
  loads.received({ type: 'loading', load: SCRIPT, urls: [SCRIPT], limitMs: 1_000 })
  loads.received({ type: 'module', load: SCRIPT, url: HELPER })
  return { clock, loads }
}

describe('the load that a stack trace belongs to', () => {
  it('is the load of the outermost module, with its innermost line, and overdue after the limit', async () => {
    const { clock, loads } = overdue()
    const frames = [at('file:///jobs/node_modules/x/index.js', 9), at(HELPER, 3), at(SCRIPT, 7), at(OWN, 200)]

    expect(loads.needLook()).toBe(false)
    expect(loads.of(frames)).toEqual({ load: SCRIPT, frame: at(HELPER, 3) })
    expect(loads.overdueOf(frames)).toBe(null)
    await clock.advance(1_300)

    expect([loads.needLook(), loads.needLook()]).toEqual([true, false])
    expect(loads.overdueOf(frames)).toEqual({ load: SCRIPT, frame: at(HELPER, 3) })
  })

  it('is not overdue in code of another script, in code of the engine, and after its end', async () => {
    const { clock, loads } = overdue()
    await clock.advance(1_300)
    loads.needLook()

    expect(loads.overdueOf([at(HELPER, 3), at('file:///jobs/other.ts', 5)])).toBe(null)
    expect(loads.overdueOf([at('node:fs', 3), at(OWN, 5)])).toBe(null)
    loads.received({ type: 'loaded', load: SCRIPT })
    expect(loads.overdueOf([at(SCRIPT, 7)])).toBe(null)
  })

  it('is searched again each second until the load ends, because a search may find other code', async () => {
    const { clock, loads } = overdue()
    await clock.advance(1_300)
    loads.needLook()
    await clock.advance(900)
    expect(loads.needLook()).toBe(false)
    await clock.advance(100)
    expect(loads.needLook()).toBe(true)

    loads.received({ type: 'loaded', load: SCRIPT })
    await clock.advance(1_000)
    expect(loads.needLook()).toBe(false)
  })

  it('cannot be stopped in a callback of a timer or an immediate, which would end the process', () => {
    expect(canBeStopped([at(SCRIPT, 7), at('node:internal/modules/esm/module_job', 569, 'run')])).toBe(true)
    expect(canBeStopped([at(SCRIPT, 7), at('node:internal/timers', 685, 'listOnTimeout')])).toBe(false)
    expect(canBeStopped([at(SCRIPT, 7), at('node:internal/timers', 574, 'processImmediate')])).toBe(false)
  })
})

it('does not stop a blocking task of another script while a load is overdue', async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cloaca-loads-')))
  const open = (loadDeadlineMs: number) =>
    new ModuleScripts({
      clock: new SystemClock({ keepsProcessAlive: false, onTrouble: () => undefined }),
      printer: { print: () => undefined, ended: () => undefined, drain: () => Promise.resolve() },
      ...{ secrets: null, logLimits: { attemptBytes: 65_536, pollBytes: 65_536 }, notice: () => undefined },
      ...({ stdoutTo: 'stderr', prefixes: false, memoryMebibytes: 64, loadDeadlineMs } as const),
      packageUrl: new URL('../../src/index.ts', import.meta.url).href,
      runner: () => null,
    })
  const load = (scripts: ModuleScripts, name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return scripts.load(name, join(folder, name))
  }
  // Each has a thread that watches this one. Only the load that waits has a short limit.
  const [scripts, waiting] = [open(LIMIT_MS), open(1_500)]
  const task = `async () => {
    await null
    const end = performance.now() + 3_500
    while (performance.now() < end);
    return { done: true }
  }`
  await load(
    scripts,
    'orders.ts',
    `import { workflow } from 'cloaca'\nexport const o = workflow('orders').task('ship', ${task})`,
  )

  const waits = load(waiting, 'waits.ts', 'await new Promise(() => undefined)\nexport {}')
  const outcome = await scripts.runTask({ ...taskRequest(), script: 'orders.ts' })

  expect(outcome).toEqual({ kind: 'completed', contextText: '{"done":true}' })
  expect(await waits).toMatchObject({ fault: { type: 'TimeoutError' } })
  await Promise.all([scripts.close(), waiting.close()])
  rmSync(folder, { recursive: true })
})
