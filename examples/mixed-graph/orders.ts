/** Order processor: fetches an order from the shop, scores it in Python, then ships or holds it. */

import { existsSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { all, any, failed, none, succeeded, value, workflow } from 'cloaca'
import { array, number, object, parse, string } from 'valibot'

const SHOP_URL = process.env.SHOP_URL ?? 'http://127.0.0.1:8811'
const RESULTS = process.env.RESULTS ?? '.'

const Order = object({ order_id: number(), file: string() })
const Lines = array(object({ sku: string(), price: number(), count: number() }))
const Score = object({ total: number(), risk: number(), reasons: array(string()) })

const isSafe = value('risk', '<', 0.5)

export const orders = workflow('order_processor', { input: Order, description: 'Ships the orders of the shop' })
  // A poll can find the file of an order shortly before the previous execution moves it, and fire again.
  .task('check', ({ file }) => ({ is_open: existsSync(file) }))
  .task(
    'fetch',
    { after: 'check', when: value('is_open', '==', true), retries: 5, retryDelay: '500ms', timeout: '10s' },
    async ({ order_id }, { signal }) => {
      const answer = await fetch(`${SHOP_URL}/orders/${order_id}/lines`, { signal })
      if (!answer.ok) throw new Error(`the shop answered ${answer.status} for order ${order_id}`)
      return { lines: parse(Lines, await answer.json()) }
    },
  )
  .task('score', {
    after: 'fetch',
    when: succeeded('fetch'),
    python: { script: 'score.py', task: 'score', adds: Score },
  })
  .task(
    'ship',
    { after: 'score', when: all(succeeded('score'), isSafe) },
    async ({ order_id, lines, total }, { log }) => {
      await writeResult('shipped', order_id, { lines, total })
      log.info(`order ${order_id} is shipped`, { total })
      return { result: 'shipped' }
    },
  )
  .task(
    'hold',
    { after: ['fetch', 'score'], when: any(failed('score'), all(succeeded('score'), none(isSafe))) },
    async ({ reasons }, { log, input: { order_id } }) => {
      await writeResult('held', order_id, { reasons })
      log.warn(`order ${order_id} is held`, { reasons })
      return { result: 'held' }
    },
  )
  .task(
    'done',
    { after: ['fetch', 'ship', 'hold'], when: any(succeeded('ship'), succeeded('hold')) },
    async (_, { input: { file } }) => {
      await mkdir(join(RESULTS, 'done'), { recursive: true })
      if (existsSync(file)) await rename(file, join(RESULTS, 'done', basename(file)))
    },
  )

async function writeResult(folder: string, order_id: number, content: object): Promise<void> {
  await mkdir(join(RESULTS, folder), { recursive: true })
  await writeFile(join(RESULTS, folder, `${order_id}.json`), JSON.stringify(content))
}
