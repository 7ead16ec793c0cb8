/**
 * Secrecy of the secrets of tasks: searches all output, logs, rows, responses, pages and process lists for them,
 * while tasks try to print them.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { type CloacaProcess, loggedMessages, type ProcessEnd, Terminal } from '../support/cloaca-process.ts'
import { expectChildrenMasked, SECRET_OF_CHILDREN } from '../support/secretive-children.ts'
import { ServedHttp, within } from '../support/served-http.ts'

const OF_FILE = 'Zq7-of-a-file-Xw3'
const OF_VARIABLE = 'Kd9/of a variable+Lm4'
const SHORT = '12345'

const JOBS = `
import base64, json, logging, os, subprocess, sys, urllib.parse
import cloaca

def environments():
    own = json.dumps(dict(os.environ))
    system = open("/proc/self/environ").read() if os.path.exists("/proc/self/environ") else ""
    child = subprocess.run(["env"], capture_output=True, text=True).stdout
    return own + system + child

with cloaca.WorkflowBuilder("tells"):
    @cloaca.task(retry_attempts=0)
    def tells(context):
        warehouse = context.secret("warehouse")
        for value in (warehouse["password"], context.secret_field("api", "key"), warehouse["pin"]):
            print("it is", value, repr(value), json.dumps(value), base64.b64encode(b"etl:" + value.encode()))
            print(urllib.parse.quote(value), file=sys.stderr)
            logging.getLogger("jobs").error("logged %s", value, extra={"given": [value]})
            os.write(1, value.encode() + b"\\n")
        names = ("SECRET_API", "SECRET_OTHER", "CLOACA_HTTP_TOKEN")
        print("there:", [name for name in names if name in environments()])
        raise ValueError(f"no login with {warehouse} and {context.secret('api')}")

with cloaca.WorkflowBuilder("counts"):
    @cloaca.task()
    def counts(context):
        context.set("length", len(context.secret_field("db", "password")))
        return context

runner = cloaca.DefaultRunner("sqlite://jobs.db")
params = cloaca.Context({"db": {"$secret": "warehouse"}, "table": "orders"})
runner.register_workflow_instance("counts", "orders", "* * * * * *", "UTC", params)
`

/** Program that tries to read the engine's environment. The manual says when this is possible. */
const READS_ENGINE = `
import os
try:
    print("CLOACA_SECRET_API" in open(f"/proc/{os.getppid()}/environ").read())
except OSError as error:
    print(type(error).__name__)
`

const PROGRAM = `
import os, cloaca

with cloaca.WorkflowBuilder("uses"):
    @cloaca.task(retry_attempts=0)
    def uses(context):
        context.set("length", len(context.secret_field("warehouse", "password")))
        raise_for(context.secret_field("warehouse", "password"))
        return context

def raise_for(value):
    if "RAISE" in os.environ:
        raise ValueError(value)

with cloaca.DefaultRunner("sqlite://:memory:") as runner:
    result = runner.execute("uses", cloaca.Context())
    print(result.status, result.final_context.get("length"), result.error_message)
`

const PATHS = [
  '/',
  '/metrics',
  ...[
    'openapi.json',
    'status',
    'instances',
    'triggers',
    'workflows',
    'workflows/tells',
    'executions',
    'schedules',
    'alerts',
  ].map((path) => `/api/v1/${path}`),
]

/** Returns the command lines of all processes, and the environments of the interpreters. */
function processes(): { readonly words: string; readonly environments: string } {
  const read = (pid: string, name: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${name}`, 'utf8')
    } catch {
      return '' // The process has ended, or belongs to another user.
    }
  }
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const interpreters = pids.filter((pid) => read(pid, 'cmdline').includes('interpreter'))
  return {
    words: pids.map((pid) => read(pid, 'cmdline')).join('\n'),
    environments: interpreters.map((pid) => read(pid, 'environ')).join('\n'),
  }
}

/** Returns the content of all files of a database, one character per byte. */
function databaseIn(folder: string): string {
  const names = readdirSync(folder).filter((name) => name.startsWith('jobs.db'))
  return names.map((name) => readFileSync(join(folder, name), 'latin1')).join('\n')
}

async function answersOf(serving: CloacaProcess): Promise<{ readonly answers: string; readonly id: string }> {
  const http = await ServedHttp.of(serving)
  const { id } = await http.execute('tells')
  const paths = [...PATHS, ...['', '/log', '/context'].map((part) => `/api/v1/executions/${id}${part}`)]
  const answers = await Promise.all(paths.map(async (path) => await (await fetch(http.url + path)).text()))
  return { answers: answers.join('\n'), id }
}

function said(end: ProcessEnd): string {
  return end.stdout + end.stderr
}

function encodings(value: string): readonly string[] {
  return [value, encodeURIComponent(value), Buffer.from(value).toString('base64').slice(0, -4)]
}

const COMMANDS = (id: string) => [
  'config',
  `execution show ${id}`,
  `execution logs ${id}`,
  `execution show ${id} --json`,
  'schedule list',
]

/** Serves tasks that print their secrets, and returns all texts that could contain these secrets. */
async function servedTexts() {
  await using terminal = new Terminal()
  terminal.write('jobs.py', JOBS)
  terminal.write('mounted/warehouse/user', 'etl')
  terminal.write('mounted/warehouse/password', `${OF_FILE}\n`)
  terminal.write('mounted/warehouse/pin', SHORT)
  terminal.write('alert.sh', 'env > alerted; cat >> alerted')
  const env = {
    CLOACA_SECRET_API: JSON.stringify({ key: OF_VARIABLE }),
    CLOACA_SECRET_OTHER: `${OF_VARIABLE} of another`,
    CLOACA_HTTP_TOKEN: '',
    CLOACA_ALERTS_COMMAND: 'sh alert.sh',
    CLOACA_TRACE: 'border',
  }
  const words = ['serve', 'jobs.py', '--db', 'sqlite://jobs.db', '--secrets', 'mounted', '--log-level', 'debug']
  const serving = terminal.start(words, { env })
  const { answers, id } = await answersOf(serving)
  const counted = await countedBy(serving)
  await alertedBy(serving)
  const programs = processes()
  serving.kill('SIGUSR2')
  await serving.logs('interpreter ')
  const ends = await Promise.all(
    COMMANDS(id).map((command) => terminal.run([...command.split(' '), '--db', 'sqlite://jobs.db'], { env })),
  )
  serving.kill('SIGTERM')
  const end = await serving.ended
  const alerted = readFileSync(join(terminal.folder, 'alerted'), 'utf8')
  return { ...programs, answers, counted, ends, end, alerted, database: databaseIn(terminal.folder) }
}

describe.skipIf(process.platform !== 'linux')('the secrets of served tasks', () => {
  let texts: Awaited<ReturnType<typeof servedTexts>>
  beforeAll(async () => {
    texts = await servedTexts()
  })

  it('reach the task, and are masked in its output, in commands and in responses', () => {
    const { answers, counted, ends, end } = texts

    expect(ends.map(({ exitCode }) => exitCode)).toEqual(ends.map(() => 0))
    const printed = loggedMessages(end.stdout).join('\n')
    expect(printed).toContain(`it is *** '***' "***"`)
    expect(printed).toContain(`it is ${SHORT} '${SHORT}'`)
    expect(printed).toContain('there: []')
    expect(said(ends[2] as ProcessEnd)).toContain('it is ***')
    const error = "no login with {'password': '***', 'pin': '12345', 'user': 'etl'} and {'key': '***'}"
    expect(answers.split(error).length).toBeGreaterThan(3)
    expect(counted).toEqual({ table: 'orders', length: OF_FILE.length, aliases: { db: 'warehouse' } })
  })

  it('are not in any log, row, response, page, command, environment or process list', { tags: ['proof'] }, () => {
    const { alerted, answers, database, end, ends, environments, words } = texts
    const everything = { log: said(end), ends: ends.map(said).join(), answers, database, words, environments, alerted }

    expect(alerted).toContain('execution-failed')
    for (const [place, text] of Object.entries(everything)) {
      const found = [OF_FILE, OF_VARIABLE].flatMap(encodings).filter((value) => text.includes(value))
      expect({ place, found }).toEqual({ place, found: [] })
    }
    expect(environments).not.toContain('CLOACA_SECRET_')
  })
})

describe('the child processes of a task with a secret', () => {
  it('print the secret only masked', { tags: ['proof'] }, async () => {
    const { everything } = await expectChildrenMasked([])

    expect(everything).toContain('Told_***')
    expect(everything).not.toContain(SECRET_OF_CHILDREN)
  })
})

/** Waits until the command for alerts has ended, and has written its file. */
async function alertedBy(serving: CloacaProcess): Promise<void> {
  const http = await ServedHttp.of(serving)
  await within('the delivery of an alert', async () => {
    const { items } = await http.get('/alerts')
    const isFailure = ({ kind }: Record<string, unknown>) => kind === 'execution-failed'
    return items.find(isFailure)?.deliveries[0]?.outcome === 'delivered' ? true : null
  })
}

/** Returns the result of a scheduled run whose parameters name a secret. */
async function countedBy(serving: CloacaProcess): Promise<unknown> {
  const http = await ServedHttp.of(serving)
  const { executionId } = await serving.logs("workflow 'counts' completed")
  const { table, length, __cloacina_secret_refs__: aliases } = await http.get(`/executions/${executionId}/context`)
  return { table, length, aliases }
}

describe('a program', () => {
  it('gets its secrets from the folder of a flag or of the settings, or from the environment', async () => {
    await using terminal = new Terminal()
    terminal.write('program.py', PROGRAM)
    terminal.write('mounted/warehouse/password', OF_FILE)
    const variable = { CLOACA_SECRET_WAREHOUSE: `{"password": "${OF_VARIABLE}"}` }

    const byFlag = await terminal.run(['run', '--secrets', 'mounted', 'program.py'])
    const byVariable = await terminal.run(['run', 'program.py'], { env: variable })
    const without = await terminal.run(['run', 'program.py'])
    terminal.write('cloaca.toml', 'secrets = "mounted"\n')
    const byFile = await terminal.run(['run', 'program.py'])
    const failing = await terminal.run(['run', 'program.py'], { env: { RAISE: '1' } })

    expect([byFlag, byFile].map(({ stdout }) => stdout)).toEqual(Array(2).fill(`Completed ${OF_FILE.length} None\n`))
    expect(byVariable.stdout).toBe(`Completed ${OF_VARIABLE.length} None\n`)
    expect(without.stdout).toContain('RuntimeError: secrets backend not configured')
    expect(failing.stdout).toContain('ValueError: ***')
    expect(said(failing)).not.toContain(OF_FILE)
  })

  it.runIf(process.platform === 'linux')('can read the environment of the engine unless it is restricted', async () => {
    await using terminal = new Terminal()
    terminal.write('program.py', READS_ENGINE)
    const env = { CLOACA_SECRET_API: OF_VARIABLE }

    const free = await terminal.run(['run', 'program.py'], { env })
    const restricted = await terminal.run(['run', '--restrict', 'program.py'], { env })

    expect([free, restricted].map(({ stdout }) => stdout)).toEqual(['True\n', 'FileNotFoundError\n'])
  })

  it('does not start if its secrets folder does not exist', async () => {
    await using terminal = new Terminal()
    terminal.write('jobs.py', 'import cloaca')

    const ends = await Promise.all(
      ['run', 'serve'].map((command) => terminal.run([command, '--secrets', 'mounted', 'jobs.py'])),
    )

    for (const { exitCode, stderr } of ends) {
      expect(exitCode).toBe(1)
      const shown = stderr.replaceAll('\\"', '"') // `serve` prints JSON
      expect(shown).toContain(`The secrets folder "${join(terminal.folder, 'mounted')}" does not exist.`)
    }
  })
})
