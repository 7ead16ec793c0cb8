/** Workflow of `limits.campaign.ts` whose attempts do not stop before the engine ends their thread. */

import { limit, workflow } from 'cloaca'
import { type Input, run } from './limited-attempt.ts'

export const isolation = 'worker'

const crm = limit('crm', { maxActive: 4 })

export const stubborn = workflow('ts_stubborn').task('call', { limits: [crm] }, async (context) => {
  const input = context as unknown as Input
  await run(input, 'ts_stubborn', ['crm:None'], input.seconds)
})
