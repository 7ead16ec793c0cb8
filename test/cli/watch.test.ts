/** `serve --watch` follows changes of files, however they are saved. */

import { renameSync, rmSync, symlinkSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { FileWatch } from '../../src/cli/serve/watch.ts'
import { type CloacaProcess, Terminal } from '../support/cloaca-process.ts'

/** Returns a script whose trigger fires once after each load, so that its workflow runs. */
const script = (name: string, more = '') => `
import cloaca
${more}
is_new = True

@cloaca.trigger("${name}", name="${name}", poll_interval="10ms")
def trigger():
    global is_new
    was_new, is_new = is_new, False
    return was_new

with cloaca.WorkflowBuilder("${name}"):

    @cloaca.task()
    def run(context):
        return context
`

async function watching(terminal: Terminal, ...places: readonly string[]): Promise<CloacaProcess> {
  // Python writes compiled files, as it does for users.
  const env = { PYTHONDONTWRITEBYTECODE: '' }
  const serving = terminal.start(['serve', ...places, '--watch', '--db', ':memory:'], { env })
  await serving.logs('serving ')
  return serving
}

it('a script is reloaded each time that another file is renamed over it', async () => {
  await using terminal = new Terminal()
  const path = terminal.write('shop.py', script('first'))
  const serving = await watching(terminal, 'shop.py')

  for (const name of ['second', 'third']) {
    renameSync(terminal.write('.shop.py.tmp', script(name)), path)
    await serving.logs(`workflow '${name}' completed`)
  }
})

it('a script that runs its own workflow while loading runs the new version, also under a new name', async () => {
  await using terminal = new Terminal()
  const code = (name: string, says: string) => `
import cloaca
runner = cloaca.DefaultRunner("sqlite://jobs.db")

with cloaca.WorkflowBuilder("${name}"):

    @cloaca.task()
    def tell(context):
        print("told by ${says}", flush=True)
        return context

print("${says} came to", runner.execute("${name}", cloaca.Context({})).status, flush=True)
`
  terminal.write('jobs.py', code('first', 'one'))
  const env = { PYTHONDONTWRITEBYTECODE: '' }
  const serving = terminal.start(['serve', 'jobs.py', '--watch', '--db', 'sqlite://jobs.db'], { env })
  await serving.logs('serving ')

  for (const [name, says] of [
    ['first', 'two'],
    ['second', 'three'],
  ] as const) {
    terminal.write('jobs.py', code(name, says))
    await serving.prints(`told by ${says}`)
    await serving.prints(`${says} came to Completed`)
  }
})

it('only the script that imports a changed helper is reloaded', async () => {
  await using terminal = new Terminal()
  const helper = (name: string) => terminal.write('helper.py', `NAME = "${name}"\n`)
  helper('first')
  terminal.write('other.py', script('other'))
  terminal.write('shop.py', script('shop', 'import helper\nprint("helped by", helper.NAME, flush=True)'))
  const serving = await watching(terminal, 'shop.py', 'other.py')

  helper('another')

  await serving.prints('helped by another')
  await serving.logs('loaded script "shop.py"', 2)
  expect(serving.log.filter(({ msg }) => msg.includes('loaded script "other.py"'))).toHaveLength(1)
})

it('an invalid file leaves the old script in use and is logged, until a valid file replaces it', async () => {
  await using terminal = new Terminal()
  terminal.write('shop.py', script('good'))
  const serving = await watching(terminal, 'shop.py')
  await serving.logs("workflow 'good' completed")

  terminal.write('shop.py', 'this is no Python')
  await serving.logs('script "shop.py" could not be reloaded, and its old version stays in use: SyntaxError: ')
  terminal.write('shop.py', script('better'))

  await serving.logs("workflow 'better' completed")
})

it('a file that no longer declares anything is logged, and a helper without declarations is not', async () => {
  await using terminal = new Terminal()
  terminal.write('shop/one.py', script('one'))
  terminal.write('shop/two.py', script('two'))
  terminal.write('shop/helper.py', '')
  const serving = await watching(terminal, 'shop')

  terminal.write('shop/helper.py', 'NAME = 1\n')
  terminal.write('shop/one.py', '')
  await serving.logs('script "shop/one.py" no longer declares a trigger or a workflow')
  terminal.write('shop/one.py', script('again'))

  await serving.logs("workflow 'again' completed")
  expect(serving.log.filter(({ msg }) => msg.includes('helper.py'))).toEqual([])
})

it('a new file of a folder is served, a removed file is not, and the others stay served', async () => {
  await using terminal = new Terminal()
  terminal.write('shop/one.py', script('one'))
  terminal.write('shop/two.py', script('two'))
  const serving = await watching(terminal, 'shop')

  terminal.write('shop/three.py', script('three'))
  await serving.logs("workflow 'three' completed")
  rmSync(join(terminal.folder, 'shop', 'one.py'))
  await serving.logs('script "shop/one.py" was removed')
  terminal.write('shop/two.py', script('twice'))

  await serving.logs("workflow 'twice' completed")
})

it('an old file that is moved into a folder before its watch is ready is reported', async () => {
  await using terminal = new Terminal()
  const old = terminal.write('old.py', '')
  utimesSync(old, 0, 0)
  terminal.write('jobs/known.py', '')
  await sleep(50)
  const since = Date.now()
  await sleep(50)
  const moved = join(terminal.folder, 'jobs', 'moved.py')
  renameSync(old, moved)

  const reported: string[] = []
  const changed = async (files: readonly string[]) => void reported.push(...files)
  const watch = await FileWatch.open([join(terminal.folder, 'jobs')], since, {
    changed,
    failed: (error) => expect.unreachable(error.message),
  })

  await expect.poll(() => reported).toEqual([moved])
  await watch.close()
})

it('the last version is loaded after several saves within a second, even with equal file sizes', async () => {
  await using terminal = new Terminal()
  terminal.write('helper.py', 'NAME = "a1"\n')
  terminal.write('shop.py', script('shop', 'import helper\nprint("helped by", helper.NAME, flush=True)'))
  const serving = await watching(terminal, 'shop.py')

  for (const name of ['a2', 'a3', 'a4']) {
    terminal.write('helper.py', `NAME = "${name}"\n`)
    await serving.prints(`helped by ${name}`)
  }
})

describe('a script that could not be loaded', () => {
  it('is loaded when its invalid helper is corrected', async () => {
    await using terminal = new Terminal()
    terminal.write('other.py', script('other'))
    terminal.write('lib/helper.py', 'this is no Python')
    terminal.write('shop.py', script('shop', 'import sys; sys.path.append("lib")\nimport helper'))
    const serving = await watching(terminal, 'shop.py', 'other.py')

    terminal.write('lib/helper.py', '')

    await serving.logs("workflow 'shop' completed")
  })

  it('is loaded when its missing helper is created', async () => {
    await using terminal = new Terminal()
    terminal.write('shop.py', script('shop'))
    const serving = await watching(terminal, 'shop.py')
    terminal.write('shop.py', script('better', 'import helper'))
    await serving.logs('could not be reloaded, and its old version stays in use: ModuleNotFoundError')

    terminal.write('helper.py', '')

    await serving.logs("workflow 'better' completed")
  })

  it('is loaded when it is named as a module and its file is corrected', async () => {
    await using terminal = new Terminal()
    terminal.write('other.py', script('other'))
    terminal.write('shop/__init__.py', '')
    terminal.write('shop/jobs.py', 'this is no Python')
    const serving = await watching(terminal, 'shop.jobs', 'other.py')

    terminal.write('shop/jobs.py', script('shop'))

    await serving.logs("workflow 'shop' completed")
  })
})

it('a module is reloaded when its file changes', async () => {
  await using terminal = new Terminal()
  terminal.write('shop/__init__.py', '')
  terminal.write('shop/jobs.py', script('first'))
  const serving = await watching(terminal, 'shop.jobs')

  terminal.write('shop/jobs.py', script('second'))

  await serving.logs("workflow 'second' completed")
})

it('the scripts of a removed folder are no longer served, and are served again when it is back', async () => {
  await using terminal = new Terminal()
  terminal.write('other.py', script('other'))
  terminal.write('shop/jobs/one.py', script('one'))
  const serving = await watching(terminal, 'shop', 'other.py')

  rmSync(join(terminal.folder, 'shop'), { recursive: true })
  await serving.logs('script "shop/jobs/one.py" was removed')
  terminal.write('shop/jobs/one.py', script('anew'))

  await serving.logs("workflow 'anew' completed")
  expect(serving.log.filter(({ level }) => level === 'error')).toEqual([])
})

it('an unreadable file of a folder is logged once, and the other files are served and reloaded', async () => {
  await using terminal = new Terminal()
  terminal.write('shop/one.py', script('one'))
  symlinkSync('loop.py', join(terminal.folder, 'shop', 'loop.py'))
  const serving = await watching(terminal, 'shop')

  for (const name of ['second', 'third']) {
    terminal.write('shop/one.py', script(name))
    await serving.logs(`workflow '${name}' completed`)
  }

  expect(serving.log.filter(({ msg }) => msg.startsWith('"shop/loop.py" is skipped: '))).toHaveLength(1)
  expect(serving.log.filter(({ level }) => level === 'error')).toEqual([])
})

describe('a symbolic link that is switched to another folder', () => {
  /** Replaces a link atomically, as deployments do: the link always exists. */
  const point = (terminal: Terminal, link: string, to: string) => {
    symlinkSync(to, join(terminal.folder, `${link}.new`))
    renameSync(join(terminal.folder, `${link}.new`), join(terminal.folder, link))
  }

  it.each(['current', 'current/jobs', 'current/jobs/one.py'])(
    'is followed each time if %s is served',
    async (place) => {
      await using terminal = new Terminal()
      terminal.write('first/jobs/one.py', script('first'))
      terminal.write('second/jobs/one.py', script('second'))
      terminal.write('third/jobs/one.py', script('third'))
      point(terminal, 'current', 'first')
      const serving = await watching(terminal, place)

      for (const name of ['second', 'third', 'first']) {
        point(terminal, 'current', name)
        await serving.logs(`workflow '${name}' completed`)
      }
      terminal.write('first/jobs/one.py', script('edited'))

      await serving.logs("workflow 'edited' completed")
    },
  )

  it('has only the files of the new folder served, and is served again after its removal', async () => {
    await using terminal = new Terminal()
    terminal.write('other.py', script('other'))
    terminal.write('first/one.py', script('one'))
    terminal.write('second/two.py', script('two'))
    point(terminal, 'current', 'first')
    const serving = await watching(terminal, 'current', 'other.py')

    point(terminal, 'current', 'second')
    await serving.logs('script "current/one.py" was removed')
    await serving.logs("workflow 'two' completed")
    rmSync(join(terminal.folder, 'current'))
    await serving.logs('script "current/two.py" was removed')
    symlinkSync('first', join(terminal.folder, 'current'))
    await serving.logs('loaded script "current/one.py"', 2)
    terminal.write('first/three.py', script('three'))

    await serving.logs("workflow 'three' completed")
  })

  it('is followed if its name is hidden and the files of the served folder link through it', async () => {
    await using terminal = new Terminal()
    terminal.write('jobs/..1/one.py', script('first'))
    terminal.write('jobs/..2/one.py', script('second'))
    symlinkSync('..1', join(terminal.folder, 'jobs/..data'))
    symlinkSync('..data/one.py', join(terminal.folder, 'jobs/one.py'))
    const serving = await watching(terminal, 'jobs')

    point(terminal, 'jobs/..data', '..2')

    await serving.logs("workflow 'second' completed")
  })
})

it('an undeclared workflow of a trigger is logged after a reload, too', async () => {
  await using terminal = new Terminal()
  terminal.write('shop.py', script('shop'))
  const serving = await watching(terminal, 'shop.py')

  terminal.write('shop.py', script('shop').replace('trigger("shop"', 'trigger("shopp"'))

  await serving.logs('starts workflow "shopp", which is not declared')
})

it('a shutdown does not wait for a script that is being reloaded', async () => {
  await using terminal = new Terminal()
  terminal.write('shop.py', script('shop'))
  const serving = await watching(terminal, 'shop.py')

  terminal.write('shop.py', 'import time\nprint("hanging", flush=True)\ntime.sleep(600)')
  await serving.prints('hanging')
  serving.kill('SIGTERM')

  expect(await serving.ended).toMatchObject({ exitCode: 0, signal: null })
  expect(serving.log.filter(({ level }) => level === 'error')).toEqual([])
})
