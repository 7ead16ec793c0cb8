/** Watches a service, and opens a ticket when it goes down. It needs no Python. */

import { fire, skip, succeeded, trigger, value, workflow } from 'cloaca'
import { number, object, optional, string } from 'valibot'
import { findCause, openTicket, page, statusOf } from './service-calls.ts'

const Incident = object({ url: string(), status: number(), severity: optional(string(), 'low') })

export const incident = workflow('incident', {
  input: Incident,
  description: 'Diagnoses an outage, and notifies the team',
})
  .task('diagnose', { retries: 2, retryDelay: '1s', timeout: '15s' }, async ({ url }, { signal }) => ({
    cause: await findCause(url, signal),
  }))
  // After a crash, this task can run again. The ticket system ignores a second ticket with the same key.
  .task(
    'open_ticket',
    { after: 'diagnose', retries: 5, retryDelay: '1s', timeout: '30s', retryOn: 'transient' },
    async ({ url, status, cause }, { executionId, log, signal }) => {
      const ticket = await openTicket({ title: `${url} answers ${status}: ${cause}`, key: executionId }, signal)
      log.info('opened a ticket', { ticket })
      return { ticket }
    },
  )
  .task(
    'page',
    { after: 'open_ticket', when: value('severity', '==', 'high') },
    async ({ url, ticket }, { signal }) => {
      await page(`${url} is down: ticket ${ticket}`, signal)
    },
  )
  .task(
    'recovered',
    { after: 'open_ticket', when: succeeded('open_ticket'), timeout: '1h', retries: 0 },
    async ({ url }, { deferUntil, signal }) => {
      // Uses no slot while it waits.
      await deferUntil(async () => (await statusOf(url, signal)) < 500, { pollEvery: '10s' })
      return { is_over: true }
    },
  )

/** Fires once when the service goes down, and again only after it was up. */
export const service_down = trigger(
  'service_down',
  { every: '1s', starts: incident, onChange: true, timeout: '5s' },
  async ({ signal }) => {
    const url = process.env.SERVICE_URL ?? 'http://127.0.0.1:8812'
    const status = await statusOf(url, signal)
    return status < 500 ? skip('the service is up') : fire({ url, status, severity: status === 503 ? 'high' : 'low' })
  },
)
