/** The screen of an execution: its tasks, log, contexts and actions. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describePage, type Served, Site, UNTIL } from '../support/browser.ts'
import { PageApi } from '../support/page-api.ts'
import { expectSound } from '../support/page-audit.ts'
import { picture, VIEWS } from '../support/page-pictures.ts'

const SHOP = fileURLToPath(new URL('scripts/shop.py', import.meta.url))
const EXACT = '{"big": 123456789012345678901234567890, "one": 1.0}'

describePage('the screen of an execution', () => {
  const site = new Site()
  let served: Served
  let api: PageApi
  let order: string
  let wide: string
  beforeAll(async () => {
    // With one slot, one of two ready tasks waits for the other.
    const oneAtATime = ['--concurrency', '1']
    served = await site.serve([site.terminal.write('shop.py', readFileSync(SHOP, 'utf8'))], oneAtATime)
    api = new PageApi(served.url)
    wide = await api.start('wide')
    order = await api.run('order', { customer: 17 })
    await api.ended(wide)
  })
  afterAll(() => site[Symbol.asyncDispose]())

  const visit = async (path: string, options = {}) => {
    const one = await site.visit(`${served.url.replace(/\/$/, '')}${path}`, options)
    await one.isLive()
    return one
  }

  it('shows each attempt separately, with its queue time', async () => {
    const { page } = await visit(`/executions/${order}`)
    const reserve = page.locator('.gantt-row[data-task="reserve"]')
    await reserve.waitFor()

    await expect.poll(() => reserve.locator('.bar.work.bad').count(), UNTIL).toBe(3)
    expect(await reserve.locator('.bar.work').first().getAttribute('title')).toMatch(/attempt 1 failed, \d/)
    const waited = page.locator('.gantt-row[data-task^="a_task"]')
    const [queue, work] = await Promise.all(['.bar.queue', '.bar.work'].map((bar) => waited.locator(bar).boundingBox()))
    expect(queue?.height).toBeLessThan(work?.height ?? 0)
    expect((queue?.x ?? 0) + (queue?.width ?? 0)).toBeLessThanOrEqual((work?.x ?? 0) + 2)
  })

  it('shows the exact changes, the errors and the own log of a selected task', async () => {
    const { page } = await visit(`/executions/${order}?panel=no`)
    await page.locator('.gantt-row[data-task="reserve"] button').click()
    await page.getByText('after take').waitFor()
    await expect.poll(() => page.locator('.traceback').count(), UNTIL).toBe(3)
    expect(await page.locator('.traceback').first().textContent()).toMatch(
      /ConnectionError: the stock does not answer: timed out/,
    )
    await page.getByRole('button', { name: 'Close' }).click()

    await page.locator('.gantt-row[data-task="take"] button').click()
    await page.getByText('No output').waitFor({ state: 'hidden' })
    await page.locator('.change.added').first().waitFor()

    await expect.poll(() => page.locator('.change.added').allTextContents(), UNTIL).toEqual(['+order4711', '+total1.0'])
    expect(page.url()).toContain('task=take')
    await expect.poll(() => page.locator('.log-row').count()).toBe(2)
  })

  it('shows terminal colours as colours, and markup as text', async () => {
    const one = await visit(`/executions/${order}?task=take`)
    const line = one.page.locator('.log-row').first()
    await line.waitFor()

    expect(await line.textContent()).toContain('taken <b>not bold</b> <img src=x onerror=alert(1)>')
    expect(await line.locator('.ansi-32').textContent()).toBe('taken')
    expect(await one.page.locator('main img, main b').count()).toBe(0)
    expect(one.complaints).toEqual([])
  })

  it('filters the log by level and words, and shows the details of a line', async () => {
    const { page } = await visit(`/executions/${order}?panel=no`)
    await page.getByLabel('Minimum level').selectOption('WARNING')
    await expect.poll(() => page.locator('.log-row').count()).toBe(4)
    await page.getByLabel('Minimum level').selectOption('')
    await page.keyboard.press('Escape')

    await page.keyboard.press('f')
    await page.keyboard.type('ü. nötig')
    await expect.poll(() => page.locator('.log-row').count()).toBe(1)
    await page.locator('.log-row').click()

    expect(await page.locator('.log-details').textContent()).toMatch(/INFO of shop\.orders.*"customer": 17/s)
    expect(page.url()).toMatch(/line=\d+/)
  })

  it('marks the same time in the Gantt chart and in the log', async () => {
    const { page } = await visit(`/executions/${wide}`)
    await page.locator('.log-row').first().waitFor()
    const track = await page.locator('.gantt-head .track').boundingBox()
    if (track === null) throw new Error('there is no track')
    await expect.poll(() => page.locator('.log-foot').textContent()).toContain('10,200 lines')

    await page.mouse.click(track.x + track.width / 2, track.y + 60)
    await page.locator('.gantt-head .marker-label').waitFor()
    const marked = await page.locator('.log-marker').boundingBox()
    const log = await page.locator('.log-rows').boundingBox()
    const at = Number(/at=(\d+)/.exec(page.url())?.[1])
    const total =
      Date.parse((await api.get(`/executions/${wide}`)).endedAt) -
      Date.parse((await api.get(`/executions/${wide}`)).createdAt)
    expect(at / total).toBeCloseTo(0.5, 1)
    expect(marked?.y).toBeGreaterThan(log?.y ?? 0)
    expect(marked?.y).toBeLessThan((log?.y ?? 0) + (log?.height ?? 0))

    await page.locator('.log-row').nth(3).hover()
    await expect.poll(() => page.locator('.gantt-overlay .marker').count()).toBe(1)
  })

  it('creates few elements for 300 tasks and 10,000 lines, and lays out the graph in a worker', async () => {
    const one = await visit(`/executions/${wide}?view=graph`)
    await expect.poll(() => one.page.locator('.node').count()).toBe(300)
    expect(one.page.workers()).toHaveLength(1)
    expect(await one.page.locator('.log-row').count()).toBeLessThan(60)

    await one.page.getByRole('button', { name: 'Fit' }).click()
    await one.page.locator('.node', { hasText: 't03_05' }).dispatchEvent('click')
    await one.page.getByRole('complementary', { name: 'Task t03_05' }).waitFor()
    await one.page.keyboard.press('g')
    await one.page.locator('.gantt-row.chosen[data-task="t03_05"]').waitFor()

    expect(await one.page.locator('.gantt-row').count()).toBeLessThan(60)
    expect(one.complaints).toEqual([])
  })

  it('follows the log of a running execution, and pauses, resumes and cancels the execution', async () => {
    const id = await api.start('patient', { until: join(site.terminal.folder, 'never') })
    const { page } = await visit(`/executions/${id}`)
    await page.locator('.bar.work.busy').waitFor()
    const last = () => page.locator('.log-row').last().textContent()
    await page.locator('.log-row').nth(1).waitFor()
    const before = await last()
    await expect.poll(last).not.toBe(before)
    expect(await page.getByLabel('Follow').isChecked()).toBe(true)

    await page.keyboard.press('p')
    await page.locator('.state', { hasText: 'Paused' }).first().waitFor()
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.locator('.chain .state', { hasText: 'Running' }).waitFor()
    await page.keyboard.press('c')
    await page.getByLabel('Note').fill('enough')
    await page.getByRole('button', { name: 'Cancel execution' }).click()

    await page.locator('.chain .state', { hasText: 'Cancelled' }).waitFor()
    expect((await api.get(`/executions/${id}`)).errorMessage).toBe('cancelled: enough')
  })

  it('updates when a task ends, and shows the last lines of the log', async () => {
    const until = join(site.terminal.folder, 'soon')
    const id = await api.start('patient', { until })
    const { page } = await visit(`/executions/${id}`)
    await page.locator('.bar.work.busy').waitFor()

    writeFileSync(until, '')

    await page.locator('.chain .state', { hasText: 'Completed' }).waitFor()
    await page.locator('.log-row', { hasText: 'over' }).waitFor()
    expect(await page.locator('.bar.work.good').count()).toBe(2)
  })

  it('retries the execution from a task, and links the retry to the original execution', async () => {
    const { page } = await visit(`/executions/${order}?task=ship`)
    await page.locator('.task-panel').waitFor()
    await page.keyboard.press('r')
    expect(await page.getByLabel('A task and all tasks after it').isChecked()).toBe(true)
    await page.getByRole('dialog').getByRole('button', { name: 'Retry' }).click()
    await page.locator('.chain .step').nth(2).waitFor()

    const steps = await page.locator('.chain .step').allTextContents()
    const id = page.url().split('/').at(-1) ?? ''
    const { retryOf, tasks } = await api.get(`/executions/${id}`)
    expect(steps[0]).toBe('API or CLI')
    expect(steps[1]).toContain(order.slice(0, 8))
    expect(retryOf).toBe(order)
    expect(tasks[0].history).toEqual([])
    await page.goto(`${served.url.replace(/\/$/, '')}/executions/${order}`)
    await page.locator('.chain', { hasText: id.slice(0, 8) }).waitFor()
  })

  it('starts the workflow again with an edited input, and keeps its numbers unchanged', async () => {
    const { page } = await visit(`/executions/${await api.run('fine')}`)
    await page.getByRole('button', { name: 'Run again …' }).waitFor()
    await page.keyboard.press('e')
    const field = page.getByLabel('Context')
    await field.fill('{"big": ')
    expect(await page.getByRole('button', { name: 'Start' }).isDisabled()).toBe(true)
    await field.fill(EXACT)
    await page.getByRole('button', { name: 'Start' }).click()
    await page.getByRole('dialog').waitFor({ state: 'hidden' })

    const id = page.url().split('/').at(-1) ?? ''
    await api.ended(id)
    const input = await (await fetch(`${served.url.replace(/\/$/, '')}/api/v1/executions/${id}/input`)).text()
    expect(input).toBe(EXACT)
  })

  it('does not load a large context, but shows its size and a link', async () => {
    const id = await api.run('fine', { large: 'x'.repeat(600_000) })
    const one = await site.visit('about:blank')
    const asked: string[] = []
    one.page.on('request', (request) => asked.push(new URL(request.url()).pathname))
    await one.page.goto(`${served.url.replace(/\/$/, '')}/executions/${id}?task=only`)
    await one.page.getByText('Too large to compare here').waitFor()

    await one.page.getByRole('button', { name: /^input 586 KiB/ }).click()
    await one.page.getByText('Too large to show here').waitFor()
    const link = one.page.getByRole('link', { name: /open the exact text/ })
    expect(await link.getAttribute('href')).toMatch(/\/input$/)
    expect(asked.filter((path) => /input|output|context/.test(path))).toEqual([])
  })

  it('reports an unknown execution', async () => {
    const { page } = await visit('/executions/00000000-0000-4000-8000-000000000000')

    await expect.poll(() => page.getByText('Could not load the execution').count(), UNTIL).toBe(1)
  })

  it.each(VIEWS)('has no accessibility findings, and fits into its window: %s', async (name, options) => {
    const one = await visit(`/executions/${order}?task=reserve`, options)
    await one.page.locator('.log-row').first().waitFor()
    await one.page.locator('.traceback').first().waitFor()

    await expectSound(one)
    await picture(one, `execution-${name}`)
    await one.page.keyboard.press('g')
    await one.page.locator('.node').first().waitFor()
    await expectSound(one)
    await picture(one, `execution-graph-${name}`)
  })

  it('causes no browser errors with 300 tasks', async () => {
    const one = await visit(`/executions/${wide}`, { colorScheme: 'dark', viewport: { width: 1200, height: 900 } })
    await one.page.locator('.log-row').first().waitFor()
    await one.page.locator('.bar.work').first().waitFor()

    expect(one.complaints).toEqual([])
    await picture(one, 'execution-300-tasks-dark')
  })
})
