/** The page while its engine goes and comes, with several of them open, hidden, and behind a token. */

import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describePage, type Served, Site, UNTIL } from '../support/browser.ts'

const JOBS = fileURLToPath(new URL('scripts/jobs.py', import.meta.url))

/** As the browser says it of a tab: it cannot be hidden from outside. */
const shown = (state: 'hidden' | 'visible') => `
  Object.defineProperty(document, 'hidden', { configurable: true, value: ${state === 'hidden'} })
  document.dispatchEvent(new Event('visibilitychange'))`

describePage('the page and its engine', () => {
  const site = new Site()
  let served: Served
  beforeAll(async () => {
    served = await site.serve([JOBS])
  })
  afterAll(() => site[Symbol.asyncDispose]())

  it('shows what one tab does in the other', async () => {
    const [one, other] = await Promise.all([site.visit(served.url), site.visit(`${served.url}/triggers/archive`)])
    await Promise.all([one.isLive(), other.isLive()])

    await other.page.getByRole('button', { name: 'Poll now' }).click()

    await other.page.getByText('Polled "archive": skipped').waitFor()
    await expect
      .poll(() => one.page.locator('[data-row="archive"] .last').textContent(), UNTIL)
      .toMatch(/skipped *(now|\d s ago)/)
  })

  it('asks for nothing while its tab is hidden, and is true again when it is seen', async () => {
    const visit = await site.visit(served.url)
    await visit.isLive()
    await visit.page.evaluate(shown('hidden'))
    // What was on its way has come.
    await visit.page.waitForLoadState('networkidle')
    const asked: string[] = []
    visit.page.on('request', (request) => asked.push(request.url()))
    const last = visit.page.locator('[data-row="inbox"] .last time')
    const before = await last.getAttribute('datetime')
    await expect
      .poll(async () => {
        const trigger = (await (await fetch(`${served.url}/api/v1/triggers/inbox`)).json()) as { lastPollAt: string }
        return trigger.lastPollAt
      }, UNTIL)
      .not.toBe(before)
    expect(asked).toEqual([])

    await visit.page.evaluate(shown('visible'))

    await visit.isLive()
    await expect.poll(() => last.getAttribute('datetime'), UNTIL).not.toBe(before)
    expect(asked.some((url) => url.endsWith('/api/v1/events'))).toBe(true)
  })

  it('polls, one question after the other, where it gets no stream of events', async () => {
    const { page } = await site.visit('about:blank')
    await page.route('**/api/v1/events', (route) => route.fulfill({ status: 503, body: '' }))
    await page.goto(served.url)
    await page.locator('.connection.polling').waitFor()
    const last = page.locator('[data-row="inbox"] .last time')
    const before = await last.getAttribute('datetime')

    await expect.poll(() => last.getAttribute('datetime'), UNTIL).not.toBe(before)
  })

  it('says that the engine is gone, keeps what it showed, and goes on when it is back', async () => {
    const own = await site.serve([JOBS], ['--port', '0'])
    const { page } = await site.visit(own.url)
    await page.locator('[data-row="inbox"]').waitFor()
    await page.locator('.connection.live').waitFor()

    own.process.kill('SIGKILL')

    await own.process.ended
    await page.getByText('cloaca does not answer').waitFor()
    expect(await page.locator('[data-row]').count()).toBe(2)
    const before = await page.locator('[data-row="inbox"] .last time').getAttribute('datetime')
    await site.serve([JOBS], ['--port', new URL(own.url).port])
    await page.locator('.connection.live').waitFor()
    await page.getByText('cloaca does not answer').waitFor({ state: 'detached' })
    const last = page.locator('[data-row="inbox"] .last time')
    await expect.poll(() => last.getAttribute('datetime'), UNTIL).not.toBe(before)
  })

  it('says what it could not read, and why, and tries again when it is told to', async () => {
    const { page } = await site.visit('about:blank')
    const problem = { title: 'It failed', status: 500, code: 'DATABASE_FAILED', detail: 'The disk is full.' }
    // Until it is pressed: this screen reads again by itself once, when it first hears from the engine.
    await page.addInitScript("addEventListener('click', () => { globalThis.isPressed = true }, true)")
    let failures = 0
    await page.route('**/api/v1/workflows?*', async (route) => {
      if (await page.evaluate('globalThis.isPressed === true')) return route.continue()
      failures += 1
      await route.fulfill({ status: 500, json: problem })
    })
    const told = page.getByText('The disk is full.')
    await page.route('**/api/v1/events', async (route) => {
      await told.waitFor()
      await route.continue()
    })
    await page.goto(`${served.url}/workflows`)
    await page.getByText('Could not load workflows').waitFor()
    await expect.poll(() => failures, UNTIL).toBeGreaterThan(1)

    await page.getByRole('button', { name: 'Try again' }).click()

    await page.getByRole('link', { name: 'sorting' }).waitFor()
  })

  it('asks once for the token of an engine on this machine, and keeps it for the tab', async () => {
    const own = await site.serve([JOBS], ['--port', '0', '--db', ':memory:'], {
      CLOACA_HTTP_TOKEN: 'secret-of-the-page',
    })
    const visit = await site.visit('about:blank')
    const { page } = visit
    const seen: string[] = []
    page.on('request', (request) => {
      if (request.url().includes('/api/v1/')) seen.push(request.headers().authorization ?? '')
    })
    await page.goto(own.url)
    const dialog = page.getByRole('dialog', { name: 'Token required' })
    await dialog.getByLabel('Value of CLOACA_HTTP_TOKEN').fill('secret-of-the-page')

    await dialog.getByRole('button', { name: 'Continue' }).click()

    await visit.isLive()
    expect(new Set(seen)).toEqual(new Set(['', 'Bearer secret-of-the-page']))
    await page.goto(`${own.url}/triggers/archive`)
    await page.getByRole('button', { name: 'Poll now' }).click()
    await page.getByText('Polled "archive": skipped').waitFor()
    expect(await dialog.count()).toBe(0)
    expect(page.url()).not.toContain('secret')
    expect(await page.evaluate('[sessionStorage.length, localStorage.length, document.cookie]')).toEqual([1, 0, ''])
  })
})
