/** The overview: problems, workflows with marks of their executions, triggers, and the first steps. */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describePage, type Served, Site, UNTIL } from '../support/browser.ts'
import { PageApi } from '../support/page-api.ts'
import { expectSound } from '../support/page-audit.ts'
import { picture, VIEWS } from '../support/page-pictures.ts'

const OVERVIEW = fileURLToPath(new URL('scripts/overview.py', import.meta.url))
const BARE = fileURLToPath(new URL('scripts/bare.py', import.meta.url))

describePage('the overview', () => {
  const site = new Site()
  let served: Served
  let api: PageApi
  let failed: string
  beforeAll(async () => {
    served = await site.serve([site.terminal.write('overview.py', readFileSync(OVERVIEW, 'utf8'))])
    api = new PageApi(served.url)
    for (let run = 0; run < 12; run++) await api.run('invoices', { fails: run % 5 === 4, seconds: (run % 4) / 20 })
    await api.run('fine')
    await api.start('release')
    failed = await api.run('invoices', { fails: true })
  })
  afterAll(() => site[Symbol.asyncDispose]())

  const visit = async (options = {}) => {
    const one = await site.visit(served.url, options)
    await one.page.locator('.problem').first().waitFor()
    await one.page.locator('.run-mark').first().waitFor()
    await one.page.locator('[data-row="trigger inbox"]').waitFor()
    return one
  }

  it('lists problems, the most urgent first, with their causes and links', async () => {
    const { page, complaints } = await visit()
    const failing = page.locator('.problem', { hasText: 'Failing trigger' })
    const execution = page.locator('.problem', { hasText: 'invoice 4711' })
    const approval = page.locator('.problem', { hasText: 'Release version 7' })
    await Promise.all([failing, execution, approval].map((row) => row.waitFor()))

    const badges = await page.locator('.problem-kind').allTextContents()

    expect(badges).toEqual(['Failing trigger', 'Failed', 'Approval'])
    expect(await failing.textContent()).toContain('the mail server does not answer')
    expect(await execution.textContent()).toContain('3 in 24 h, last ')
    expect(await execution.textContent()).toContain('<b>amount</b>, and the customer does')
    expect(await execution.getByRole('link').getAttribute('href')).toBe(`/executions/${failed}`)
    await approval.getByRole('link', { name: 'release' }).click()
    await page.waitForURL('**/approvals/*')
    expect(complaints).toEqual([])
  })

  it('says that a failed workflow has completed since', async () => {
    const id = await api.run('invoices', { fails: true })
    const { page } = await visit()
    const row = page.locator('.problem', { hasText: 'invoice 4711' })
    await row.waitFor()
    expect(await row.textContent()).not.toContain('completed since')

    await api.run('invoices')

    await row.getByText('completed since').waitFor()
    await page.goto(`${served.url}/executions/${id}`)
    failed = await api.run('invoices', { fails: true })
  })

  it('shows the last executions of a workflow as links with state, duration and time', async () => {
    const { page } = await visit()
    const marks = page.locator('[data-row="workflow invoices"] .run-mark')
    const rate = page.locator('[data-row="workflow invoices"] .rate')
    const count = await marks.count()

    const names = await marks.evaluateAll((all) => all.map((each) => each.getAttribute('aria-label') ?? ''))

    expect(count).toBeGreaterThan(12)
    for (const name of names) {
      expect(name).toMatch(/^(Completed|Failed), (\d+ ms|[\d.]+ s), created \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
    }
    expect(names.at(-1)).toMatch(/^Failed/)
    expect(await marks.last().getAttribute('href')).toBe(`/executions/${failed}`)
    expect(await rate.textContent()).toMatch(/^\d\d % success, \d of the last \d+ executions failed$/)
  })

  it('has one mark of a workflow in the order of Tab, and reaches the others with arrow keys', async () => {
    const { page } = await visit()
    const row = page.locator('[data-row="workflow invoices"]')
    const focused = () => page.evaluate('document.activeElement.getAttribute("aria-label")')
    const names = await row
      .locator('.run-mark')
      .evaluateAll((all) => all.map((each) => each.getAttribute('aria-label')))
    await row.getByRole('link', { name: 'invoices', exact: true }).focus()

    await page.keyboard.press('Tab')
    const reached = [await focused()]
    for (const key of ['ArrowLeft', 'Home', 'ArrowRight', 'End', 'ArrowRight']) {
      await page.keyboard.press(key)
      reached.push(await focused())
    }

    expect(reached).toEqual([-1, -2, 0, 1, -1, -1].map((at) => names.at(at)))
    expect(await row.locator('.run-mark[tabindex="0"]').count()).toBe(1)
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/executions/${failed}`)
  })

  it('adds the mark of a new execution, and moves between the rows of all panels with j and k', async () => {
    const { page } = await visit()
    const marks = page.locator('[data-row="workflow fine"] .run-mark')
    const before = await marks.count()

    await api.run('fine')

    await expect.poll(() => marks.count(), UNTIL).toBeGreaterThan(before)
    const rows = await page.locator('[data-row]').count()
    for (let row = 0; row < rows; row++) await page.keyboard.press('j')
    await expect
      .poll(() => page.evaluate('document.activeElement.closest("[data-row]").dataset.row'))
      .toMatch(/^trigger /)
    await page.keyboard.press('k')
    expect(page.url()).toContain('row=trigger')
  })

  it('shows failing triggers first', async () => {
    const { page } = await visit()

    const names = await page.locator('.panel-triggers [data-row] .name a').allTextContents()

    expect(names).toEqual(['mailbox', 'inbox', 'nightly'])
  })

  it.each(VIEWS)('has no accessibility findings, and fits into the window: %s', async (name, options) => {
    const one = await visit(options)
    await expectSound(one)
    await picture(one, `overview-${name}`)
  })
})

describePage('the overview of a database in which nothing has run', () => {
  const site = new Site()
  let served: Served
  beforeAll(async () => {
    served = await site.serve([BARE])
  })
  afterAll(() => site[Symbol.asyncDispose]())

  it.each(VIEWS)('shows how to start the first execution: %s', async (name, options) => {
    const one = await site.visit(served.url, options)

    await one.page.getByText('cloaca workflow run bare').waitFor()

    await one.page.getByText('Nothing needs attention').waitFor()
    await expect.poll(() => one.page.getByRole('heading', { name: 'Triggers' }).count()).toBe(0)
    await expectSound(one)
    await picture(one, `overview-unused-${name}`)
  })

  it.each(VIEWS)('shows how to declare the first workflow, if there is none: %s', async (name, options) => {
    const one = await site.visit('about:blank', options)
    // `serve` refuses a script without declarations, but a runner with the page may have none.
    await one.page.route('**/api/v1/workflow-summaries?*', (route) => {
      return route.fulfill({ json: { items: [], nextCursor: null } })
    })
    await one.page.goto(served.url)

    await one.page.getByRole('heading', { name: 'No workflows yet' }).waitFor()

    await one.page.getByText('cloaca serve jobs.py').waitFor()
    expect(await one.page.getByText('Needs attention').count()).toBe(0)
    await expectSound(one)
    await picture(one, `overview-empty-${name}`)
  })
})
