/** The list of executions, as a visitor sees it and acts on it. */

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

  it('counts each state, and shows only one when that is chosen, which the address keeps', async () => {
    const { page } = await visit('/executions')
    await expect.poll(() => page.locator('.count', { hasText: 'Failed' }).textContent()).toBe('1 Failed')

    await page.locator('.count', { hasText: 'Failed' }).click()
    await expect.poll(() => page.locator('.rows-row').count()).toBe(1)
    const row = await page.locator('.rows-row').textContent()

    expect(row).toMatch(/order.*Failed.*the stock does not answer: timed out/)
    expect(page.url()).toContain('status=Failed')
    await page.reload()
    await expect.poll(() => page.locator('.rows-row').count()).toBe(1)
    await page.goBack()
    await expect.poll(() => page.locator('.rows-row').count()).toBeGreaterThan(5)
  })

  it('goes on as it is scrolled, with few elements, and shows new ones by itself', async () => {
    const { page } = await visit('/executions')
    await page.locator('.rows-row').first().waitFor()
    const height = () => page.locator('.execution-rows .rows-all').evaluate(({ clientHeight }) => clientHeight)
    const rows = page.locator('.execution-rows')
    await rows.evaluate((element) => element.scrollTo(0, element.scrollHeight))
    await expect.poll(async () => Math.round((await height()) / 40)).toBeGreaterThanOrEqual(131)
    expect(await page.locator('.rows-row').count()).toBeLessThan(40)

    await rows.evaluate((element) => element.scrollTo(0, 0))
    const id = await api.run('fine')

    await page.locator(`[data-row="${id.slice(0, 8)}"]`).waitFor()
    expect(await page.locator('.execution-rows .rows-row').count()).toBeLessThan(40)
  })

  it('keeps what is typed into a filter while the rest of the page is shown anew', async () => {
    const { page } = await visit('/executions')
    await page.locator('.rows-row').first().waitFor()

    await page.getByLabel('Trigger').fill('nobo')
    await page.getByLabel('Workflow').selectOption('order')
    await expect.poll(() => page.locator('.rows-row').count()).toBe(1)

    expect(await page.getByLabel('Trigger').inputValue()).toBe('nobo')
  })

  it('filters by workflow, trigger and hour, and says when that hides all', async () => {
    const { page } = await visit('/executions')
    await page.getByLabel('Workflow').selectOption('order')
    await expect.poll(() => page.locator('.rows-row').count()).toBe(1)

    await page.getByLabel('Trigger').fill('nobody')
    await page.getByLabel('Trigger').press('Enter')
    await page.getByText('No executions match the filter').waitFor()
    await page.getByRole('button', { name: 'Clear the filter' }).click()
    // The present hour may have begun after the executions.
    await page.locator('.trend-bar:has(.fill)').last().click()

    await expect.poll(() => page.locator('.rows-row').count()).toBeGreaterThan(0)
    expect(page.url()).toMatch(/since=.*until=/)
    await page.locator('.trend-bar').first().click()
    await page.getByText('No executions match the filter').waitFor()
  })

  it('cancels and retries what is chosen, with a note that is kept', async () => {
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

  it('is used with keys alone: j and k move, Enter opens, x chooses', async () => {
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

  it.each(VIEWS)('has nothing serious against it for those who cannot see or point well: %s', async (name, options) => {
    const one = await visit('/executions', options)
    await one.page.locator('.rows-row').first().waitFor()
    await one.page.locator('.trend-bar').first().waitFor()

    await expectSound(one)
    await picture(one, `executions-${name}`)
  })
})
