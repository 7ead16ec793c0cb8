/** The simulation in the normal run: fixed seeds, that it repeats, that it can shrink, and that its mutants still apply. */

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

describe('the simulation', () => {
  test('breaks no invariant with the fixed seeds', { timeout: 300_000 }, async () => {
    const broken: string[] = []
    for (const seed of FIXED_SEEDS) {
      const { violation } = await runProgram(generate(seed, 'sqlite'))
      if (violation !== null) broken.push(`seed ${seed} broke ${violation.invariant}: ${violation.message}`)
    }

    expect(broken).toEqual([])
    expect(FIXED_SEEDS.length).toBeGreaterThanOrEqual(30)
  })

  test('gives the same trace for two runs of one seed', async () => {
    const first = await runProgram(generate(4, 'sqlite'))
    const second = await runProgram(generate(4, 'sqlite'))

    expect(second.trace).toBe(first.trace)
    expect(second.turns).toBe(first.turns)
  })

  test('shrinks a program to the parts that break the invariant', async () => {
    // No other step of this program has the time of the first.
    const program = generate(1, 'sqlite')
    const [needed] = program.steps
    const broken = (candidate: Program) =>
      Promise.resolve(candidate.steps.some((step) => step.at === needed?.at) ? 'made-up' : null)

    const shortest = await shrink(program, 'made-up', { broken, hasTime: () => true })

    expect(shortest.steps).toEqual([needed])
    expect(shortest.triggers).toEqual([])
    expect(shortest.processes).toHaveLength(1)
  })

  test('has mutants that all apply, each to one place', async () => {
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
  test('runs timers that are due together before the immediates of the first, and steps of the program between them', async () => {
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

  test('runs nothing of a process that has ended, and late what a suspended one missed', async () => {
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
