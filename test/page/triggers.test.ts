/** The list of triggers, as a visitor sees it. */

import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { seriousFindings } from '../support/accessibility.ts'
import { describePage, type Served, Site, UNTIL } from '../support/browser.ts'

const WATCHERS = fileURLToPath(new URL('scripts/watchers.py', import.meta.url))

describePage('the list of triggers', () => {
  const site = new Site()
  let served: Served
  beforeAll(async () => {
    served = await site.serve([WATCHERS])
  })
  afterAll(() => site[Symbol.asyncDispose]())

  it('shows each with its description, a command to try, and its last poll as it comes', async () => {
    const { page, ...visit } = await site.visit(served.url)
    const row = page.locator('[data-row="inbox"]')
    await page.locator('.connection.live').waitFor()
    const polled = await row.locator('.last time').getAttribute('datetime')

    await expect.poll(() => row.locator('.last time').getAttribute('datetime'), UNTIL).not.toBe(polled)

    const text = await row.textContent()
    expect(text).toContain('Fires for each parcel that is put into the inbox.')
    expect(text).toContain('touch /tmp/parcels/monday.txt')
    expect(visit.complaints).toEqual([])
  })

  it('takes a name for text, whatever is in it', async () => {
    const visit = await site.visit(served.url)
    const hostile = visit.page.getByRole('link', { name: '<img src=x onerror=alert(1)>' })
    await hostile.click()

    await visit.page.getByRole('heading', { name: '<img src=x onerror=alert(1)>' }).waitFor()

    await visit.page.getByText('<script>alert(2)</script>').first().waitFor()
    expect(visit.page.url()).toContain('/triggers/%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E')
    expect(await visit.page.locator('img').count()).toBe(0)
    expect(visit.complaints).toEqual([])
  })

  it('is filtered by what stands in its address, which a reload and the back button keep', async () => {
    const { page } = await site.visit(served.url)
    await page.locator('[data-row="inbox"]').waitFor()
    await page.keyboard.press('/')
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

  it('is used by keys alone: from row to row, one is disabled with a note, enabled again, and opened', async () => {
    const { page } = await site.visit(`${served.url}/?q=asked`)
    await page.locator('[data-row="asked"]').waitFor()
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('j')
    await page.keyboard.press('e')
    await page.getByRole('dialog', { name: 'Disable asked' }).waitFor()
    await page.keyboard.type('too many')
    await page.keyboard.press('Enter')
    await page.getByText('"asked" is disabled').waitFor()
    await page.locator('[data-row="asked"]').getByText('too many').waitFor()

    await page.keyboard.press('e')
    await page.getByRole('dialog', { name: 'Enable asked' }).waitFor()
    await page.keyboard.press('Enter')

    await page.getByText('"asked" is enabled').waitFor()
    expect(new URL(page.url()).searchParams.get('row')).toBe('asked')
    await page.locator('[data-row="asked"] a').first().focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'asked', exact: true }).waitFor()
  })

  it.each([
    ['light', 1000],
    ['dark', 360],
  ] as const)(
    'has no serious finding of axe, and nothing that is wider than the window: %s, %i px',
    async (colorScheme, width) => {
      const { page } = await site.visit(served.url, { colorScheme, viewport: { width, height: 700 } })
      await page.locator('[data-row="inbox"]').waitFor()

      expect(await seriousFindings(page)).toEqual([])
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
      await page.goto(`${served.url}/schedules`)
      await page.getByText('from Monday to Friday at 02:30').waitFor()
      expect(await seriousFindings(page)).toEqual([])
      await page.goto(`${served.url}/system`)
      await page.getByText('Slowest triggers').waitFor()
      expect(await seriousFindings(page)).toEqual([])
      const current = await page.locator('nav [aria-current]').boundingBox()
      expect((current?.x ?? 0) + (current?.width ?? 0)).toBeLessThanOrEqual(width)
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
    },
  )
})
