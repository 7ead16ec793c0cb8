/**
 * Benchmark of the page with 2 million ticks and 500,000 executions: its screens, and longest task while a timeline
 * shows 10,000 marks.
 */

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium } from 'playwright-core'
import { Connection } from '../../src/store/sqlite/file/sqlite-connection.ts'
import { Terminal } from '../support/cloaca-process.ts'
import { chromiumPath } from '../support/page-setup.ts'
import { ServedHttp } from '../support/served-http.ts'
import type { Figure } from './figure.ts'
import { screenFigures } from './page-screens.ts'
import { fillWithExecutions } from './steering.ts'

const PROGRAM = fileURLToPath(new URL('programs/page_triggers.py', import.meta.url))
const TICKS = 2_000_000
const TRIGGERS = 20
const MARKS = 10_000
const MARKED_MS = 280_000
const MONTH_MS = 30 * 86_400_000
const TRACED_MS = 10_000
const STEP_MS = 40
const LONGEST_MS = 50
const SCREENS = [
  ...['/', '/triggers', '/triggers/old_0', '/executions', '/executions?q=w3', '/workflows', '/workflows/w3'],
  ...['/schedules', '/approvals', '/alerts', '/actions', '/system'],
]

/** Script that runs before the page, and records tasks of 50 ms or more. */
const WATCH = `
  window.longTasks = []
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.longTasks.push(duration)
  }).observe({ type: 'longtask', buffered: true })`

export async function triggerPageFigures(): Promise<Figure[]> {
  const executablePath = chromiumPath()
  if (executablePath === null) return []
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  await using terminal = new Terminal()
  try {
    const figures = await rowsFigures(browser, terminal, 'empty.db', false)
    fillWithExecutions(join(terminal.folder, 'many.db'))
    return [...figures, ...(await rowsFigures(browser, terminal, 'many.db', true))]
  } finally {
    await browser.close()
  }
}

async function rowsFigures(
  browser: Browser,
  terminal: Terminal,
  database: string,
  isFull: boolean,
): Promise<readonly Figure[]> {
  // The database contains the triggers after the program was served once.
  await stopped(terminal, database)
  if (isFull) fillWithTicks(join(terminal.folder, database))
  const process = terminal.start(['serve', PROGRAM, '--db', `sqlite://${database}`])
  const served = await ServedHttp.of(process)
  const { url } = served
  await process.logs('serving ')
  const { id } = await served.post('/executions', { workflow: 'w3' })
  const screens = isFull ? [...SCREENS, `/executions/${id}`] : ['/', '/triggers', '/executions']
  const figures = await screenFigures(browser, url, screens)
  if (isFull) figures.push(await smoothFigure(browser, `${url}/triggers/old_0`))
  process.kill('SIGTERM')
  await process.ended
  const suffix = isFull ? '2 million ticks, 500,000 executions' : 'an empty database'
  return figures.map((figure) => ({ ...figure, name: `${figure.name.replace(id, '{id}')}: ${suffix}` }))
}

async function stopped(terminal: Terminal, database: string): Promise<void> {
  const process = terminal.start(['serve', PROGRAM, '--db', `sqlite://${database}`])
  await process.logs('serving ')
  process.kill('SIGTERM')
  await process.ended
}

/** Inserts two million ticks of the last month, and ten thousand ticks of the first trigger in the last minutes. */
function fillWithTicks(path: string): void {
  const connection = new Connection(path)
  const now = performance.timeOrigin + performance.now()
  connection.beginWrite('kept')
  connection.run(
    `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ? - 1)
     INSERT INTO ticks (id, trigger_seq, outcome, first_at, last_at, count, lateness_ms, duration_ms)
     SELECT 'old-' || i, (SELECT seq FROM triggers WHERE name = 'old_' || (i % cast(? AS INTEGER))),
            CASE WHEN i % 50 = 0 THEN 'failed' WHEN i % 7 = 0 THEN 'fired' ELSE 'skipped' END,
            at, at, 1, 1, 5
     FROM (SELECT i, cast(? + i * ? AS INTEGER) AS at FROM n)`,
    TICKS,
    TRIGGERS,
    now - MONTH_MS,
    (MONTH_MS - 600_000) / TICKS,
  )
  connection.run(
    `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ? - 1)
     INSERT INTO ticks (id, trigger_seq, outcome, first_at, last_at, count, lateness_ms, duration_ms)
     SELECT 'new-' || i, (SELECT seq FROM triggers WHERE name = 'old_0'),
            CASE WHEN i % 50 = 0 THEN 'failed' ELSE 'fired' END, at, at, 1, 1, 5
     FROM (SELECT i, cast(? + i * ? AS INTEGER) AS at FROM n)`,
    MARKS,
    now - MARKED_MS,
    MARKED_MS / MARKS,
  )
  connection.commit()
  connection.close()
}

/** Moves the mouse over the timeline, scrolls and polls the trigger for ten seconds, and returns the longest task. */
async function smoothFigure(browser: Browser, url: string): Promise<Figure> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 820 } })
  const page = await context.newPage()
  await page.addInitScript(WATCH)
  await page.goto(url)
  await page.locator('.mark').first().waitFor()
  await page.evaluate('window.longTasks.length = 0')
  for (let step = 0; step * STEP_MS < TRACED_MS; step++) {
    const box = await page.locator('.timeline').boundingBox()
    const y = step % 50 < 30 ? 40 : 160
    if (box !== null) await page.mouse.move(box.x + ((step * 37) % 900), box.y + y)
    await page.mouse.wheel(0, step % 20 < 10 ? 60 : -60)
    if (step % 25 === 0) await page.keyboard.press('p')
    await page.waitForTimeout(STEP_MS)
  }
  const tasks = await page.evaluate<number[]>('window.longTasks')
  await context.close()
  return {
    name: 'longest task of the page: a timeline of 10,000 marks',
    value: Math.max(0, ...tasks),
    unit: 'ms',
    budget: LONGEST_MS,
    note: `${tasks.length} of 50 ms or more in 10 s`,
  }
}
