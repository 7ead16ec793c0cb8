/** The types of cloaca/testing: fakes and results have those of the workflow's tasks. `npm run types` checks it. */

import { number, object } from 'valibot'
import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import { trigger, workflow } from '../../src/index.ts'
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
  it('are those of the task: what it is given, in the order of "after", and what it returns', async () => {
    await runWorkflow(orders, { order_id: 1 }, { tasks: SCORE })
    await runWorkflow(
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
    const fetch = vi.fn(() => ({ lines: [{ sku: 'b', count: 2 }] }))
    expect((await runWorkflow(orders, { order_id: 1 }, { tasks: { ...SCORE, fetch } })).status).toBe('Completed')
  })

  it('refuse what the task does not return', async () => {
    // @ts-expect-error: "lines" is missing
    await runWorkflow(orders, { order_id: 1 }, { tasks: { ...SCORE, fetch: {} } })
    const wrong = { ...SCORE, fetch: () => ({ lines: [{ sku: 'a', count: '1' }] }) }
    // @ts-expect-error: a count is a number
    await runWorkflow(orders, { order_id: 1 }, { tasks: wrong })
    // @ts-expect-error: a score is a number
    await runWorkflow(orders, { order_id: 1 }, { tasks: { score: { score: 'high' } } })
    // @ts-expect-error: there is no such task
    await expect(runWorkflow(orders, { order_id: 1 }, { tasks: { ...SCORE, shop: {} } })).rejects.toThrow('"shop"')
    // @ts-expect-error: what was counted is a number
    await runWorkflow(open, {}, { tasks: { count: { rows: 'three' } } })
    // @ts-expect-error: nothing was counted
    await runWorkflow(open, {}, { tasks: { count: () => ({}) } })
  })
})

describe('the types of results', () => {
  it('are those of the workflow', async () => {
    const run = await runWorkflow(orders, { order_id: 1 }, { tasks: SCORE })
    if (run.status === 'Completed') {
      expectTypeOf(run.context.shipped).toEqualTypeOf<boolean>()
      expectTypeOf(run.context.lines).toEqualTypeOf<readonly { readonly sku: string; readonly count: number }[]>()
    }
    expectTypeOf<keyof typeof run.tasks>().toEqualTypeOf<'fetch' | 'score' | 'stock' | 'ship'>()
    expectTypeOf(run.tasks.fetch.input).toEqualTypeOf<{ readonly order_id: number } | null>()
    expectTypeOf(run.tasks.stock.output?.score).toEqualTypeOf<string | undefined>()
    // @ts-expect-error: there is no such task
    expect(run.tasks.shop).toBeUndefined()
    const fetched = trigger('inbox', { starts: orders }, () => ({ order_id: 7 }))
    const fired = await pollTrigger(fetched)
    expectTypeOf(fired.context.order_id).toEqualTypeOf<number>()
    expectTypeOf(fired.context.triggered_at).toEqualTypeOf<string>()
    await runWorkflow(orders, fired.context, { tasks: SCORE })
    const files = workflow('files', { input: object({ file: number() }) }).task('read', () => ({}))
    // @ts-expect-error: it fires another context
    await expect(runWorkflow(files, fired.context)).rejects.toThrow('file')
  })
})
