/** The state of a trigger on its screen, ticks of several firings, and executions that wait. */

import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { accessibilityFindings } from '../support/accessibility.ts'
import { actAndSee, describePage, type Served, Site, UNTIL } from '../support/browser.ts'

const STATES = fileURLToPath(new URL('scripts/states.py', import.meta.url))

describePage('the screen of a trigger with a state', () => {
  const site = new Site()
  let served: Served
  beforeAll(async () => {
    served = await site.serve([STATES])
  })
  afterAll(() => site[Symbol.asyncDispose]())

  const open = async (name: string, options = {}) => {
    const visit = await site.visit(`${served.url}/triggers/${name}`, options)
    await visit.page.getByRole('heading', { name, exact: true }).waitFor()
    return visit
  }
  const stateAddress = (name: string) => `${served.url}/api/v1/triggers/${name}/state`
  const storedState = async (name: string) => await (await fetch(stateAddress(name))).text()
  const setState = async (name: string, state: string) => {
    const headers = { 'content-type': 'application/json', origin: served.url }
    const response = await fetch(stateAddress(name), { method: 'PUT', headers, body: `{"state":${state}}` })
    expect(response.status).toBe(200)
  }

  it('shows the state and its last change, and in a poll the states before and after', async () => {
    const { page, complaints } = await open('rows')
    const panel = page.getByRole('region', { name: 'State', exact: true })
    await panel.getByText('"last": 2', { exact: false }).waitFor()
    expect(await panel.textContent()).toMatch(/version 1, changed .* by a poll/)

    await actAndSee(page, 'Polled "rows": fired', () => page.keyboard.press('p'))

    await panel.getByText('"last": 4', { exact: false }).waitFor()
    expect(await panel.textContent()).toMatch(/version 2, changed .* by a poll/)
    const rows = page.locator('.ticks tbody tr')
    await expect.poll(() => rows.count(), UNTIL).toBe(2)
    const row = rows.first()
    await row.getByText('2 firings').waitFor()
    await row.getByRole('button', { name: 'State' }).click()
    const dialog = page.getByRole('dialog', { name: 'Poll of rows' })
    const change = dialog.getByRole('region', { name: 'State before and after' })
    await change.waitFor()
    expect(await change.locator('.before').textContent()).toBe('2')
    expect(await change.locator('.after').textContent()).toBe('4')
    await dialog.getByRole('link', { name: '2 executions' }).click()
    await page.getByRole('heading', { name: 'Executions' }).waitFor()
    await expect.poll(() => page.locator('[data-row]').count(), UNTIL).toBe(2)
    expect(complaints).toEqual([])
  })

  it('counts the duplicates of a poll after the state was reset', async () => {
    const { page } = await open('rows')
    const panel = page.getByRole('region', { name: 'State', exact: true })
    await panel.getByRole('button', { name: 'Reset state' }).click()
    await page.getByRole('dialog', { name: 'Reset the state of rows' }).waitFor()
    await page.keyboard.type('read again')

    await actAndSee(page, 'State of "rows" reset', () => page.keyboard.press('Enter'))

    await panel.getByText('{}', { exact: true }).waitFor()
    await panel.getByText(/by action [0-9a-f]{8} \(http\): read again/).waitFor()
    await actAndSee(page, 'Polled "rows": duplicate', () => page.keyboard.press('p'))
    const row = page.locator('.ticks tbody tr').first()
    await row.getByText('2 firings, 2 duplicates').waitFor()
    expect(await row.getByRole('link').count()).toBe(0)
    expect(await storedState('rows')).toContain('"state":{"last":2},"version":4,')
  })

  it('replaces the state with the exact text, using only the keyboard', async () => {
    const { page } = await open('edited')
    await page.getByText('never changed').waitFor()
    await page.keyboard.press('s')
    const dialog = page.getByRole('dialog', { name: 'Edit the state of edited' })
    const field = dialog.getByLabel('State (JSON')
    await field.waitFor()
    const replace = dialog.getByRole('button', { name: 'Replace version 0' })
    for (const wrong of ['', '[1]', '{"last": }']) {
      await field.fill(wrong)
      expect(await replace.isDisabled()).toBe(true)
    }
    await field.fill('{"last": 12345678901234567890, "ratio": 1.0}')
    await dialog.getByLabel('Note').fill('jump "ahead"')
    await field.focus()

    await actAndSee(page, 'State of "edited" replaced', () => page.keyboard.press('Control+Enter'))

    const panel = page.getByRole('region', { name: 'State', exact: true })
    await panel.getByText(/by action [0-9a-f]{8} \(http\): jump "ahead"/).waitFor()
    expect(await panel.locator('pre').textContent()).toBe('{\n  "last": 12345678901234567890,\n  "ratio": 1.0\n}')
    expect(await storedState('edited')).toContain('"state":{"last":12345678901234567890,"ratio":1.0},"version":1,')
    await page.keyboard.press('s')
    await dialog.waitFor()
    expect(await field.inputValue()).toBe('{\n  "last": 12345678901234567890,\n  "ratio": 1.0\n}')
    await dialog.getByRole('button', { name: 'Use the state before the last change' }).click()
    expect(await field.inputValue()).toBe('{}')
    await field.fill('{"ratio": 1}')
    await actAndSee(page, 'State of "edited" replaced', () => page.keyboard.press('Control+Enter'))
    const change = panel.getByRole('region', { name: 'Last change of the state' })
    await change.getByText('version 1 to 2').waitFor()
    expect(await change.locator('.removed').textContent()).toContain('12345678901234567890')
    expect(await change.locator('.changed .before').textContent()).toBe('1.0')
    expect(await change.locator('.changed .after').textContent()).toBe('1')
  })

  it('keeps the written text when the state has changed, and shows the stored state', async () => {
    const { page } = await open('pages')
    await setState('pages', '{"page":1}')
    const panel = page.getByRole('region', { name: 'State', exact: true })
    await panel.getByText('"page": 1', { exact: false }).waitFor()
    await panel.getByRole('button', { name: 'Edit state' }).click()
    const dialog = page.getByRole('dialog', { name: 'Edit the state of pages' })
    const field = dialog.getByLabel('State (JSON')
    await field.fill('{"page": 7}')
    await setState('pages', '{"page":2.0}')

    await dialog.getByRole('button', { name: 'Replace version 1' }).click()

    await dialog.getByText('Version 2 is stored now').waitFor()
    await dialog.getByText('"page": 2.0').waitFor()
    expect(await field.inputValue()).toBe('{"page": 7}')
    expect(await storedState('pages')).toContain('{"page":2.0}')
    expect(await accessibilityFindings(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Continue from the stored state' }).click()
    expect(await field.inputValue()).toBe('{\n  "page": 2.0\n}')
    await field.fill('{"page": 8}')
    await setState('pages', '{"page":3}')
    await dialog.getByLabel('Replace also if the state changes').check()
    await dialog.getByRole('button', { name: 'Replace version 2' }).click()
    await dialog.waitFor({ state: 'detached' })
    expect(await storedState('pages')).toContain('"state":{"page":8},"version":4,')
  })

  it('shows in a test each firing with its key, and the state afterwards', async () => {
    await setState('rows', '{"last":40}')
    const { page } = await open('rows')
    await page.keyboard.press('t')
    const dialog = page.getByRole('dialog', { name: 'Test rows' })
    await dialog.getByText('State after the poll').waitFor()

    const text = await dialog.textContent()

    expect(text).toMatch(/Context of firing 1Key: row-41\{"id":41\}Context of firing 2Key: row-42\{"id":42\}/)
    expect(text).toContain('"last": 42')
    expect(await storedState('rows')).toContain('{"last":40}')
  })

  it('states that the trigger waits because of max_active, and links to the executions', async () => {
    const { page } = await open('queue')
    await page.getByText('until fewer than 1 are active. The trigger is not polled before.').waitFor()
    await page.getByText('waiting', { exact: true }).waitFor()

    await page.getByRole('link', { name: '2 executions' }).first().click()

    await expect.poll(() => page.locator('[data-row]').count(), UNTIL).toBe(2)
    expect(new URL(page.url()).searchParams.get('trigger')).toBe('queue')
    await page.locator('[data-row]').nth(1).getByText('max_active of trigger queue: used by').waitFor()
  })

  it('shows no state of a trigger that takes none', async () => {
    const { page } = await open('stateless')
    await page.getByRole('heading', { name: 'Polls' }).waitFor()

    expect(await page.getByRole('button', { name: 'Edit state' }).count()).toBe(0)
  })

  it.each([
    ['light', 1000],
    ['dark', 390],
  ] as const)('has no accessibility findings, and fits into its window: %s, %i px', async (colorScheme, width) => {
    const { page } = await open('rows', { colorScheme, viewport: { width, height: 700 } })
    await page.getByRole('region', { name: 'State as JSON' }).waitFor()
    await page.locator('.ticks tbody tr').first().waitFor()

    expect(await accessibilityFindings(page)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
    await page.keyboard.press('s')
    await page.getByRole('dialog').waitFor()
    expect(await accessibilityFindings(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.locator('.ticks tbody tr').last().getByRole('button', { name: 'State' }).click()
    await page.getByRole('region', { name: 'State before and after' }).waitFor()
    expect(await accessibilityFindings(page)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
  })
})
