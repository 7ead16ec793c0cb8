/** The types of cloaca/testing: fakes and results have the types of the tasks. `npm run types` checks them. */

import { number, object } from 'valibot'
import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import { fire, trigger, workflow } from '../../src/index.ts'
import { pollTrigger, runWorkflow } from '../../src/testing/index.ts'

interface Line {
  readonly sku: string
  readonly count: number
}

const orders = workflow('orders', { input: object({ order_id: number() }) })
  .task('fetch', async (): Promise<{ lines: Line[] }> => ({ lines: [{ sku: 'a', count: 1 }] }))
  .task('score', { after: 'fetch', python: { script: 's.py', task: 'score', adds: object({ score: number() }) } })
  .task('stock', { after: 'fetch' }, () => ({ score: 'none', stock: { a: 1 } }))
  .task('ship', { after: ['stock', 'score'] }, ({ score, stock }) => ({ shipped: score > 1 && stock.a > 0 }))

const open = workflow('open').task('count', () => ({ rows: 3 }))

const SCORE = { score: { score: 2 } }

describe('the types of fakes', () => {
  it('give a fake the input of the workflow and the outputs of earlier tasks, in the order of "after"', async () => {
    const run = await runWorkflow(
      orders,
      { order_id: 1 },
      {
        tasks: {
          fetch: (ctx, { attempt, signal }) => {
            expectTypeOf(ctx).toEqualTypeOf<{ readonly order_id: number }>()
            expectTypeOf(attempt).toEqualTypeOf<number>()
            expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
            return { lines: [] }
          },
          score: async ({ lines }) => ({ score: lines.length }),
          ship: ({ score, stock }) => {
            expectTypeOf(score).toEqualTypeOf<number>()
            expectTypeOf(stock).toEqualTypeOf<{ readonly a: number }>()
            return { shipped: true }
          },
        },
      },
    )
    expect(run.status).toBe('Completed')
  })

  it('accept the outputs of a task, and functions that return them', async () => {
    expect((await runWorkflow(orders, { order_id: 1 }, { tasks: SCORE })).status).toBe('Completed')
    const fetch = vi.fn(() => ({ lines: [{ sku: 'b', count: 2 }] }))
    expect((await runWorkflow(orders, { order_id: 1 }, { tasks: { ...SCORE, fetch } })).status).toBe('Completed')
  })

  it('reject results that the task does not return', async () => {
    // @ts-expect-error: "lines" is missing
    await runWorkflow(orders, { order_id: 1 }, { tasks: { ...SCORE, fetch: {} } })
    const wrong = { ...SCORE, fetch: () => ({ lines: [{ sku: 'a', count: '1' }] }) }
    // @ts-expect-error: "count" must be a number
    await runWorkflow(orders, { order_id: 1 }, { tasks: wrong })
    // @ts-expect-error: "score" must be a number
    await runWorkflow(orders, { order_id: 1 }, { tasks: { score: { score: 'high' } } })
    // @ts-expect-error: the workflow has no task "shop"
    await expect(runWorkflow(orders, { order_id: 1 }, { tasks: { ...SCORE, shop: {} } })).rejects.toThrow('"shop"')
    // @ts-expect-error: "rows" must be a number
    await runWorkflow(open, {}, { tasks: { count: { rows: 'three' } } })
    // @ts-expect-error: "rows" is missing
    await runWorkflow(open, {}, { tasks: { count: () => ({}) } })
  })
})

describe('the types of results', () => {
  it('are the types of the tasks of the workflow', async () => {
    const run = await runWorkflow(orders, { order_id: 1 }, { tasks: SCORE })
    if (run.status === 'Completed') {
      expectTypeOf(run.context.shipped).toEqualTypeOf<boolean>()
      expectTypeOf(run.context.lines).toEqualTypeOf<readonly { readonly sku: string; readonly count: number }[]>()
    }
    expectTypeOf<keyof typeof run.tasks>().toEqualTypeOf<'fetch' | 'score' | 'stock' | 'ship'>()
    expectTypeOf(run.tasks.fetch.input).toEqualTypeOf<{ readonly order_id: number } | null>()
    expectTypeOf(run.tasks.stock.output?.score).toEqualTypeOf<string | undefined>()
    // @ts-expect-error: the workflow has no task "shop"
    expect(run.tasks.shop).toBeUndefined()
  })

  it('are the types of the context of a trigger, which match the input of its workflow', async () => {
    const fetched = trigger('inbox', { starts: orders }, () => ({ order_id: 7 }))
    const fired = await pollTrigger(fetched)
    expectTypeOf(fired.context.order_id).toEqualTypeOf<number>()
    expectTypeOf(fired.context.triggered_at).toEqualTypeOf<string>()
    expect((await runWorkflow(orders, fired.context, { tasks: SCORE })).status).toBe('Completed')
    expectTypeOf(fired.state).toEqualTypeOf<undefined>()
    const files = workflow('files', { input: object({ file: number() }) }).task('read', () => ({}))
    // @ts-expect-error: the trigger fires a context without "file"
    await expect(runWorkflow(files, fired.context)).rejects.toThrow('file')
  })

  it('are the types of the state and of the firings of a trigger', async () => {
    const rows = trigger('rows', { starts: orders, state: { last: 0 } }, ({ state }) => {
      expectTypeOf(state).toEqualTypeOf<{ last: number }>()
      return [fire({ order_id: state.last }, { key: 'a' })]
    })
    const polled = await pollTrigger(rows, { state: { last: 7 } })
    expectTypeOf(polled.state).toEqualTypeOf<{ last: number }>()
    expectTypeOf(polled.firings[0]?.context.order_id).toEqualTypeOf<number | undefined>()
    expectTypeOf(polled.firings[0]?.key).toEqualTypeOf<string | null | undefined>()
    expect(polled.state.last).toBe(7)
    // @ts-expect-error: "last" must be a number
    await expect(pollTrigger(rows, { state: { last: 'x' } })).resolves.toBeDefined()
  })
})
