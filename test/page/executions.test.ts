/** The list of executions: its states, filters, keys and actions. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describePage, type Served, Site } from '../support/browser.ts'
import { PageApi } from '../support/page-api.ts'
import { expectSound } from '../support/page-audit.ts'
import { picture, VIEWS } from '../support/page-pictures.ts'

const SHOP = fileURLToPath(new URL('scripts/shop.py', import.meta.url))

describePage('the list of executions', () => {
  const site = new Site()
  let served: Served
  let api: PageApi
  let failed: string
  beforeAll(async () => {
    served = await site.serve([site.terminal.write('shop.py', readFileSync(SHOP, 'utf8'))])
    api = new PageApi(served.url)
    failed = await api.run('order')
    for (let run = 0; run < 130; run++) await api.start('fine')
  })
  afterAll(() => site[Symbol.asyncDispose]())

  const visit = async (path: string, options = {}) => {
    const one = await site.visit(`${served.url.replace(/\/$/, '')}${path}`, options)
    await one.isLive()
    return one
  }

  it('shows the number of executions per state, and lists only the selected state', async () => {
    const { page } = await visit('/executions')
    await expect.poll(() => page.locator('.count', { hasText: 'Failed' }).textContent()).toBe('1 Failed')

    await page.locator('.count', { hasText: 'Failed' }).click()
    await expect.poll(() => page.locator('.rows-row').count()).toBe(1)
    const row = await page.locator('.rows-row').textContent()

    expect(row).toMatch(/order.*Failed.*reserve: ConnectionError: the stock does not answer: timed out \(1 of 4 tasks/)
  })

  it('has room for 24 rows in a window of 1440 x 900, and uses its full width', async () => {
    const { page } = await visit('/executions', { viewport: { width: 1440, height: 900 } })
    await page.locator('.rows-row').first().waitFor()
    const list = await page.locator('.execution-rows').boundingBox()
    const bottoms = await page.locator('.execution-rows .rows-row').evaluateAll((rows) => {
      return rows.map((row) => row.getBoundingClientRect().bottom)
    })

    expect((list?.y ?? 0) + (list?.height ?? 0)).toBeLessThanOrEqual(900)
    expect(bottoms.filter((bottom) => bottom <= (list?.y ?? 0) + (list?.height ?? 0))).toHaveLength(24)
    expect(list?.width).toBeGreaterThan(1_390)
  })

  it('shows the cause of a failure on the screen of the execution and of the system', async () => {
    const cause = 'reserve: ConnectionError: the stock does not answer'
    const { page } = await visit(`/executions/${failed}`)
    const shown = await page.locator('.error-words').first().textContent()
    await page.goto(`${served.url}/system`)
    const last = await page.locator('.failure').first().textContent()

    expect(shown).toMatch(new RegExp(`^${cause}`))
    expect(last).toMatch(new RegExp(`^order.*${cause}`))
  })

  it('keeps the selected state in its address, after a reload and the back button', async () => {
    const { page } = await visit('/executions')
    await page.locator('.count', { hasText: 'Failed' }).click()
    await expect.poll(() => page.locator('.rows-row').count()).toBe(1)

    expect(page.url()).toContain('status=Failed')
    await page.reload()
    await expect.poll(() => page.locator('.rows-row').count()).toBe(1)
    await page.goBack()
    await expect.poll(() => page.locator('.rows-row').count()).toBeGreaterThan(5)
  })

  it('loads more rows on scrolling, with few elements, and adds new executions', async () => {
    const { page } = await visit('/executions')
    await page.locator('.rows-row').first().waitFor()
    const height = () => page.locator('.execution-rows .rows-all').evaluate(({ clientHeight }) => clientHeight)
    const rows = page.locator('.execution-rows')
    await rows.evaluate((element) => element.scrollTo(0, element.scrollHeight))
    await expect.poll(async () => Math.round((await height()) / 27)).toBeGreaterThanOrEqual(131)
    expect(await page.locator('.rows-row').count()).toBeLessThan(40)

    await rows.evaluate((element) => element.scrollTo(0, 0))
    const id = await api.run('fine')

    await page.locator(`[data-row="${id.slice(0, 8)}"]`).waitFor()
    expect(await page.locator('.execution-rows .rows-row').count()).toBeLessThan(40)
  })

  it('keeps the text typed into a filter when another filter updates the list', async () => {
    const { page } = await visit('/executions')
    await page.locator('.rows-row').first().waitFor()

    await page.getByLabel('Trigger').fill('nobo')
    await page.getByLabel('Workflow').selectOption('order')
    await expect.poll(() => page.locator('.rows-row').count()).toBe(1)

    expect(await page.getByLabel('Trigger').inputValue()).toBe('nobo')
  })

  it('filters by workflow, trigger and hour, and reports when no execution matches', async () => {
    const { page } = await visit('/executions')
    await page.getByLabel('Workflow').selectOption('order')
    await expect.poll(() => page.locator('.rows-row').count()).toBe(1)

    await page.getByLabel('Trigger').fill('nobody')
    await page.getByLabel('Trigger').press('Enter')
    await page.getByText('No executions match the filter').waitFor()
    await page.getByRole('button', { name: 'Clear the filter' }).click()
    // The current hour may have begun after the executions.
    await page.locator('.trend-bar:has(.fill)').last().click()

    await expect.poll(() => page.locator('.rows-row').count()).toBeGreaterThan(0)
    expect(page.url()).toMatch(/since=.*until=/)
    await page.locator('.trend-bar').first().click()
    await page.getByText('No executions match the filter').waitFor()
  })

  it('cancels and retries the selected executions, and stores the note', async () => {
    const until = join(site.terminal.folder, 'never')
    const ids = [await api.start('patient', { until }), await api.start('patient', { until })]
    const { page } = await visit('/executions?workflow=patient')
    await expect.poll(() => page.locator('.rows-row').count()).toBe(2)

    await page.getByLabel('Select all shown executions').check()
    await page.keyboard.press('c')
    await page.getByLabel('Note').fill('wrong day')
    await page.getByRole('button', { name: 'Cancel 2 executions' }).click()
    await expect.poll(() => page.locator('.state', { hasText: 'Cancelled' }).count()).toBe(2)
    const actions = await api.get(`/executions/${ids[0]}/actions`)
    writeFileSync(until, '')
    await page.getByLabel(`Select ${ids[1]?.slice(0, 8)}`).check()
    await page.getByRole('button', { name: 'Retry', exact: true }).click()
    await page.getByRole('button', { name: 'Retry 1 execution' }).click()

    await expect.poll(() => page.locator('.rows-row').count()).toBe(3)
    await expect.poll(() => page.locator('.state', { hasText: 'Completed' }).count()).toBe(1)
    expect(actions.items).toMatchObject([{ kind: 'cancel', note: 'wrong day', source: 'http' }])
  })

  it('can be used with keys alone: j moves, x selects, Enter opens', async () => {
    const { page } = await visit(`/executions?workflow=order`)
    await page.locator('.rows-row').first().waitFor()

    await page.keyboard.press('j')
    await page.locator('.execution-row.current').waitFor()
    await page.keyboard.press('x')
    await page.getByText('1 selected').waitFor()
    await page.keyboard.press('Enter')

    await page.getByRole('heading', { level: 1, name: /order/ }).waitFor()
    expect(page.url()).toContain(`/executions/${failed}`)
  })

  it.each(VIEWS)('has no accessibility findings, and fits into its window: %s', async (name, options) => {
    const one = await visit('/executions', options)
    await one.page.locator('.rows-row').first().waitFor()
    await one.page.locator('.trend-bar').first().waitFor()

    await expectSound(one)
    await picture(one, `executions-${name}`)
  })
})
