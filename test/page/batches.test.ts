/** Backfills on the screen of schedules, and refires on the screen of a trigger. */

import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { accessibilityFindings } from '../support/accessibility.ts'
import { describePage, type Served, Site, UNTIL } from '../support/browser.ts'

const WATCHERS = fileURLToPath(new URL('scripts/watchers.py', import.meta.url))

describePage('backfills and refires', () => {
  const site = new Site()
  let served: Served
  beforeAll(async () => {
    served = await site.serve([WATCHERS])
  })
  afterAll(() => site[Symbol.asyncDispose]())

  it('a backfill is confirmed with the number of executions, and its progress is shown', async () => {
    const { page, complaints } = await site.visit(`${served.url}/schedules`)
    await page.getByRole('button', { name: 'Backfill nightly' }).click()
    const dialog = page.getByRole('dialog', { name: 'Backfill nightly' })
    await dialog.getByText('Choose a range to see how many executions would start.').waitFor()
    expect(await dialog.getByRole('button', { name: 'Start' }).isDisabled()).toBe(true)

    await dialog.getByLabel('From (Europe/Berlin)').fill('2025-12-01T00:00')
    await dialog.getByLabel('To (not included)').fill('2025-12-08T00:00')
    await dialog.getByText('5 executions would start, 0 of 5 times already have one.').waitFor()
    expect(await accessibilityFindings(page)).toEqual([])
    await dialog.getByLabel('Note (optional)').fill('the disk was full')
    await dialog.getByRole('button', { name: 'Start 5 executions' }).click()
    const row = page.getByRole('region', { name: 'Backfills' }).getByRole('row', { name: 'nightly' })
    await row.getByText('completed').waitFor()

    expect(await row.textContent()).toContain('5 of 5')
    const bar = row.getByRole('progressbar', { name: 'Started executions: 5 of 5' })
    expect([await bar.getAttribute('value'), await bar.getAttribute('max')]).toEqual(['5', '5'])
    expect(await accessibilityFindings(page)).toEqual([])
    await page.getByRole('button', { name: 'Backfill nightly' }).click()
    await dialog.getByLabel('From (Europe/Berlin)').fill('2025-12-01T00:00')
    await dialog.getByLabel('To (not included)').fill('2025-12-08T00:00')
    await dialog.getByText('0 executions would start, 5 of 5 times already have one.').waitFor()
    expect(await dialog.getByRole('button', { name: 'Start' }).isDisabled()).toBe(true)
    await dialog.getByText('Start also times that already have an execution').click()
    await dialog.getByText('5 executions would start, 5 of 5 times already have one.').waitFor()
    await dialog.getByLabel('To (not included)').fill('2999-12-08T00:00')
    await dialog.getByText('"to" must not be in the future').waitFor()
    expect(complaints).toEqual([])
  })

  it('a backfill is paused, resumed and cancelled', async () => {
    const { page } = await site.visit(`${served.url}/schedules`, { viewport: { width: 360, height: 700 } })
    const at = `${served.url}/api/v1/schedules/nightly/backfills`
    const headers = { origin: served.url, 'content-type': 'application/json' }
    const body = JSON.stringify({ from: '2000-01-01', to: '2025-01-01' })
    expect((await fetch(at, { method: 'POST', headers, body })).status).toBe(201)
    const row = page.getByRole('region', { name: 'Backfills' }).getByRole('row').nth(1)

    await row.getByRole('button', { name: 'Pause' }).click()
    await row.getByText('paused').waitFor()
    await row.getByRole('button', { name: 'Resume' }).click()
    await row.getByText('running').waitFor()
    await row.getByRole('button', { name: 'Cancel' }).click()
    await row.getByText('cancelled').waitFor()

    await expect.poll(() => row.getByRole('button').count(), UNTIL).toBe(0)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
  })

  it('a refire is confirmed with the number of executions, and its progress is shown', async () => {
    const headers = { origin: served.url, 'content-type': 'application/json' }
    const fire = { method: 'POST', headers, body: '{"by": "hand"}' }
    expect((await fetch(`${served.url}/api/v1/triggers/asked/fire`, fire)).status).toBe(200)
    const { page, complaints } = await site.visit(`${served.url}/triggers/asked`, { timezoneId: 'Asia/Tokyo' })
    await page.getByRole('button', { name: 'Refire …' }).click()
    const dialog = page.getByRole('dialog', { name: 'Refire asked' })

    await dialog.getByLabel('From (Asia/Tokyo)').fill('2025-12-01T00:00')
    const to = new Date(Date.now() + 9 * 3_600_000 - 1_000).toISOString().slice(0, 19)
    await dialog.getByLabel('To (not included)').fill(to)
    await dialog.getByLabel('Status of their executions').selectOption('Failed')
    await dialog.getByText('0 executions would start.').waitFor()
    await dialog.getByLabel('Status of their executions').selectOption('')
    await dialog.getByText(/[12] executions? would start\./).waitFor()
    expect(await accessibilityFindings(page)).toEqual([])
    await dialog.getByRole('button', { name: /^Start [12] execution/ }).click()

    const row = page.getByRole('region', { name: 'Refires' }).getByRole('row', { name: 'all firings' })
    await row.getByText('completed').waitFor()
    expect(await accessibilityFindings(page)).toEqual([])
    expect(complaints).toEqual([])
  })
})
