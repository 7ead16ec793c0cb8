/** The frame of the page: search, navigation on wide and narrow screens, and mistyped addresses. */

import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describePage, type Served, Site, UNTIL } from '../support/browser.ts'
import { PageApi } from '../support/page-api.ts'
import { expectSound } from '../support/page-audit.ts'
import { picture, VIEWS } from '../support/page-pictures.ts'

const SCRIPT = fileURLToPath(new URL('scripts/orders.py', import.meta.url))
const OVEN = fileURLToPath(new URL('scripts/oven.py', import.meta.url))
const WIDE = { viewport: { width: 1440, height: 900 } }
const NARROW = { viewport: { width: 390, height: 844 } }

describePage('the frame of the page', () => {
  const site = new Site()
  let served: Served
  let api: PageApi
  let execution: string
  beforeAll(async () => {
    served = await site.serve([SCRIPT])
    api = new PageApi(served.url)
    execution = await api.run('order_report', { region: 'eu' })
  })
  afterAll(() => site[Symbol.asyncDispose]())

  const visit = async (path: string, options = {}) => {
    const one = await site.visit(`${served.url.replace(/\/$/, '')}${path}`, options)
    await one.page.locator('main').waitFor()
    return one
  }
  const field = (page: Page) => page.getByRole('combobox', { name: 'Search names and ids' })
  const options = (page: Page) => page.getByRole('option')
  const activeText = async (page: Page) => await page.locator('[role="option"][aria-selected="true"]').textContent()

  describe('search', () => {
    it('is opened by "/" on every screen, finds names, and opens the chosen one by keyboard', async () => {
      const one = await visit('/system', WIDE)
      const { page } = one
      await page.getByRole('heading', { name: 'System', exact: true }).waitFor()

      await page.keyboard.press('/')
      await expect.poll(() => options(page).count(), UNTIL).toBeGreaterThan(8)
      expect(await page.evaluate('document.activeElement.role')).toBe('combobox')
      await page.keyboard.type('ORDER')
      await page.getByText('3 results').waitFor()
      await expectSound(one)

      expect(await options(page).allTextContents()).toEqual([
        expect.stringMatching(/^trigger\s*order_inbox/),
        expect.stringMatching(/^workflow\s*order_report/),
        expect.stringMatching(/^cron trigger\s*order_nightly/),
      ])
      expect(await activeText(page)).toContain('order_inbox')
      await page.keyboard.press('ArrowUp')
      expect(await activeText(page)).toContain('order_nightly')
      expect(await field(page).getAttribute('aria-activedescendant')).toBe('found-2')
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')

      await page.waitForURL('**/workflows/order_report')
      expect(await field(page).count()).toBe(0)
      await page.getByRole('heading', { name: 'order_report' }).waitFor()
    })

    it('opens the first result of an Enter that comes before the results', async () => {
      const { page, complaints } = await visit('/triggers')
      await page.keyboard.press('/')
      await field(page).waitFor()

      await page.keyboard.insertText(execution.slice(0, 8))
      await page.keyboard.press('Enter')

      await page.waitForURL(`**/executions/${execution}`)
      expect(complaints).toEqual([])
    })

    it('shows the state and age of an execution, goes to screens, and says if nothing matches', async () => {
      const { page } = await visit('/triggers')
      await page.getByRole('button', { name: /^Search/ }).click()
      await field(page).fill(execution)
      await page.getByText('1 result').waitFor()
      expect(await options(page).textContent()).toMatch(/^execution.*order_report.*Completed.*(ago|now)/s)

      await field(page).fill('no such name')
      await page.getByText('No name contains “no such name”, and no id begins with it.').waitFor()
      await field(page).fill('sched')
      await expect.poll(() => options(page).allTextContents(), UNTIL).toEqual([expect.stringContaining('Schedules')])
      await options(page).click()
      await page.waitForURL('**/schedules')
    })

    it('says that the engine does not answer, and closes with Escape', async () => {
      const { page } = await visit('/triggers')
      await page.route('**/api/v1/search?*', (route) => route.abort())
      await page.keyboard.press('/')
      await field(page).fill('order')

      await page.getByText(/^Could not search: The engine has stopped/).waitFor()
      await page.keyboard.press('Escape')

      await expect.poll(() => field(page).count(), UNTIL).toBe(0)
    })

    it('leaves the key "f" to the filter of a list', async () => {
      const { page } = await visit('/triggers')
      await page.locator('[data-row]').first().waitFor()

      await page.keyboard.press('f')
      await page.keyboard.type('inbox')

      await expect.poll(() => page.locator('[data-row]').count(), UNTIL).toBe(1)
      expect(page.url()).toContain('q=inbox')
    })
  })

  describe('the navigation', () => {
    it('has a row for all screens, without reactors if there are none', async () => {
      const { page } = await visit('/triggers', WIDE)
      const links = page.getByRole('navigation').getByRole('link')
      await expect.poll(() => links.allTextContents(), UNTIL).not.toContain('Reactors')

      expect((await links.allTextContents()).map((text) => text.replace(/\d.*/, ''))).toEqual([
        ...['Overview', 'Triggers', 'Executions', 'Approvals', 'Workflows', 'Schedules', 'Alerts', 'Actions', 'System'],
      ])
      const boxes = await Promise.all((await links.all()).map((link) => link.boundingBox()))
      expect(new Set(boxes.map((box) => box?.y)).size).toBe(1)
      expect(await page.locator('header.top').evaluate((element) => element.clientHeight)).toBeLessThan(60)
    })

    it('is a menu on a narrow screen, which the keyboard opens and closes', async () => {
      const one = await visit('/schedules', NARROW)
      const { page } = one
      const menu = page.getByRole('button', { name: 'Screens: Schedules' })
      expect(await page.getByRole('navigation').isVisible()).toBe(false)

      await menu.focus()
      await page.keyboard.press('Enter')
      await page.getByRole('navigation').waitFor()
      await expectSound(one)
      await page.keyboard.press('Escape')
      await page.getByRole('navigation').waitFor({ state: 'hidden' })
      expect(await page.evaluate('document.activeElement.className')).toBe('menu-button')
      await page.keyboard.press('Enter')
      await page.getByRole('link', { name: 'Actions' }).click()

      await page.waitForURL('**/actions')
      await page.getByRole('navigation').waitFor({ state: 'hidden' })
      await page.getByRole('button', { name: 'Screens: Actions' }).waitFor()
    })

    it.each([320, 700, 900, 901, 1000, 1240, 1241])('fits into a window of %i pixels', async (width) => {
      const { page } = await visit('/triggers', { viewport: { width, height: 700 } })
      const overflow = 'document.documentElement.scrollWidth - innerWidth'
      expect(await page.evaluate(overflow)).toBeLessThanOrEqual(0)
      const header = page.locator('header.top')
      expect(await header.evaluate((element) => element.scrollWidth - element.clientWidth)).toBeLessThanOrEqual(0)
      const nav = page.locator('header.top nav')
      expect(await nav.evaluate((element) => element.scrollWidth - element.clientWidth)).toBeLessThanOrEqual(0)
    })
  })

  describe('a mistyped address', () => {
    it('shows a page with the nearest screen and a search for the name', async () => {
      const one = await visit('/trigers/order_inbox', WIDE)
      const { page } = one
      await page.getByRole('heading', { name: 'Page not found' }).waitFor()
      await expectSound(one)
      expect(await page.title()).toBe('Page not found · cloaca')
      expect(await page.getByText('Did you mean').getByRole('link').getAttribute('href')).toBe('/triggers')

      await page.getByRole('button', { name: 'Search for “order_inbox”' }).click()
      await page.getByText('1 result').waitFor()
      await page.keyboard.press('Enter')

      await page.waitForURL('**/triggers/order_inbox')
    })

    it.each([
      ['/executions/unknown-id', 'Could not load the execution'],
      ['/executions/%E0%A4%A', 'Could not load the execution'],
      [`/executions/${randomUUID()}`, 'Could not load the execution'],
      ['/triggers/nope', 'Could not load trigger "nope"'],
      ['/workflows/nope', 'Could not load'],
      ['/schedules/nope', 'Could not load the schedule'],
      ['/approvals/nope', 'Could not load the approval'],
      ['/reactors/nope', 'Could not load'],
      ['/sources/nope', 'Could not load'],
      ['/graphs/nope', 'Could not load'],
    ])('below a known one shows why there is nothing: %s', async (path, heading) => {
      const one = await visit(path, NARROW)

      await one.page.getByRole('alert').getByText(heading).waitFor()
      expect(await one.page.getByRole('alert').textContent()).toMatch(/not found|unknown|no /i)
      await expectSound(one)
    })

    it.each(['/api/triggers', '/api/v1/trigers', '/api', '/api/v2/executions'])(
      'that looks like one of the API shows the page to a browser: %s',
      async (path) => {
        const { page, complaints } = await visit(path)

        await page.getByRole('heading', { name: 'Page not found' }).waitFor()
        expect(complaints).toEqual([])
      },
    )

    it('with a slash at its end shows the screen', async () => {
      const { page, complaints } = await visit('/schedules/')

      await page.getByRole('heading', { name: 'Schedules' }).waitFor()
      expect(complaints).toEqual([])
    })
  })

  it.each(VIEWS)('looks right: %s', async (name, view) => {
    const one = await visit('/trigers', view)
    await picture(one, `not-found-${name}`)
    await one.page.keyboard.press('/')
    await field(one.page).fill('order')
    await one.page.getByText('3 results').waitFor()
    await picture(one, `search-${name}`)
    await expectSound(one)
    await one.page.keyboard.press('Escape')
    if (view.viewport.width > 900) return
    await one.page.getByRole('button', { name: /^Screens:/ }).click()
    await picture(one, `menu-${name}`)
  })
})

describePage('the navigation of a database with reactors', () => {
  const site = new Site()
  afterAll(() => site[Symbol.asyncDispose]())

  it('has an entry for reactors, also before the counts arrive again', async () => {
    const served = await site.serve([OVEN])
    const { page } = await site.visit(`${served.url}/triggers`)
    const link = page.getByRole('navigation').getByRole('link', { name: 'Reactors' })
    await link.waitFor()
    expect(await link.getAttribute('href')).toBe('/reactors')

    await page.route('**/api/v1/counts', (route) => route.abort())
    await page.reload()

    await link.waitFor()
  })
})
