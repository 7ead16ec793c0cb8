/** Screens of triggers and of the system: rows per screen, details of polls, disabled periods, removal and figures. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { accessibilityFindings } from '../support/accessibility.ts'
import { actAndSee, describePage, type Served, Site, UNTIL } from '../support/browser.ts'
import { PageApi } from '../support/page-api.ts'
import { expectSound } from '../support/page-audit.ts'
import { picture, VIEWS } from '../support/page-pictures.ts'
import { declaration } from '../support/store-builders.ts'

const FEEDS = fileURLToPath(new URL('scripts/feeds.py', import.meta.url))
const UNDECLARED = ['old_feed', 'older_feed', 'oldest_feed']

describePage('the screens of triggers and of the system', () => {
  const site = new Site()
  let served: Served
  let api: PageApi
  beforeAll(async () => {
    const path = join(site.terminal.folder, 'site.db')
    const store = await openSqliteStore({ path, durability: 'normal', clock: new SystemClock() })
    await store.saveTriggers(
      UNDECLARED.map((name) => declaration({ name, workflow: 'import_feed' })),
      Date.now() - 86_400_000,
    )
    await store.close()
    const script = site.terminal.write('feeds.py', readFileSync(FEEDS, 'utf8'))
    served = await site.serve([script], [], { CLOACA_RETENTION_SKIP_LOGS: 'true' })
    api = new PageApi(served.url)
  })
  afterAll(() => site[Symbol.asyncDispose]())

  const visit = async (path: string, options = {}) => {
    const one = await site.visit(`${served.url.replace(/\/$/, '')}${path}`, options)
    await one.isLive()
    return one
  }

  it('show at least 24 triggers on a screen of 900 px', async () => {
    const { page } = await visit('/triggers', { viewport: { width: 1440, height: 900 } })
    await page.locator('[data-row="feed_00"]').waitFor()

    const count = await page.evaluate<number>(
      `[...document.querySelectorAll('[data-row]')].filter((row) => row.getBoundingClientRect().bottom <= 900).length`,
    )

    expect(count).toBeGreaterThanOrEqual(24)
  })

  it('show the next poll only for intervals from 10 s on', async () => {
    const { page } = await visit('/triggers', { viewport: { width: 1440, height: 900 } })
    const next = page.getByRole('columnheader', { name: 'Next', exact: true })
    await next.waitFor()
    const cellOf = (name: string) => page.locator(`[data-row="${name}"] td`).nth(5).textContent()

    expect(await cellOf('feed_01')).toMatch(/^in \d+ /)
    expect(await cellOf('feed_00')).toBe('')
    await page.goto(`${served.url}/triggers?q=feed_00`)
    await page.locator('[data-row="feed_00"]').waitFor()
    await expect.poll(() => next.count(), UNTIL).toBe(0)
  })

  it('name the log, the state and the error of a poll only if it has one', async () => {
    const partsOf = async (name: string) => {
      const { page } = await visit(`/triggers/${name}`)
      const row = page.locator('.ticks tbody tr').first()
      await row.waitFor()
      return { page, text: await row.locator('td').last().textContent() }
    }

    expect((await partsOf('talking')).text).toBe('Log')
    expect((await partsOf('pages')).text).toBe('State')
    expect((await partsOf('feed_03')).text).toBe('Error')
    const { page, text } = await partsOf('quiet')
    expect(text).toBe('')
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Poll of quiet' })
    await dialog.getByText('nothing new').waitFor()
    expect(await dialog.getByRole('heading', { name: 'Log' }).count()).toBe(0)
  })

  it('mark the periods in which a trigger was disabled, with their notes', async () => {
    const { page } = await visit('/triggers/quiet')
    const periods = page.getByRole('list', { name: 'Periods in which the trigger was disabled' })
    await page.locator('.timeline').waitFor()
    expect(await page.locator('.disabled-span').count()).toBe(0)
    await page.keyboard.press('e')
    await page.getByRole('dialog', { name: 'Disable quiet' }).waitFor()
    await page.keyboard.type('the shop moves')
    await actAndSee(page, '"quiet" is disabled', () => page.keyboard.press('Enter'))

    await periods.getByText(/^Disabled from [\d :-]+ \(http\): the shop moves$/).waitFor()
    await page.locator('.disabled-span').waitFor()
    await api.post('/triggers/quiet/enable')
    await page.reload()

    await periods.getByText(/^Disabled from [\d :-]+ for .* \(http\): the shop moves$/).waitFor()
    const [span] = await page.locator('.disabled-span').all()
    expect(await span?.getAttribute('title')).toContain('the shop moves')
    expect(await accessibilityFindings(page)).toEqual([])
    await page.getByRole('button', { name: '1 h', exact: true }).click()
    await periods.getByText('the shop moves').waitFor()
    await page.getByRole('button', { name: 'Earlier' }).click()
    await page.getByRole('button', { name: 'Earlier' }).click()
    await page.getByRole('button', { name: 'Earlier' }).click()
    await expect.poll(() => periods.count(), UNTIL).toBe(0)
  })

  it('remove an undeclared trigger from the list, with keys alone, and from its own screen', async () => {
    const { page, complaints } = await visit('/triggers')
    await page.getByRole('button', { name: 'not declared 3' }).click()
    await expect.poll(() => page.locator('[data-row]').count(), UNTIL).toBe(3)
    await page.getByRole('button', { name: 'Remove old_feed' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog', { name: 'Remove old_feed' }).waitFor()
    await page.keyboard.type('replaced by feed_01')
    await actAndSee(page, '"old_feed" is removed', () => page.keyboard.press('Enter'))
    await expect.poll(() => page.locator('[data-row]').count(), UNTIL).toBe(2)

    await page.goto(`${served.url}/triggers/older_feed`)
    await page.getByRole('button', { name: 'Remove older_feed' }).click()
    const dialog = page.getByRole('dialog', { name: 'Remove older_feed' })
    await dialog.waitFor()
    expect(await accessibilityFindings(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Remove' }).click()

    await page.waitForURL(/\/triggers$/)
    expect((await api.get('/triggers/older_feed')).code).toBe('TRIGGER_NOT_FOUND')
    expect(await page.getByRole('button', { name: 'Remove feed_01' }).count()).toBe(0)
    await page.setViewportSize({ width: 390, height: 844 })
    const button = await page.getByRole('button', { name: 'Remove oldest_feed' }).boundingBox()
    const cell = await page.locator('[data-row="oldest_feed"] .last').boundingBox()
    const rightOf = (box: typeof cell) => (box?.x ?? 0) + (box?.width ?? 0)
    expect(rightOf(button)).toBeLessThanOrEqual(rightOf(cell))
    expect(complaints).toEqual([])
  })

  it('describe the figures of the engine in full', async () => {
    const { page } = await visit('/system')
    const restarts = page.getByRole('list', { name: 'Restarts of interpreters since the engine started' })
    await restarts.getByText('restarted after a crash: 0').waitFor()
    const fact = (name: string) => page.locator('dt', { hasText: name }).locator('..').locator('dd').textContent()

    expect(await fact('Most delayed poll')).toMatch(/^(none is late|.* late)$/)
    expect(await fact('Tasks waiting for a slot')).toBe('0')
    expect(await fact('Reads and writes rejected by the database')).toBe('0')
  })

  it.each(VIEWS)('have no serious findings, and fit into their window: %s', async (name, options) => {
    const list = await visit('/triggers', options)
    await list.page.locator('[data-row="feed_07"]').waitFor()
    await expectSound(list)
    await picture(list, `triggers-${name}`)
    const one = await visit('/triggers/pages', options)
    await one.page.getByRole('region', { name: 'Last change of the state' }).waitFor()
    await one.page.locator('.ticks tbody tr').first().waitFor()
    await expectSound(one)
    await picture(one, `trigger-state-${name}`)
    const quiet = await visit('/triggers/feed_03', options)
    await quiet.page.locator('.ticks tbody tr').first().waitFor()
    await expectSound(quiet)
    await picture(quiet, `trigger-${name}`)
    const system = await visit('/system', options)
    await system.page.getByText('restarted after a crash').waitFor()
    await expectSound(system)
    await picture(system, `system-${name}`)
    await system.page.getByText('restarted after a crash').scrollIntoViewIfNeeded()
    await picture(system, `system-engine-${name}`)
  })
})
