/** Grants of restricted scripts, which only the scripts of the granted place can use. */

import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { restrictionProblem } from '../../src/host/restriction/node-flags.ts'
import { Runner, type RunnerOptions } from '../../src/index.ts'

const GRANTED = fileURLToPath(new URL('./scripts/granted.py', import.meta.url))

/** Returns a script that reads the files in its context, and adds their texts and its process id to the context. */
const READER = (name: string) => `
import os
import cloaca

with cloaca.WorkflowBuilder("${name}"):

    @cloaca.task(id="${name}_read")
    def read(context):
        came = []
        for path in context["paths"]:
            try:
                with open(path) as file:
                    came.append(file.read())
            except OSError as error:
                came.append(type(error).__name__)
        context["came"] = came
        context["pid"] = os.getpid()
        return context
`

let folder: string
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'cloaca-granted-')))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function runnerOf(options: RunnerOptions, ...places: readonly string[]): Promise<Runner> {
  const runner = await Runner.open({ database: ':memory:', ...options })
  for (const place of places) await runner.load(place)
  return runner
}

describe.skipIf(restrictionProblem() !== null)('a restricted script', () => {
  beforeAll(() => {
    vi.stubEnv('GRANTED_NAME', 'seen')
    vi.stubEnv('OTHER_NAME', 'hidden')
  })
  afterAll(() => vi.unstubAllEnvs())

  it('can use the files, ports and variables that it is granted', async () => {
    const port = await freePort()
    symlinkSync(folder, `${folder}-by-link`)
    await using runner = await runnerOf(
      {
        restrict: {
          write: [`${folder}-by-link`],
          net: [`localhost:${port}`, `127.0.0.1:${port}`],
          env: ['GRANTED_NAME', 'NOT_THERE'],
        },
      },
      GRANTED,
    )

    const { tasks, context } = await runner.execute('granted', { folder: `${folder}-by-link`, port })

    rmSync(`${folder}-by-link`)
    expect(tasks.map(({ error }) => error)).toEqual([null])
    expect(context.files).toEqual({
      text: 'Writ',
      mode: '0o640',
      time: 7,
      unnamed: 2,
      names: ['a.txt', 'copy.txt', 'pipe', 'second.txt'],
    })
    expect(context.network).toEqual({ said: 'hello', other: 'PermissionError' })
    expect(context.environment).toEqual({ GRANTED_NAME: 'seen' })
  })

  it('shares its process only with scripts of its place, and can read only the files of that grant', {
    tags: ['proof'],
  }, async () => {
    for (const each of ['jobs', 'jobs/inner', 'bills', 'free', 'data']) mkdirSync(join(folder, each))
    const [all, bills] = [join(folder, 'data', 'all.txt'), join(folder, 'data', 'bills.txt')]
    for (const each of [all, bills]) writeFileSync(each, 'read')
    const scripts = { one: 'jobs/one.py', two: 'jobs/inner/two.py', bill: 'bills/bill.py', open: 'free/open.py' }
    for (const [name, path] of Object.entries(scripts)) writeFileSync(join(folder, path), READER(name))
    await using runner = await runnerOf(
      {
        restrict: { read: [all] },
        restrictFor: { [join(folder, 'bills')]: { read: [bills] }, [join(folder, 'free')]: null },
      },
      ...['jobs', 'bills', 'free'].map((each) => join(folder, each)),
    )
    const paths = [all, bills, join(folder, scripts.one), join(folder, scripts.bill)]
    const came = async (name: string) => {
      const { context } = await runner.execute(name, { paths })
      return { read: context.came, pid: context.pid }
    }

    const [one, two, bill, open] = await Promise.all(Object.keys(scripts).map(came))

    const [no, yes] = ['PermissionError', 'read']
    expect(one?.read).toEqual([yes, no, READER('one'), no])
    expect(two).toEqual(one)
    expect(bill?.read).toEqual([no, yes, no, READER('bill')])
    expect(open?.read).toEqual([yes, yes, READER('one'), READER('bill')])
    expect(new Set([one, bill, open].map((each) => each?.pid)).size).toBe(3)
  })

  it('starts from a memory snapshot, and stays restricted after its interpreter was restarted', {
    tags: ['proof'],
  }, async () => {
    writeFileSync(
      join(folder, 'dies.py'),
      `import os, cloaca
with cloaca.WorkflowBuilder("dies"):
    @cloaca.task(id="die", retry_attempts=0)
    def die(context):
        if not os.path.exists("${folder}/died"):
            open("${folder}/died", "w").close()
            os._exit(3)
        context["env"] = dict(os.environ)
        try:
            open("/etc/passwd")
        except OSError as error:
            context["refused"] = type(error).__name__
        return context
`,
    )
    const said: string[] = []
    await using runner = await runnerOf(
      { restrict: { write: [folder] }, log: ({ message }) => said.push(message) },
      join(folder, 'dies.py'),
    )

    const { status, context } = await runner.execute('dies')

    expect({ status, context }).toMatchObject({ status: 'Completed', context: { env: {}, refused: 'PermissionError' } })
    expect(said.filter((line) => line.includes('snapshot'))).toEqual([])
  })

  it('cannot be in TypeScript, because TypeScript runs in the process of cloaca', async () => {
    const script = join(folder, 'script.ts')
    writeFileSync(script, 'export {}\n')
    await using runner = await runnerOf({ restrict: {} })

    await expect(runner.load(script)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('cannot be restricted'),
    })
  })

  it("cannot run under the system's CPython", async () => {
    const python = { kind: 'cpython', executable: 'python3' } as const

    await expect(runnerOf({ restrict: {}, python })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('--restrict and --python "python3" cannot be used together'),
    })
    await using runner = await runnerOf({ restrict: {}, pythonFor: { [GRANTED]: python } })
    await expect(runner.load(GRANTED)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})

describe('a Node that cannot block network access', () => {
  const { allowedNodeEnvironmentFlags } = process
  beforeAll(() => {
    const without = new Set([...allowedNodeEnvironmentFlags].filter((flag) => flag !== '--allow-net'))
    Object.defineProperty(process, 'allowedNodeEnvironmentFlags', { value: without, configurable: true })
  })
  afterAll(() =>
    Object.defineProperty(process, 'allowedNodeEnvironmentFlags', {
      value: allowedNodeEnvironmentFlags,
      configurable: true,
    }),
  )

  it('cannot open a runner with restrictions', async () => {
    await expect(runnerOf({ restrict: {} })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message:
        `Node ${process.version} lacks --allow-net, so it cannot block network access of scripts: ` +
        '--restrict needs Node 26 or newer.',
    })
    await expect(runnerOf({ restrictFor: { [GRANTED]: {} } })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await using unrestricted = await runnerOf({ restrictFor: { [GRANTED]: null } })
    expect(unrestricted).toBeDefined()
  })
})
