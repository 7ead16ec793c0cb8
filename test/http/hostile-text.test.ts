/** Names and output with HTML, terminal codes or lines of an event stream: HTTP sends them as plain text. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { httpHandler } from '../../src/index.ts'
import { type Answer, HttpClient, ORIGIN } from '../support/http-client.ts'
import { ObservedRunner } from '../support/observed-runner.ts'

const NAMES = [
  '<img src=x onerror=alert(1)>',
  '"><script>alert(1)</script>',
  'a/b?c=d#e%41+f g',
  '..%2f..',
  'ünïcode 🚽',
  '\u001b[31mred\u0007',
  "' OR 1=1 --",
  'line\r\nSet-Cookie: a=b',
]
const SAYS = '\u001b]0;title\u0007\u001b[2J<script>alert(1)</script>\r\n\r\nevent: hello\ndata: {}\n\n\u2028\u0000'

const SCRIPT = `
import cloaca, logging
NAMES = ${JSON.stringify(NAMES)}
SAYS = ${JSON.stringify(SAYS)}
for name in NAMES:
    @cloaca.trigger("talk", name=name, poll_interval="1h")
    def says():
        return cloaca.TriggerResult.skip(SAYS)
@cloaca.trigger("talk", poll_interval="1h")
def fails():
    raise ValueError(SAYS)
with cloaca.WorkflowBuilder("talk"):
    @cloaca.task()
    def say(context):
        print(SAYS)
        logging.getLogger("<b>").warning(SAYS)
        context.set("said", SAYS)
        return context
`

/** Checks that no browser or terminal interprets the text of an answer. */
function expectInert({ headers, text }: Pick<Answer, 'headers' | 'text'>): void {
  expect(headers.get('content-type')).toMatch(/^application\/(problem\+)?json/)
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'/)
  expect(headers.get('set-cookie')).toBeNull()
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the text must not contain control characters
  expect(text).not.toMatch(/[\u0000-\u001f\u007f]/)
}

describe('text with HTML, terminal codes or lines of an event stream', () => {
  let observed: ObservedRunner
  let client: HttpClient
  let folder: string
  let stream: Response
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cloaca-hostile-'))
    writeFileSync(join(folder, 'talks.py'), SCRIPT)
    observed = await ObservedRunner.open({ stdoutTo: 'stderr' })
    const handler = httpHandler(observed.runner)
    client = await HttpClient.of(handler)
    stream = await handler(new Request(`${ORIGIN}/api/v1/events`))
    await observed.runner.load(join(folder, 'talks.py'))
    await observed.runner.start()
    await observed.until('triggerFailed')
    await observed.runner.execute('talk')
  })
  afterAll(async () => {
    await observed[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  it.each(NAMES)('works as the name of a trigger: %j', async (name) => {
    const at = `/api/v1/triggers/${encodeURIComponent(name)}`
    const shown = await client.get(at)
    const ticks = await client.get(`${at}/ticks`)
    const off = await client.post(`${at}/disable`, { note: SAYS })
    const on = await client.post(`${at}/enable`)

    expect(shown.json.name).toBe(name)
    expect(ticks.json.items).toMatchObject([
      { trigger: name, reason: expect.stringContaining('<script>alert(1)</script>') },
    ])
    expect([off.json, on.json]).toEqual([
      { trigger: name, enabled: false },
      { trigger: name, enabled: true },
    ])
    for (const answer of [shown, ticks, off, on]) expectInert(answer)
  })

  it('stays plain text in a log, an error, a context and a list', async () => {
    const { json } = await client.get('/api/v1/executions')
    const at = `/api/v1/executions/${json.items[0].id}`
    const log = await client.get(`${at}/log`)
    const context = await client.get(`${at}/context`)
    const ticks = await client.get('/api/v1/triggers/fails/ticks')
    const list = await client.get('/api/v1/triggers')
    const unknown = await client.get(`/api/v1/triggers/${encodeURIComponent(SAYS.replace('\u0000', ''))}`)

    const printed = log.json.items.map(({ message }: { message: string }) => message).join('\n')
    expect(printed).toContain('<script>alert(1)</script>')
    expect(printed).toContain('\u001b[2J')
    expect(context.json.said).toBe(SAYS)
    expect(ticks.json.items[0].errorMessage).toContain('<script>')
    for (const answer of [log, context, ticks, list, unknown]) expectInert(answer)
  })

  it('does not start an event in the event stream', async () => {
    const reader = stream.body?.getReader()
    let text = ''
    while (!text.includes('executionFinished')) text += new TextDecoder().decode((await reader?.read())?.value)
    await reader?.cancel()

    const events = text.split('\n\n').filter((each) => each !== '' && !each.startsWith(':'))
    expect(events.filter((each) => /^event: hello$/m.test(each))).toHaveLength(1)
    for (const event of events.slice(0, -1)) expect(event).toMatch(/^(id: [\w-]+\n)?event: \w+\ndata: \{[^\r\n]*\}$/)
    expect(text).toContain('alert(1)')
  })
})
