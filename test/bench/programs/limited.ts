/** Workflows with limits. The attempts of `slow` take 200 ms, the others no time. */

import { setTimeout as sleep } from 'node:timers/promises'
import { limit, workflow } from 'cloaca'

const eight = limit('eight', { maxActive: 8 })
const often = limit('often', { rate: '50/1s' })
const line = limit('line', { maxActive: 8 })

export const slow = workflow('slow').task('only', { limits: [eight] }, async () => {
  await sleep(200)
  return {}
})

export const paced = workflow('paced').task('only', { limits: [often] }, () => ({}))

export const queued = workflow('queued').task('only', { limits: [line] }, () => ({}))
