/** Workflows of `limits.campaign.ts` in TypeScript. The limits are also those of `limited.py`. */

import { limit, workflow } from 'cloaca'
import { type Input, run } from './limited-attempt.ts'

const crm = limit('crm', { maxActive: 4 })
const api = limit('api', { rate: '20/5s' })
const tenant = limit('tenant', { maxActive: 2, rate: '4/5s', per: 'tenant' })

const input = (context: object) => context as Input

export const crmCalls = workflow('ts_crm').task('call', { limits: [crm] }, async (context, { signal }) => {
  const { seconds } = input(context)
  await run(input(context), 'ts_crm', ['crm:None'], seconds, signal)
})

export const apiCalls = workflow('ts_api').task('call', { limits: [api] }, async (context, { signal }) => {
  await run(input(context), 'ts_api', ['api:None'], 0, signal)
})

export const tenantCalls = workflow('ts_tenant').task(
  'call',
  { limits: [crm, tenant] },
  async (context, { signal }) => {
    const called = input(context)
    await run(called, 'ts_tenant', ['crm:None', `tenant:${called.tenant}`], called.seconds, signal)
  },
)
