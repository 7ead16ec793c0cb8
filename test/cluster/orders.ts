/** Orders of `waits.campaign.ts`: the workflow of an order depends on its number and on the number of open orders. */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Runner } from '../../src/index.ts'

/** Timeout of the workflow `hurried`. */
const TIMEOUT_MS = 300

const KINDS = ['paid before', 'paid during', 'paid at the timeout', 'delayed'] as const

type OrderKind = (typeof KINDS)[number]

/** The first orders stay open until later ones replace them. */
export function kindOfOrder(order: number, open: number): OrderKind {
  return order < open ? 'paid during' : (KINDS[(order - open) % KINDS.length] ?? 'delayed')
}

/** Returns the order that a new open order replaces, and that is paid then. Null if the new order is not open. */
function replacedBy(order: number, open: number): number | null {
  if (order < open || kindOfOrder(order, open) !== 'paid during') return null
  const index = Math.floor((order - open) / KINDS.length)
  return index < open ? index : open + KINDS.length * (index - open) + KINDS.indexOf('paid during')
}

function workflowFor(kind: OrderKind): string {
  if (kind === 'delayed') return kind
  return kind === 'paid at the timeout' ? 'hurried' : 'patient'
}

/** Message of the process that sends the orders. */
export interface OrderReport {
  readonly order: number
  readonly isFinished: boolean
}

/** Starts an order, and sends its signals. Orders and signals have keys and ids, so they can be sent repeatedly. */
export async function sendOrder(runner: Runner, order: number, open: number): Promise<void> {
  const kind = kindOfOrder(order, open)
  if (kind === 'paid before') await pay(runner, order)
  await submit(runner, order, open)
  if (kind === 'paid at the timeout') {
    await sleep(Math.random() * 4 * TIMEOUT_MS)
    await pay(runner, order)
  }
  const replaced = replacedBy(order, open)
  if (replaced !== null) await pay(runner, replaced)
}

export async function submit(runner: Runner, order: number, open: number): Promise<void> {
  await runner.workflows.submit(workflowFor(kindOfOrder(order, open)), { order }, { key: `order ${order}` })
}

export async function pay(runner: Runner, order: number): Promise<void> {
  await runner.signal('paid', { key: String(order), payload: { of: order }, id: `payment ${order}` })
}
