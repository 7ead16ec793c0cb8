/** Schemas: what executions begin with, and what Python tasks set. */

import type { StandardSchemaV1 } from '@standard-schema/spec'
import { minLength, number, object, optional, pipe, string, transform } from 'valibot'
import { describe, expect, it } from 'vitest'
import { declarationsOf } from '../../src/authoring/definition.ts'
import { always, any, failed, succeeded } from '../../src/authoring/rules.ts'
import { isSchema } from '../../src/authoring/schema.ts'
import { trigger } from '../../src/authoring/trigger.ts'
import type { AnyWorkflow } from '../../src/authoring/types/workflow.ts'
import type { TaskTools } from '../../src/authoring/types.ts'
import { workflow } from '../../src/authoring/workflow.ts'

const TOOLS = {} as TaskTools
const INPUT = object({ order_id: number(), note: optional(pipe(string(), minLength(2)), 'none') })

const functionsOf = (...values: unknown[]) => declarationsOf(values, 'orders.ts').functions
const orders = workflow('orders', { input: INPUT }).task('ship', () => ({ ok: true }))

/** A library whose checks take a while, and whose schemas are functions. */
const slow: StandardSchemaV1<unknown, { score: number }> = Object.assign(() => undefined, {
  '~standard': {
    version: 1 as const,
    vendor: 'slow',
    validate: async (value: unknown) => {
      const { score } = value as { score?: unknown }
      if (typeof score === 'number') return { value: { score } }
      return { issues: [{ message: 'no number', path: ['lines', 2, { key: 'score' }] }] }
    },
  },
})

describe('the input of a workflow', () => {
  it('is what the schema makes of what is handed in: with its defaults', () => {
    expect(functionsOf(orders).inputs.get('orders')?.({ order_id: 7 })).toEqual({ order_id: 7, note: 'none' })
  })

  it('is refused with every problem and where it is', () => {
    const check = functionsOf(orders).inputs.get('orders')

    expect(() => check?.({ order_id: '7', note: 'x' })).toThrow(
      expect.objectContaining({
        code: 'INVALID_CONTEXT',
        facts: { workflow: 'orders' },
        message: expect.stringMatching(
          /^The input of workflow "orders" does not match its schema: order_id: .*number.*; note: .*2.*\.$/,
        ),
      }),
    )
  })

  it('is what its triggers fire', () => {
    const functions = functionsOf(trigger('inbox', { starts: orders }, () => ({ order_id: 7 })))

    expect(functions.triggers.get('inbox')?.checkFired?.({ order_id: 7 })).toEqual({ order_id: 7, note: 'none' })
    expect(functionsOf(trigger('inbox', { starts: 'orders' }, () => true)).triggers.get('inbox')?.checkFired).toBeNull()
  })

  it('may be checked by a library that takes a while, and be a function', async () => {
    expect(isSchema(slow)).toBe(true)
    const check = functionsOf(workflow('scores', { input: slow }).task('t', () => {})).inputs.get('scores')

    await expect(check?.({ score: 7, more: 1 })).resolves.toEqual({ score: 7 })
    await expect(check?.({ score: 'x' })).rejects.toThrow(
      'The input of workflow "scores" does not match its schema: lines[2].score: no number.',
    )
  })

  it('shows ten problems of a thousand', () => {
    const issues = Array.from({ length: 1000 }, (_, index) => ({ message: 'm'.repeat(1000), path: [index] }))
    const strict: StandardSchemaV1 = { '~standard': { version: 1, vendor: 'test', validate: () => ({ issues }) } }
    // What it makes of a value is not known.
    const flow = workflow('many', { input: strict as StandardSchemaV1<{ a: 1 }> }).task('t', () => {})
    const check = functionsOf(flow).inputs.get('many')

    expect(() => check?.({})).toThrow(
      /^The input of workflow "many" does not match its schema: .{800,1200}; and 990 more\.$/,
    )
  })
})

describe('what a Python task adds', () => {
  const python = { script: 'score.py', task: 'score', adds: object({ score: number() }) }
  const base = workflow('scores').task('score', { python })

  function run(flow: AnyWorkflow, task: string, context: object): unknown {
    return functionsOf(flow)
      .tasks.get('scores')
      ?.get(task)
      ?.run({ ...context }, TOOLS)
  }

  it('is checked before the first TypeScript task after it is called', () => {
    const flow = base
      .task('more', { after: 'score', python: { script: 'score.py', task: 'more' } })
      .task('use', { after: 'more' }, (ctx) => ({ double: ctx.score * 2 }))
      .task('late', { after: 'use' }, () => ({ done: true }))

    expect(run(flow, 'use', { score: 2 })).toEqual({ double: 4 })
    expect(() => run(flow, 'use', { score: 'two' })).toThrow(
      /^Task "use" of workflow "scores" was not called, because the Python task "score" failed or set values that do not match the schema in its option "adds": score: .*number/,
    )
    expect(run(flow, 'late', { score: 'two' })).toEqual({ done: true })
  })

  it('stays what it is: the context is handed on as it came', () => {
    const strict = pipe(
      object({ score: number() }),
      transform(({ score }) => ({ score: score + 1 })),
    )
    const flow = workflow('scores')
      .task('score', { python: { ...python, adds: strict } })
      .task('use', { after: 'score' }, (ctx) => ({ seen: ctx }))

    expect(run(flow, 'use', { score: 2, other: 1 })).toEqual({ seen: { score: 2, other: 1 } })
  })

  it.each([
    [always(), true],
    [succeeded('score'), true],
    [failed('score'), false],
    [any(succeeded('score'), failed('score')), false],
  ] as const)('is checked unless the rule of the task lets it fail (%#)', (when, isChecked) => {
    const flow = base.task('use', { after: 'score', when }, () => ({ done: true }))

    if (isChecked)
      expect(() => run(flow, 'use', {})).toThrow('values that do not match the schema in its option "adds"')
    else expect(run(flow, 'use', {})).toEqual({ done: true })
  })

  it('may be checked by a library that takes a while', async () => {
    const flow = workflow('scores')
      .task('score', { python: { ...python, adds: slow } })
      .task('use', { after: 'score' }, (ctx) => ({ double: ctx.score * 2 }))

    await expect(run(flow, 'use', { score: 2 })).resolves.toEqual({ double: 4 })
    await expect(run(flow, 'use', {})).rejects.toThrow('lines[2].score: no number')
  })
})
