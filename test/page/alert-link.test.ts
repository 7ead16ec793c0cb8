/** The way from a delivered alert to the retry, by its link and by commands. */

import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { AlertReceiver } from '../support/alert-receiver.ts'
import { describePage, type Served, Site, UNTIL } from '../support/browser.ts'
import { PageApi } from '../support/page-api.ts'

const PUBLIC_URL = 'https://jobs.example.com'

const RATES = `
import cloaca, os

with cloaca.WorkflowBuilder("rates"):
    @cloaca.task(retry_attempts=1)
    def convert(ctx):
        print("converting 2 rates")
        if not os.path.exists("fees.json"):
            raise ValueError("there are no fees")
`

describePage('an alert about a failed execution', () => {
  const site = new Site()
  let receiver: AlertReceiver
  let served: Served
  let failed: { readonly message: string; readonly link: string; readonly executionId: string }
  beforeAll(async () => {
    receiver = await AlertReceiver.start()
    served = await site.serve([site.terminal.write('rates.py', RATES)], [], {
      CLOACA_ALERTS_URL: receiver.url,
      CLOACA_HTTP_PUBLIC_URL: PUBLIC_URL,
    })
    await new PageApi(served.url).run('rates')
    failed = (await vi.waitUntil(() => receiver.received[0], UNTIL)).body
  })
  afterAll(async () => {
    await site[Symbol.asyncDispose]()
    await receiver[Symbol.asyncDispose]()
  })

  it('leads by its link to the cause and the log, and with two clicks to a retry', async () => {
    expect(failed.link).toBe(`${PUBLIC_URL}/executions/${failed.executionId}`)
    const visit = await site.visit(failed.link.replace(PUBLIC_URL, served.url.replace(/\/$/, '')))
    const { page } = visit
    await page.getByText('convert: ValueError: there are no fees (1 of 1 tasks failed)').first().waitFor()
    await page.locator('.log-row', { hasText: 'converting 2 rates' }).waitFor()

    site.terminal.write('fees.json', '{}')
    await page.getByRole('button', { name: 'Retry' }).first().click()
    await page.getByRole('dialog').getByRole('button', { name: 'Retry' }).click()

    await page.locator('.chain .state', { hasText: 'Completed' }).waitFor()
    expect(page.url()).not.toContain(failed.executionId)
    expect(visit.complaints).toEqual([])
  })

  it('leads by the id in it to the cause and the log, and to a retry, with two commands', async () => {
    const database = ['--db', 'sqlite://site.db']
    expect(failed.message).toBe('Workflow "rates" failed: convert: ValueError: there are no fees (1 of 1 tasks failed)')

    const shown = await site.terminal.run(['execution', 'show', failed.executionId, ...database])
    site.terminal.write('fees.json', '{}')
    const retried = await site.terminal.run(['execution', 'retry', failed.executionId, ...database])

    expect(shown.stdout).toContain('convert: ValueError: there are no fees (1 of 1 tasks failed)')
    expect(shown.stdout).toContain('converting 2 rates')
    const id = / as (\S+)\.$/m.exec(retried.stdout)?.[1] ?? ''
    expect(await new PageApi(served.url).ended(id)).toBe('Completed')
  })
})
