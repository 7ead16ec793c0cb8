/**
 * Process that starts orders, and sends their signals before, during and after their waits, until it is killed.
 * Reports the begin and the end of each order, so that another process can repeat unfinished orders.
 * Arguments: the database, the first number, and the number of orders that stay open.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { Runner } from '../../src/index.ts'
import { type OrderReport, sendOrder } from './orders.ts'

const CONCURRENT = 4
const PAUSE_MS = 20

const [database = '', first = '0', openOrders = '0'] = process.argv.slice(2)
const open = Number(openOrders)

await using runner = await Runner.open({ database })
let next = Number(first)
await Promise.all(Array.from({ length: CONCURRENT }, sendOrders))

async function sendOrders(): Promise<void> {
  while (true) {
    const order = next
    next += 1
    await report({ order, isFinished: false })
    await sendOrder(runner, order, open)
    await report({ order, isFinished: true })
    await sleep(PAUSE_MS)
  }
}

/** Resolves when the report is written, so that a kill does not lose it. */
function report(order: OrderReport): Promise<unknown> {
  return new Promise((resolve) => process.send?.(order, resolve))
}
