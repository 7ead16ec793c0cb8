/** The list of triggers: its rows, filters, keys and actions. */

import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { accessibilityFindings } from '../support/accessibility.ts'
import { actAndSee, describePage, type Served, Site, UNTIL } from '../support/browser.ts'

const WATCHERS = fileURLToPath(new URL('scripts/watchers.py', import.meta.url))

describePage('the list of triggers', () => {
  const site = new Site()
  let served: Served
  beforeAll(async () => {
    served = await site.serve([WATCHERS])
  })
  afterAll(() => site[Symbol.asyncDispose]())

  it('shows each trigger with its description, and updates its last poll', async () => {
    const { page, ...visit } = await site.visit(`${served.url}/triggers`)
    const row = page.locator('[data-row="inbox"]')
    await page.locator('.connection.live').waitFor()
    const polled = await row.locator('.last time').getAttribute('datetime')

    await expect.poll(() => row.locator('.last time').getAttribute('datetime'), UNTIL).not.toBe(polled)

    const text = await row.textContent()
    expect(text).toContain('Fires for each parcel that is put into the inbox.')
    expect(visit.complaints).toEqual([])
  })

  it('shows a name with markup as text', async () => {
    const visit = await site.visit(`${served.url}/triggers`)
    const hostile = visit.page.getByRole('link', { name: '<img src=x onerror=alert(1)>' })
    await hostile.click()

    await visit.page.getByRole('heading', { name: '<img src=x onerror=alert(1)>' }).waitFor()

    await visit.page.getByText('<script>alert(2)</script>').first().waitFor()
    expect(visit.page.url()).toContain('/triggers/%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E')
    expect(await visit.page.locator('img').count()).toBe(0)
    expect(visit.complaints).toEqual([])
  })

  it('keeps the filter in its address, after a reload and the back button', async () => {
    const { page } = await site.visit(`${served.url}/triggers`)
    await page.locator('[data-row="inbox"]').waitFor()
    await page.keyboard.press('f')
    await page.keyboard.type('source')
    await expect.poll(() => page.locator('[data-row]').count(), UNTIL).toBe(1)

    await page.reload()

    await page.locator('[data-row="source"]').waitFor()
    expect(await page.locator('[data-row]').count()).toBe(1)
    await page.getByRole('searchbox').fill('no such trigger')
    await page.getByText('No triggers match the filter').waitFor()
    await page.getByRole('button', { name: 'Clear the filter' }).click()
    await page.locator('[data-row="inbox"]').waitFor()
    await page.goBack()
    await page.getByText('No triggers match the filter').waitFor()
  })

  it('can be used with keys alone to select, disable, enable and open a trigger', async () => {
    const { page } = await site.visit(`${served.url}/triggers?q=asked`)
    await page.locator('[data-row="asked"]').waitFor()
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('j')
    await page.keyboard.press('e')
    await page.getByRole('dialog', { name: 'Disable asked' }).waitFor()
    await page.keyboard.type('too many')
    await actAndSee(page, '"asked" is disabled', () => page.keyboard.press('Enter'))
    await page.locator('[data-row="asked"]').getByText('too many').waitFor()

    await page.keyboard.press('e')
    await page.getByRole('dialog', { name: 'Enable asked' }).waitFor()

    await actAndSee(page, '"asked" is enabled', () => page.keyboard.press('Enter'))
    expect(new URL(page.url()).searchParams.get('row')).toBe('asked')
    await page.locator('[data-row="asked"] a').first().focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'asked', exact: true }).waitFor()
  })

  it('creates only the rows near the visible rows of a long list', async () => {
    const { page } = await site.visit('about:blank')
    await page.route('**/api/v1/triggers?*', async (route) => {
      const response = await route.fetch()
      const { items, ...rest } = await response.json()
      const many = Array.from({ length: 500 }, (_, index) => ({ ...items[0], name: `many_${index}` }))
      await route.fulfill({ response, json: { ...rest, items: many } })
    })
    await page.goto(`${served.url}/triggers`)
    await page.locator('[data-row="many_0"]').waitFor()
    expect(await page.locator('[data-row]').count()).toBeLessThan(100)

    await page.evaluate('scrollTo(0, 200 * 28)')
    await page.locator('[data-row="many_205"]').waitFor()

    expect(await page.locator('[data-row]').count()).toBeLessThan(100)
    expect(await page.locator('[data-row="many_0"]').count()).toBe(0)
    expect((await page.locator('[data-row="many_205"]').boundingBox())?.y).toBeGreaterThan(0)
    expect((await page.locator('[data-row="many_205"]').boundingBox())?.y).toBeLessThan(640)
  })

  it.each([
    ['light', 1000],
    ['dark', 360],
  ] as const)('has no accessibility findings, and fits into its window: %s, %i px', async (colorScheme, width) => {
    const { page } = await site.visit(`${served.url}/triggers`, { colorScheme, viewport: { width, height: 700 } })
    await page.locator('[data-row="inbox"]').waitFor()

    expect(await accessibilityFindings(page)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
    await page.goto(`${served.url}/schedules`)
    await page.getByText('from Monday to Friday at 02:30').filter({ visible: true }).waitFor()
    expect(await accessibilityFindings(page)).toEqual([])
    await page.goto(`${served.url}/system`)
    await page.getByText('Slowest triggers').waitFor()
    expect(await accessibilityFindings(page)).toEqual([])
    const current = await page.locator('nav [aria-current]').boundingBox()
    expect((current?.x ?? 0) + (current?.width ?? 0)).toBeLessThanOrEqual(width)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
  })
})
