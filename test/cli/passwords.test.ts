/**
 * Secrecy of the database password: searches all output, logs, rows, responses and process lists for it.
 * The password is in the environment, a flag, a settings file or a Python program, and a real server requires it.
 */

import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CloacaProcess, type ProcessEnd, Terminal } from '../support/cloaca-process.ts'
import { administer, type TemporaryDatabase, temporaryDatabase } from '../support/postgres-server.ts'
import { ServedHttp } from '../support/served-http.ts'

const MARKER = 'Zq7-marker-Xw3'
const USER = 't_marked'

const JOBS = `
import cloaca, logging, os

with cloaca.WorkflowBuilder("greet"):
    @cloaca.task()
    def hello(context):
        print("hello")
        logging.getLogger("jobs").warning("logged")
        return context

with cloaca.WorkflowBuilder("fails"):
    @cloaca.task()
    def broken(context):
        cloaca.DefaultRunner(cloaca.var("WRONG_URL"))

with cloaca.WorkflowBuilder("crashes"):
    @cloaca.task(retry_attempts=0)
    def gone(context):
        os.kill(os.getpid(), 9)

@cloaca.trigger(on="greet", poll_interval="50ms")
def ticks():
    return cloaca.TriggerResult.skip()
`

const PROGRAM = `
import os, threading, cloaca

url = os.environ["GIVEN"]
runner = cloaca.DefaultRunner(url)
scoped = cloaca.DefaultRunner.with_schema(url, "marked")
admin = cloaca.DatabaseAdmin(url)
config = cloaca.TenantConfig("other", "t_marked", url)
print(runner, scoped, admin, config, repr([runner, admin, config]), runner.list_cron_schedules())
for call in (
    lambda: admin.create_tenant(config),
    lambda: admin.remove_tenant("marked", "t_nobody_"),
    lambda: cloaca.DefaultRunner(url.replace("@", "-wrong@")),
    lambda: cloaca.DefaultRunner.with_schema(url.replace("@", "-wrong@"), "marked"),
    lambda: cloaca.DatabaseAdmin(url.replace("postgresql", "mysql")),
    lambda: cloaca.DefaultRunner(url.replace("postgresql", "mysql")),
    lambda: cloaca.DefaultRunner(url.replace("@", "/@")),
):
    try:
        call()
    except Exception as error:
        print(type(error).__name__, error)
threading.Thread(target=lambda: admin.create_tenant(config)).start()
scoped.execute("no such workflow", cloaca.Context())
`

const PATHS = [
  '/',
  '/healthz',
  '/readyz',
  '/metrics',
  ...[
    'openapi.json',
    'status',
    'instances',
    'triggers',
    'triggers/ticks',
    'triggers/ticks/ticks',
    'workflows',
    'workflows/greet',
    'executions',
    'schedules',
    'alerts',
    'actions',
    'no-such-page',
  ].map((path) => `/api/v1/${path}`),
]

let database: TemporaryDatabase
let url: string
beforeAll(async () => {
  database = await temporaryDatabase()
  await administer(
    database.url,
    `CREATE ROLE ${USER} LOGIN PASSWORD '${MARKER}'; CREATE SCHEMA marked AUTHORIZATION ${USER}`,
  )
  url = `postgresql://${USER}:${MARKER}@${database.place}`
})
afterAll(async () => {
  await database?.[Symbol.asyncDispose]()
  const { postgresServer } = await import('../support/postgres-server.ts')
  await administer((await postgresServer()).url('postgres'), `DROP ROLE IF EXISTS ${USER}`)
})

/** Returns the command lines of all processes of the machine. */
function processList(): string {
  if (!existsSync('/proc')) return execFileSync('ps', ['-A', '-ww', '-o', 'args'], { encoding: 'utf8' })
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      } catch {
        return '' // The process has ended.
      }
    })
    .join('\n')
}

async function allRows(): Promise<string> {
  const tables = await administer(database.url, `SELECT tablename FROM pg_tables WHERE schemaname = 'marked'`)
  const each = tables.map(({ tablename }) => `SELECT each::text AS row FROM marked.${tablename} each`)
  return JSON.stringify(await administer(database.url, each.join(' UNION ALL ')))
}

function said(end: ProcessEnd): string {
  return end.stdout + end.stderr
}

async function askedOf(serving: CloacaProcess): Promise<string> {
  const http = await ServedHttp.of(serving)
  await http.execute('greet')
  const failed = await http.execute('fails')
  await http.post('/executions', { workflow: 'crashes', context: {} })
  await serving.logs('was killed by SIGKILL')
  const paths = [...PATHS, ...['', '/log', '/context'].map((part) => `/api/v1/executions/${failed.id}${part}`)]
  return (await Promise.all(paths.map(async (path) => await (await fetch(http.url + path)).text()))).join('\n')
}

describe('the password of a database', () => {
  it('from the environment is not in the log, rows, responses, tables or the process list', {
    tags: ['proof'],
  }, async () => {
    await using terminal = new Terminal()
    terminal.write('jobs.py', JOBS)
    const env = {
      CLOACA_DATABASE_URL: url,
      CLOACA_SCHEMA: 'marked',
      CLOACINA_VAR_WRONG_URL: url.replace('@', '-wrong@'),
    }

    const serving = terminal.start(['serve', 'jobs.py', '--log-level', 'debug', '--grace', '0s'], { env })
    const answers = await askedOf(serving)
    const processes = processList()
    serving.kill('SIGUSR2')
    const commands = ['config', 'config --json', 'status --json', 'execution list', 'trigger logs ticks']
    const ends = await Promise.all(commands.map((command) => terminal.run(command.split(' '), { env })))
    serving.kill('SIGTERM')
    const end = await serving.ended
    const rows = await allRows()

    expect(end.exitCode).toBe(0)
    expect(said(end)).toContain('"level":"debug"')
    for (const text of [said(end), answers, said(ends[0] as ProcessEnd), rows]) expect(text).toContain(`${USER}:…@`)
    expect(ends.map(({ exitCode }) => exitCode)).toEqual(commands.map(() => 0))
    expect(processes).toContain('jobs.py')
    const everything = { log: said(end), ends: ends.map(said).join(), answers, rows, processes }
    for (const [place, text] of Object.entries(everything)) expect(text.includes(MARKER), place).toBe(false)
  })

  it('from a flag or a settings file is not printed, and the flag is masked in the process list', {
    tags: ['proof'],
  }, async () => {
    await using terminal = new Terminal()
    terminal.write('jobs.py', JOBS)
    const flags = ['--db', url, '--schema', 'marked']

    const serving = terminal.start(['serve', 'jobs.py', '--no-http', ...flags])
    await serving.logs('serving ')
    const processes = processList()
    const byFlag = await terminal.run(['config', ...flags])
    terminal.write('cloaca.toml', `database = "${url}"\nschema = "marked"\n`)
    const byFile = await Promise.all([['config'], ['status']].map((words) => terminal.run(words)))
    serving.kill('SIGTERM')
    const end = await serving.ended

    expect(processes).toContain(`${USER}:…@`)
    expect(processes).not.toContain(MARKER)
    expect(byFlag.stdout).toContain(`${USER}:…@`)
    expect(byFile.map(({ exitCode }) => exitCode)).toEqual([0, 0])
    expect([end, byFlag, ...byFile].map(said).join()).not.toContain(MARKER)
  })

  it('in a Python program is not in messages, representations or tracebacks', { tags: ['proof'] }, async () => {
    await using terminal = new Terminal()
    terminal.write('program.py', PROGRAM)

    const end = await terminal.run(['run', 'program.py'], {
      env: { GIVEN: `${url}?schema=marked`, CLOACA_TRACE: 'border' },
    })

    expect(end.exitCode).toBe(1)
    expect(said(end)).toContain('Traceback (most recent call last)')
    expect(said(end)).toContain("password='***'")
    expect(said(end)).toContain(`${USER}:…@`)
    expect(said(end)).not.toContain(MARKER)
  })

  it('in a misplaced URL or in an invalid settings file is not repeated', { tags: ['proof'] }, async () => {
    await using terminal = new Terminal()
    const ends = await Promise.all(
      [
        ['serve', url],
        ['status', `--bd=${url}`],
        ['status', '--db', url.replace('@', '/@')],
        ['status', '--db', url.replace('@', '-wrong@')],
        ['tenant', 'list', '--db', url.replace(/@.*/, '@127.0.0.1:1/app')],
        ['tenant', 'create', 'acme', USER, '--db', url],
      ].map((words) => terminal.run(words)),
    )
    terminal.write('package.json', `{"cloaca": {"database": "${url}" "grace": 1}}`)
    ends.push(await terminal.run(['config']))
    terminal.write('package.json', '{}')
    terminal.write('cloaca.toml', `database = "${url}"\ngrace = \n`)
    ends.push(await terminal.run(['config']))

    expect(ends.map(({ exitCode }) => exitCode)).toEqual([1, 2, 1, 1, 1, 1, 1, 1])
    expect(ends.at(-1)?.stderr).toContain('(line 2, column ')
    expect(ends.map(said).filter((text) => text.includes(MARKER))).toEqual([])
  })
})
