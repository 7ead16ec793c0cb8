/** `cloaca serve`: the last line of a failed start, and the wait for polls at a stop. */

import { describe, expect, it } from 'vitest'
import { Terminal } from '../support/cloaca-process.ts'
import { startServing, WORKS } from '../support/serving.ts'

/** Trigger whose poll takes ten minutes, and a workflow whose task ends when a file exists. */
const SLEEPY = `
import os, time
import cloaca

@cloaca.trigger(on="nothing", poll_interval="1h")
def sleepy():
    print("polling", flush=True)
    time.sleep(600)

@cloaca.trigger(on="job", poll_interval="1h")
def start_job():
    return True

with cloaca.WorkflowBuilder("job"):
    @cloaca.task()
    def work(context):
        print("working", flush=True)
        while not os.path.exists("FINISH"):
            time.sleep(0.01)
        return context
`

/** Longer than a test may take. */
const LONG = ['--grace', '10m', '--poll-timeout', '10m']

describe('a start that fails', () => {
  const last = (text: string) => text.trimEnd().split('\n').at(-1) ?? ''

  it.each([
    ['a file that does not exist', ['serve', 'missing.py'], /File or folder ".*missing.py" not found/],
    [
      'a script that cannot be loaded',
      ['serve', 'broken.py'],
      /no script could be loaded, so there is nothing to serve/,
    ],
    ['an unknown workflow', ['serve', 'works.py', '--only-workflows', 'wrks'], /workflow "wrks" .* not found/],
    ['an address without a token', ['serve', 'works.py', '--host', '0.0.0.0'], /token/],
    ['a database that cannot be opened', ['serve', 'works.py', '--db', 'sqlite://nowhere/jobs.db'], /nowhere/],
  ])('because of %s prints its error last, as text and as JSON', async (_, words, error) => {
    await using terminal = new Terminal()
    terminal.write('broken.py', 'import missing_module\n')
    terminal.write('works.py', WORKS)
    const database = words.includes('--db') ? [] : ['--db', ':memory:']

    const text = await terminal.run([...words, ...database, '--log-format', 'text'])
    const json = await terminal.run([...words, ...database, '--log-format', 'json'])

    expect([text.exitCode, json.exitCode]).toEqual([1, 1])
    expect(last(text.stderr)).toMatch(error)
    const record = JSON.parse(last(json.stderr))
    expect(record).toMatchObject({ level: 'error', msg: expect.stringMatching(error) })
    for (const line of json.stderr.trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('msg')
  })
})

it('a serving process waits at most 2 s for a poll at SIGTERM, although poll and grace are longer', async () => {
  await using terminal = new Terminal()
  terminal.write('sleepy.py', SLEEPY)
  terminal.write('FINISH', '')
  const serving = await startServing(terminal, ['sleepy.py', '--db', 'sqlite://sleepy.db', ...LONG])
  await serving.prints('polling')
  await serving.logs("workflow 'job' completed")

  serving.kill('SIGTERM')
  const { exitCode } = await serving.ended

  expect(exitCode).toBe(0)
  expect((await serving.logs('stopping: ')).msg).toBe(
    'stopping: waiting up to 2 s for 1 poll; press Ctrl-C again to quit now',
  )
  expect(serving.log.at(-1)?.msg).toMatch(/^stopped; interrupted .*trigger 'sleepy'/)
})
