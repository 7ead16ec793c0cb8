/** Names, errors, contexts and tracebacks of scripts: they cannot control the terminal or forge a log line. */

import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LogRecord, Terminal } from '../support/cloaca-process.ts'
import { ObservedRunner } from '../support/observed-runner.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: output must not contain these characters
const CONTROLS = /[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/
const EVIL = '\\x1b[2J\\x7f\\x9b31m\\u202egnp\\u2066'
const SHOWN = '\\x1b[2J\\x7f\\x9b31m\\u202egnp\\u2066'
const FORGED = '12:00:00.000 INFO  all is well'

const SCRIPT = `
import cloaca
error = ValueError("""${EVIL}\\n${FORGED}""")

@cloaca.trigger(on="w${EVIL}", name="fires${EVIL}", poll_interval="1h")
def fires():
    return cloaca.TriggerResult.fire(cloaca.Context({"key${EVIL}": "${EVIL}\\n${FORGED}"}))

@cloaca.trigger(on="w", name="fails${EVIL}", poll_interval="1h")
def fails():
    raise error

with cloaca.WorkflowBuilder("w${EVIL}") as builder:
    builder.description("${EVIL}\\n${FORGED}")

    @cloaca.task(id="t${EVIL}", retry_attempts=1)
    def task(context):
        raise error
`

describe('texts of scripts', () => {
  const terminal = new Terminal()
  const database = join(terminal.folder, 'evil.db')
  let executionId: string
  beforeAll(async () => {
    terminal.write('evil.py', SCRIPT)
    await using served = await ObservedRunner.open({ database })
    await served.runner.load(join(terminal.folder, 'evil.py'))
    await served.runner.start()
    await served.until('tick', ({ trigger }) => trigger.startsWith('fails'))
    const [finished] = await served.until('executionFinished', () => true)
    executionId = String(finished?.executionId)
  })
  afterAll(() => terminal[Symbol.asyncDispose]())

  const commands = () => [
    ['trigger', 'list'],
    ['trigger', 'history', JSON.parse(`"fails${EVIL.replaceAll('\\x', '\\u00')}"`), '--ticks'],
    ['workflow', 'list'],
    ['execution', 'list'],
    ['execution', 'show', executionId],
  ]

  it('are printed by commands with control characters escaped, and never at the start of a line', async () => {
    for (const words of commands()) {
      const { stdout } = await terminal.run([...words, '--db', database])

      expect(stdout).toContain(SHOWN)
      expect(stdout).not.toMatch(CONTROLS)
      expect(stdout.split('\n').filter((line) => line.startsWith(FORGED))).toEqual([])
    }
  })

  it('are complete in the JSON of commands, with control characters escaped', async () => {
    for (const words of commands()) {
      const { stdout } = await terminal.run([...words, '--db', database, '--json'])

      expect(stdout).not.toMatch(CONTROLS)
      expect(JSON.stringify(JSON.parse(stdout))).toContain('\u202egnp\u2066')
    }
  })

  it('are complete in a JSON log, with control characters escaped', async () => {
    const serving = terminal.start(['serve', 'evil.py', '--db', ':memory:'])
    const { msg } = await serving.logs('raised exception')

    serving.kill('SIGTERM')
    await serving.ended
    expect(serving.stderr).not.toMatch(CONTROLS)
    expect(msg).toContain(`\u202egnp\u2066\n${FORGED}`)
    const lines = serving.stderr.trimEnd().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as LogRecord).level)).toContain('error')
  })

  it('cannot forge a log line on a terminal, because each further line of a text is indented', async () => {
    terminal.write(
      'program.py',
      `${SCRIPT}
runner = cloaca.DefaultRunner("sqlite://:memory:")
runner.execute("w${EVIL}", cloaca.Context({}))
`,
    )

    const { stderr } = await terminal.run(['run', 'program.py'])

    expect(stderr).toContain(SHOWN)
    expect(stderr).not.toMatch(CONTROLS)
    expect(stderr).toContain(`\n    ${FORGED}\n`)
    expect(stderr.split('\n').filter((line) => line.startsWith(FORGED))).toEqual([])
  })

  it('are escaped in error messages of commands', async () => {
    const { stderr } = await terminal.run(['execution', 'show', '\x1b]0;x\x07', '--db', database])

    expect(stderr).toBe('cloaca: Execution "\\x1b]0;x\\x07" not found in this database.\n')
  })
})

describe('cloaca execution list', () => {
  it('prints 200,000 executions, and only the header with --limit 0', async () => {
    await using terminal = new Terminal()
    const path = join(terminal.folder, 'many.db')
    await using served = await ObservedRunner.open({ database: path })
    const many = new Database(path)
    many.exec(`
      WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 200000)
      INSERT INTO active_executions (id, execution_seq, workflow, version, origin, created_at)
      SELECT 'id-' || n, n, 'w', 'v', 'call', n FROM numbers`)
    many.close()
    await served.runner.close()

    const all = await terminal.run(['execution', 'list', '--limit', '200000', '--db', path])
    const none = await terminal.run(['execution', 'list', '--limit', '0', '--db', path])

    expect(all).toMatchObject({ exitCode: 0, stderr: '' })
    expect(all.stdout.trimEnd().split('\n')).toHaveLength(200_001)
    expect(none).toMatchObject({
      exitCode: 0,
      stderr: '',
      stdout: 'STARTED  DURATION  WORKFLOW  STATUS  STARTED BY  ID  ERROR\n',
    })
  })
})
