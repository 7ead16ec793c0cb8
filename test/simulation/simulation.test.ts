/** Repeatability and shrinking of the simulation, and mutants that still apply. `npm run simulate` runs seeds. */

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { FIXED_SEEDS } from './fixed-seeds.ts'
import { generate } from './generate.ts'
import { SimulationLoop } from './loop.ts'
import { allMutants } from './mutants/all.ts'
import type { Program } from './program.ts'
import { SeededRandom } from './random.ts'
import { runProgram } from './seeds.ts'
import { shrink } from './shrink.ts'

const ROOT = new URL('../../', import.meta.url)
const byHand = [...(await allMutants())].flatMap(([name, { program }]) => {
  return program === undefined ? [] : [[name, program] as const]
})

describe('the simulation', () => {
  test.each(byHand)(
    'finds no broken invariant in the program of the mutant %s',
    { tags: ['proof'] },
    async (_, program) => {
      expect((await runProgram(program)).violation).toBeNull()
    },
  )

  test('has a fixed seed for each defect that it has found', () => {
    expect(FIXED_SEEDS.length).toBeGreaterThanOrEqual(30)
  })

  test('results in the same trace for two runs of one seed', async () => {
    const first = await runProgram(generate(4, 'sqlite'))
    const second = await runProgram(generate(4, 'sqlite'))

    expect(second.trace).toBe(first.trace)
    expect(second.turns).toBe(first.turns)
  })

  test('shrinks a program to the parts that break the invariant', async () => {
    // The first step of this program is the only step at its time.
    const program = generate(1, 'sqlite')
    const [needed] = program.steps
    const broken = (candidate: Program) =>
      Promise.resolve(candidate.steps.some((step) => step.at === needed?.at) ? 'made-up' : null)

    const shortest = await shrink(program, 'made-up', { broken, hasTime: () => true })

    expect(shortest.steps).toEqual([needed])
    expect(shortest.triggers).toEqual([])
    expect(shortest.processes).toHaveLength(1)
  })

  test('has mutants whose text occurs exactly once in the source', async () => {
    const mutants = await allMutants()

    for (const [name, { file, find, replace, breaks }] of mutants) {
      const source = readFileSync(new URL(file, ROOT), 'utf8')
      expect(source.split(find), name).toHaveLength(2)
      expect(replace, name).not.toBe(find)
      expect(breaks.includes('\n'), name).toBe(false)
    }
    expect(mutants.size).toBeGreaterThanOrEqual(20)
  })
})

describe('the simulated event loop', () => {
  test('runs all timers that are due at one time before their immediates, and promises in between', async () => {
    const loop = new SimulationLoop(new SeededRandom(1))
    const process = loop.process('p')
    const order: string[] = []
    process.timer(10, () => {
      order.push('first timer')
      process.soon(() => order.push('immediate of the first'))
      void Promise.resolve().then(() => order.push('promise of the first'))
    })
    process.timer(10, () => order.push('second timer'))

    await loop.run(20)

    expect(order).toEqual(['first timer', 'promise of the first', 'second timer', 'immediate of the first'])
  })

  test('runs no callback of an ended process, and late callbacks when a suspended process continues', async () => {
    const loop = new SimulationLoop(new SeededRandom(1))
    const [killed, suspended] = [loop.process('killed'), loop.process('suspended')]
    const order: string[] = []
    killed.timer(10, () => order.push('killed'))
    suspended.timer(10, () => order.push(`suspended at ${loop.now}`))
    loop.step(5, () => killed.end())
    loop.step(5, () => {
      suspended.state = 'suspended'
    })
    loop.step(100, () => {
      suspended.state = 'running'
    })

    await loop.run(200)

    expect(order).toEqual(['suspended at 100'])
  })
})
