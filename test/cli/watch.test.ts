/** `serve --watch`: what is served follows the files, however they are saved. */

import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type CloacaProcess, Terminal } from '../support/cloaca-process.ts'

/** A script whose trigger fires once a loading, so that its workflow runs. */
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
  const serving = terminal.start(['serve', ...places, '--watch', '--db', ':memory:'])
  await serving.logs('serving ')
  return serving
}

it('a file that is saved by renaming another over it is loaded again, each time', async () => {
  await using terminal = new Terminal()
  const path = terminal.write('shop.py', script('first'))
  const serving = await watching(terminal, 'shop.py')

  for (const name of ['second', 'third']) {
    renameSync(terminal.write('.shop.py.tmp', script(name)), path)
    await serving.logs(`workflow '${name}' completed`)
  }
})

it('a script is loaded again when a helper that it imports changes, and no other script is', async () => {
  await using terminal = new Terminal()
  const helper = (name: string) => terminal.write('helper.py', `NAME = "${name}"\n`)
  helper('first')
  terminal.write('other.py', script('other'))
  terminal.write('shop.py', script('shop', 'import helper\nprint("helped by", helper.NAME, flush=True)'))
  const serving = await watching(terminal, 'shop.py', 'other.py')

  helper('another')

  await serving.prints('helped by another')
  await serving.logs('script "shop.py" was loaded')
  expect(serving.log.filter(({ msg }) => msg.includes('"other.py" was loaded'))).toEqual([])
})

it('a file that is saved broken leaves the script as it was, and says so; the next good one replaces it', async () => {
  await using terminal = new Terminal()
  terminal.write('shop.py', script('good'))
  const serving = await watching(terminal, 'shop.py')
  await serving.logs("workflow 'good' completed")

  terminal.write('shop.py', 'this is no Python')
  await serving.logs('script "shop.py" keeps its previous version')
  terminal.write('shop.py', script('better'))

  await serving.logs("workflow 'better' completed")
})

it('a file of a folder that is new is served, one that is removed is not any more, and the others go on', async () => {
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
