/**
 * Benchmark of the page: longest task of its thread in ten seconds of scrolling and hovering while the engine works. It
 * uses a real `serve` and a real Chromium, and returns no figures without Chromium.
 */

import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { Terminal } from '../support/cloaca-process.ts'
import { chromiumPath } from '../support/page-setup.ts'
import { ServedHttp } from '../support/served-http.ts'
import type { Figure } from './figure.ts'

const PROGRAM = fileURLToPath(new URL('programs/page.py', import.meta.url))
const TRACED_MS = 10_000
const STEP_MS = 50
const LONGEST_MS = 50
const LISTED = 10_000

/** Script that runs before the page, and records the tasks of 50 ms or more that Chromium reports. */
const WATCH = `
  window.longTasks = []
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.longTasks.push(duration)
  }).observe({ type: 'longtask', buffered: true })`

export async function pageFigures(): Promise<Figure[]> {
  const executablePath = chromiumPath()
  if (executablePath === null) return []
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  try {
    return await smoothFigures(browser)
  } finally {
    await browser.close()
  }
}

async function smoothFigures(browser: Browser): Promise<Figure[]> {
  await using terminal = new Terminal()
  const process = terminal.start(['serve', PROGRAM, '--db', 'sqlite://page.db', '--durability', 'normal'])
  const served = await ServedHttp.of(process)
  for (let count = 0; count < LISTED; count += 100) {
    await Promise.all(Array.from({ length: 100 }, () => served.post('/executions', { workflow: 'short' })))
  }
  const figures: Figure[] = []
  for (const [name, view, scrolled] of [
    ['300 tasks in time, their log', '', ['.gantt-rows', '.log-rows']],
    ['300 tasks as a graph, their log', '?view=graph', ['.graph', '.log-rows']],
  ] as const) {
    const { id } = await served.post('/executions', { workflow: 'wide' })
    figures.push(await smooth(browser, name, `${served.url}/executions/${id}${view}`, scrolled))
    await served.post(`/executions/${id}/cancel`).catch(() => undefined)
  }
  const busy = setInterval(() => void served.post('/executions', { workflow: 'short' }), STEP_MS)
  figures.push(await smooth(browser, '10,000 executions', `${served.url}/executions`, ['.execution-rows']))
  clearInterval(busy)
  return figures
}

/** Scrolls and hovers for ten seconds, and returns the longest task. */
async function smooth(browser: Browser, name: string, url: string, scrolled: readonly string[]): Promise<Figure> {
  const page = await opened(browser, url)
  for (const selector of scrolled) await page.locator(selector).waitFor()
  await page.evaluate('window.longTasks.length = 0')
  for (let step = 0; step * STEP_MS < TRACED_MS; step++) {
    const box = await page.locator(scrolled[step % scrolled.length] ?? 'main').boundingBox()
    if (box !== null) await page.mouse.move(box.x + 200 + ((step * 37) % 500), box.y + 20 + ((step * 23) % 150))
    // Scrolls down for 45 steps, then up for 15 steps.
    await page.mouse.wheel(0, step % 60 < 45 ? 400 : -900)
    await page.waitForTimeout(STEP_MS)
  }
  const tasks = await page.evaluate<number[]>('window.longTasks')
  await page.context().close()
  return {
    name: `longest task of the page: ${name}`,
    value: Math.max(0, ...tasks),
    unit: 'ms',
    budget: LONGEST_MS,
    note: `${tasks.length} of 50 ms or more in 10 s`,
  }
}

async function opened(browser: Browser, url: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 820 } })
  const page = await context.newPage()
  await page.addInitScript(WATCH)
  await page.goto(url)
  await page.locator('.connection.live').waitFor()
  return page
}
