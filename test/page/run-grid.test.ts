/** The grid of the tasks and executions of a workflow, and the table of workflows. */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describePage, type Served, Site, UNTIL } from '../support/browser.ts'
import { PageApi } from '../support/page-api.ts'
import { expectSound } from '../support/page-audit.ts'
import { picture, VIEWS } from '../support/page-pictures.ts'

const OVERVIEW = fileURLToPath(new URL('scripts/overview.py', import.meta.url))
const SHOP = fileURLToPath(new URL('scripts/shop.py', import.meta.url))

describePage('the grid of executions and tasks', () => {
  const site = new Site()
  let served: Served
  let api: PageApi
  /** Executions of `invoices`, oldest first. The fourth one fails. */
  const ids: string[] = []
  beforeAll(async () => {
    served = await site.serve([
      site.terminal.write('overview.py', readFileSync(OVERVIEW, 'utf8')),
      site.terminal.write('shop.py', readFileSync(SHOP, 'utf8')),
    ])
    api = new PageApi(served.url)
    for (let run = 0; run < 24; run++) {
      ids.push(await api.run('invoices', { fails: run % 7 === 3, seconds: (run % 5) / 40 }))
    }
    await api.run('wide')
  })
  afterAll(() => site[Symbol.asyncDispose]())

  const visit = async (path: string, options = {}) => {
    const one = await site.visit(`${served.url}${path}`, options)
    await one.page.locator('.durations a').first().waitFor()
    return one
  }
  const focused = 'document.activeElement.dataset.at'

  it('has a bar for the duration of each execution, and a mark for each of its tasks, oldest first', async () => {
    const { page, complaints } = await visit('/workflows/invoices', { viewport: { width: 1_200, height: 800 } })
    const bars = page.locator('.durations a')
    const scores = page.locator('.grid-row', { hasText: 'score' }).locator('a')

    const links = await bars.evaluateAll((all) => all.map((each) => each.getAttribute('href')))

    expect(links).toEqual(ids.map((id) => `/executions/${id}`))
    expect(await bars.nth(3).getAttribute('aria-label')).toMatch(/^Failed, [\d.]+ m?s, created \d{4}-/)
    expect(await scores.nth(3).getAttribute('aria-label')).toMatch(
      /^score: Failed, [\d.<]+ m?s.*, in the execution of /,
    )
    expect(await scores.nth(2).getAttribute('aria-label')).toMatch(/^score: Completed, /)
    await scores.nth(3).click()
    await page.waitForURL(`**/executions/${ids[3]}?task=score`)
    expect(complaints).toEqual([])
  })

  it('can be used with keys alone', async () => {
    const { page } = await visit('/workflows/invoices', { viewport: { width: 1_200, height: 800 } })
    await page.locator('.durations a').last().focus()
    const reached = []

    for (const key of ['ArrowLeft', 'ArrowDown', 'ArrowDown', 'Home', 'ArrowUp', 'ArrowUp', 'ArrowUp', 'End']) {
      await page.keyboard.press(key)
      reached.push(await page.evaluate(focused))
    }

    expect(reached).toEqual(['-1 22', '0 22', '1 22', '1 0', '0 0', '-1 0', '-1 0', '-1 23'])
    expect(await page.locator('.run-grid a[tabindex="0"]').count()).toBe(1)
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/executions/${ids.at(-1)}`)
  })

  it('reaches each of 300 tasks with keys, although only some have elements', async () => {
    const { page } = await visit('/workflows/wide')
    await page.locator('.durations a').last().focus()

    for (let row = 0; row < 60; row++) {
      await page.keyboard.press('ArrowDown')
      await expect.poll(() => page.evaluate(focused), UNTIL).toBe(`${row} 0`)
    }

    expect(await page.locator('.run-grid .task-mark').count()).toBeLessThan(120)
  })

  it('shows as many of the newest executions as fit', async () => {
    const { page } = await visit('/workflows/invoices', { viewport: { width: 390, height: 844 } })
    const bars = page.locator('.durations a')

    await expect.poll(() => bars.count(), UNTIL).toBeLessThan(15)

    expect(await bars.count()).toBeGreaterThan(8)
    expect(await bars.last().getAttribute('href')).toBe(`/executions/${ids.at(-1)}`)
  })

  it('adds a new execution', async () => {
    const { page } = await visit('/workflows/fine')
    const before = await page.locator('.durations a').count()

    await api.run('fine')

    await expect.poll(() => page.locator('.durations a').count(), UNTIL).toBe(before + 1)
  })

  it.each(VIEWS)('has no accessibility findings, and fits into the window: %s', async (name, options) => {
    const one = await visit('/workflows/invoices', options)
    await one.page.locator('.node').first().waitFor()
    await expectSound(one)
    await picture(one, `run-grid-${name}`)

    await one.page.goto(`${served.url}/workflows`)
    await one.page.locator('.run-mark').first().waitFor()
    await expectSound(one)
    await picture(one, `workflows-${name}`)
  })
})
