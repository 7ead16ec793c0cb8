/** The list of triggers, as a visitor sees it. */

import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describePage, type Served, Site, UNTIL } from '../support/browser.ts'

const JOBS = fileURLToPath(new URL('scripts/jobs.py', import.meta.url))

describePage('the list of triggers', () => {
  const site = new Site()
  let served: Served
  beforeAll(async () => {
    served = await site.serve([JOBS])
  })
  afterAll(() => site[Symbol.asyncDispose]())

  it('shows each trigger with its interval, and its last poll as it comes', async () => {
    const visit = await site.visit(served.url)
    await visit.isLive()
    const row = visit.page.locator('tr', { hasText: 'inbox' })
    const polled = await row.locator('time').first().getAttribute('datetime')

    await expect.poll(() => row.locator('time').first().getAttribute('datetime'), UNTIL).not.toBe(polled)

    expect(await row.textContent()).toContain('nothing has come in')
    expect(visit.complaints).toEqual([])
  })
})
