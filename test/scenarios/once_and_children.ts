/** Functions that store results and start child executions, as `once_and_children.py`. */

import { appendFileSync } from 'node:fs'
import { workflow } from 'cloaca'

const note = (text: string) => appendFileSync(String(process.env.CHILD_NOTES), `${text}\n`)

export const stores = workflow('ts-stores').task('pay', { retries: 1 }, async (_, tools) => {
  const receipt = await tools.once('charge', () => {
    note('charged')
    return { key: tools.key('charge') }
  })
  const isSame = receipt.key === tools.key('charge')
  const bad = await tools
    .once('bad', () => new Map())
    .then(
      () => 'stored',
      (error: Error) => `${error.name}: ${error.message}`,
    )
  if (tools.attempt === 1) throw new Error('later')
  return { receipt, isSame, bad }
})

export const runs = workflow('ts-runs').task('order', { timeout: '500ms' }, async (context, tools) => {
  note('ts-runs began')
  try {
    const { status, context: left } = await tools.run('billing', { ...context, amount: 2 }, { key: 'bill' })
    return { child: [status, left.billed ?? null] }
  } finally {
    note('ts-runs cleaned up')
  }
})

export const swallows = workflow('ts-swallows').task('order', { retries: 0 }, async (context, tools) => {
  await tools.run('billing', { ...context }, { key: 'bill' }).catch((error: Error) => note(error.name))
})
