/** The screen of a trigger: its timeline, ticks and actions. */

import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { accessibilityFindings } from '../support/accessibility.ts'
import { actAndSee, describePage, type Served, Site, UNTIL } from '../support/browser.ts'

const WATCHERS = fileURLToPath(new URL('scripts/watchers.py', import.meta.url))

describePage('the screen of a trigger', () => {
  const site = new Site()
  let served: Served
  beforeAll(async () => {
    served = await site.serve([WATCHERS])
  })
  afterAll(() => site[Symbol.asyncDispose]())

  const open = async (name: string, query = '') => {
    const visit = await site.visit(`${served.url}/triggers/${name}${query}`)
    await visit.page.getByRole('heading', { name, exact: true }).waitFor()
    return visit
  }
  const leftOf = (selector: string) => `document.querySelector('${selector}')?.getBoundingClientRect().left`

  it('has a timeline that moves with time, and pauses under the mouse pointer', async () => {
    const { page } = await open('inbox')
    await page.locator('.mark.fired').first().waitFor()
    const at = await page.evaluate<number>(leftOf('.timeline .line'))
    await expect.poll(() => page.evaluate<number>(leftOf('.timeline .line')), UNTIL).not.toBe(at)

    await page.locator('.timeline').hover({ position: { x: 40, y: 40 } })
    await page.getByText('paused').waitFor()
    const held = await page.evaluate<string>(`document.querySelector('.track').innerHTML`)
    const ticks = await page.locator('.ticks tbody tr').first().getAttribute('data-row')
    await expect.poll(() => page.locator('.ticks tbody tr').first().getAttribute('data-row'), UNTIL).not.toBe(ticks)

    expect(await page.evaluate<string>(`document.querySelector('.track').innerHTML`)).toBe(held)
    await page.mouse.move(0, 0)
    await page.getByText('paused').waitFor({ state: 'detached' })
  })

  it('moves between marks with the arrow keys, names each mark, and opens a poll', async () => {
    const { page } = await open('source')
    await page.locator('.mark.failed').first().waitFor()
    await page.locator('.timeline').focus()
    await page.keyboard.press('ArrowRight')
    const label = await page.evaluate<string>('document.activeElement.ariaLabel')
    await page.keyboard.press('Escape')

    await page
      .locator('.ticks')
      .getByRole('row', { name: /failed/ })
      .last()
      .getByRole('button', { name: 'Error, log' })
      .click()

    expect(label).toMatch(/skipped|failed/)
    const dialog = page.getByRole('dialog', { name: 'Poll of source' })
    await dialog.getByText('Traceback (most recent call last)').waitFor()
    expect(await dialog.textContent()).toContain('asking the source <b>again</b>')
    expect(page.url()).toMatch(/tick=/)
    await page.reload()
    await dialog.getByText('ConnectionError: the source does not answer').waitFor()
    await page.keyboard.press('Escape')
    await expect.poll(() => page.url(), UNTIL).not.toMatch(/tick=/)
  })

  it('shows the expected firing and the tags', async () => {
    const { page } = await open('asked')
    await page.getByText('alert after 2 d without a firing').waitFor()
    expect(await page.locator('dt', { hasText: 'Tags' }).locator('..').textContent()).toBe('Tagsteam=post')
    const { page: other } = await open('inbox')
    await other.locator('dt', { hasText: 'Policy' }).waitFor()
    expect(await other.locator('dt', { hasText: 'Tags' }).count()).toBe(0)
  })

  it('polls the trigger, and tests the trigger without recording a tick', async () => {
    const { page } = await open('asked')
    await actAndSee(page, 'Polled "asked": fired', () => page.getByRole('button', { name: 'Poll now' }).click())
    await expect.poll(() => page.locator('.ticks tbody tr').count(), UNTIL).toBe(2)

    await page.keyboard.press('t')

    const dialog = page.getByRole('dialog', { name: 'Test asked' })
    await dialog.getByText('{"amount":1.0}').waitFor()
    expect(await dialog.textContent()).toMatch(/fired in \d+ ms[\s\S]*looking/)
    await page.keyboard.press('Escape')
    expect(await page.locator('.ticks tbody tr').count()).toBe(2)
  })

  it('fires the trigger with the exact context, and links to the execution', async () => {
    const { page } = await open('inbox')
    await page.keyboard.press('f')
    const dialog = page.getByRole('dialog', { name: 'Fire inbox' })
    const field = dialog.getByLabel('Context')
    await field.fill('[1]')
    expect(await dialog.getByRole('button', { name: 'Fire' }).isDisabled()).toBe(true)
    await field.fill('{"amount": 1.0, "number": 12345678901234567890}')
    const link = page.getByRole('link', { name: 'Open the execution' })

    await Promise.all([link.click(), dialog.getByRole('button', { name: 'Fire' }).click()])

    await page.waitForURL(/\/executions\/[0-9a-f-]{36}$/)
    const id = page.url().split('/').at(-1)
    const input = await fetch(`${served.url}/api/v1/executions/${id}/input`)
    expect(await input.text()).toMatch(/"amount": ?1\.0.*12345678901234567890/)
  })

  it('shows the ticks of any time range, and keeps the range in the address', async () => {
    const { page } = await open('source')
    await page.getByRole('button', { name: '1 h', exact: true }).click()
    await page.locator('.mark').first().waitFor()
    const address = page.url()
    await page.getByRole('button', { name: 'Earlier' }).click()
    await page.getByRole('button', { name: 'Earlier' }).click()
    await page.getByRole('button', { name: 'Earlier' }).click()
    await page.getByText('No polls match the filter').waitFor()
    await page.goto(address)
    await page.locator('.mark').first().click()
    await expect.poll(() => page.url(), UNTIL).not.toBe(address)

    await page.getByRole('button', { name: 'Live' }).click()

    await page.locator('.timeline.live').waitFor()
    expect(page.url()).not.toMatch(/from=/)
    await page.getByRole('button', { name: 'failed' }).click()
    await expect.poll(() => page.locator('.badge.skipped').count(), UNTIL).toBeLessThanOrEqual(1)
  })

  it('reports an unknown trigger with the nearest name', async () => {
    const { page } = await site.visit(`${served.url}/triggers/inbx`)

    await page.getByText('Could not load trigger "inbx"').waitFor()

    await expect.poll(() => page.getByText('inbox').count(), UNTIL).toBe(1)
  })

  it.each([
    ['light', 1000],
    ['dark', 360],
  ] as const)('has no accessibility findings, and fits into its window: %s, %i px', async (colorScheme, width) => {
    const { page } = await site.visit(`${served.url}/triggers/inbox`, {
      colorScheme,
      viewport: { width, height: 700 },
    })
    await page.locator('.mark').first().waitFor()

    expect(await accessibilityFindings(page)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
    await page.keyboard.press('f')
    await page.getByRole('dialog').waitFor()
    expect(await accessibilityFindings(page)).toEqual([])
  })
})
