/** Invalid usage of the command line: exit code 2, before anything is opened or started. */

import { afterAll, describe, expect, it } from 'vitest'
import { Terminal } from '../support/cloaca-process.ts'

describe('the command line', () => {
  const terminal = new Terminal()
  afterAll(() => terminal[Symbol.asyncDispose]())

  it.each([
    [['trigger', 'lst'], /unknown command 'lst'\n\(Did you mean list\?\)/],
    [['execution', 'rerun', '5b9debd0', '--all'], /unknown command 'rerun'\n\(Did you mean retry\?\)/],
    [['sevre', 'shop.py'], /unknown command 'sevre'\n\(Did you mean serve\?\)/],
    [['trigger', 'list', '--jsn'], /unknown option '--jsn'\n\(Did you mean --json\?\)/],
    [['serve'], /missing required argument 'places'/],
    [['serve', 'shop.py', '--interpreters', 'two'], /'two' is invalid\. Expected a whole number, 1 or more\./],
    [['serve', 'shop.py', '--concurrency', '0'], /'0' is invalid\. Expected a whole number, 1 or more\./],
    [['graph', 'run', 'price', 'order.py', '--input', '{"a":'], /^cloaca: --input is not valid JSON: /],
    [['serve', 'shop.py', '--log-level', 'loud'], /Expected one of "debug", "info", "warn", "error", "silent"\./],
    [['execution', 'list', '--limit', '-1'], /'-1' is invalid\. Expected a whole number, 0 or more\./],
    [['execution', 'list', '--since', '2026-02-30T00:00:00Z'], /Expected a duration such as 2h or 7d, or a timestamp/],
    [['run'], /There is no program to run\. Name a script, such as: cloaca run report\.py/],
    [['config', '--memory', 'lots'], /'lots' is invalid\. Expected a size such as/],
    [['run', '--memory', '3'], /"--memory" must be a size such as .* at least "384mb", but "3" \(string\) was given\./],
    [['run', '-m'], /-m needs the name of a module\./],
    [['run', '--fast', 'shop.py'], /cloaca run has no option "--fast"\./],
    [
      ['workflow', 'run', 'order', '--db', ':memory:', '--context', '[1]'],
      /Invalid --context: .* JSON object.* an array was given/,
    ],
    [
      ['workflow', 'run', 'order', '--db', ':memory:', '--context', '{"a": ["\\ud800"]}'],
      /Invalid --context: .*"context\.a\[0\]" contains half of a surrogate pair/,
    ],
    [
      ['workflow', 'run', 'order', '--db', ':memory:', '--context', `{"a": ${'['.repeat(512)}${']'.repeat(512)}}`],
      /Invalid --context: .* deeper than 512 levels/,
    ],
    [
      ['workflow', 'run', 'order', '--db', ':memory:', '--context', '{'],
      /Invalid --context: A context must be valid JSON: /,
    ],
  ])('%s exits with 2 and states the reason', async (words, message) => {
    const end = await terminal.call(words)

    expect(end).toMatchObject({ exitCode: 2, stdout: '' })
    expect(end.stderr).toMatch(message)
  })

  it.each([
    [['run', 'missing.py'], /File ".*missing\.py" not found\. Check the path\./],
    [['run', 'constructor'], /File ".*constructor" not found\. Check the path\./],
  ])('exits with 2 if the script of %s does not exist', async (words, message) => {
    const end = await terminal.start(words).ended

    expect(end).toMatchObject({ exitCode: 2, stdout: '' })
    expect(end.stderr).toMatch(message)
  })

  it.each([
    [
      'in a folder that does not exist',
      'sqlite://missing/jobs.db',
      /the folder ".*missing" does not exist\. Create it/,
    ],
    [
      'whose file is not a database',
      'sqlite://notes.db',
      /file is not a database\. Use another file, or move this one away\./,
    ],
    ['of an unknown type', 'mysql://localhost/jobs', /databases of type "mysql" are not supported\. Use sqlite:/],
  ])('serves nothing on a database %s, and names the remedy in one line', async (_, url, message) => {
    terminal.write('notes.db', 'These are notes and no database. '.repeat(100))
    terminal.write('shop.py', '')

    const end = await terminal.run(['serve', 'shop.py', '--db', url])

    expect(end).toMatchObject({ exitCode: 1, stdout: '' })
    expect((JSON.parse(end.stderr) as { msg: string }).msg).toMatch(message)
  })

  it.each([
    '',
    ' run',
    ' serve',
    ' pip',
    ' trigger',
    ' trigger list',
    ' trigger show',
    ' trigger enable',
    ' trigger disable',
    ' trigger history',
    ' trigger test',
    ' workflow',
    ' workflow list',
    ' workflow show',
    ' workflow run',
    ' alert',
    ' alert list',
    ' check',
    ' config',
    ' graph',
    ' graph run',
    ' reactor subscribe',
    ' source push',
    ' execution',
    ' execution list',
    ' execution show',
  ])('cloaca%s --help shows an example', async (words) => {
    const { exitCode, stdout } = await terminal.run([...words.split(' ').slice(1), '--help'])

    expect(exitCode).toBe(0)
    expect(stdout).toMatch(new RegExp(`^Examples?:\\n {2}cloaca${words}`, 'm'))
  })

  it('prints its version with --version, and its commands with --help', async () => {
    const [version, help] = await Promise.all([terminal.start(['--version']).ended, terminal.run(['--help'])])

    expect(version).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
    expect(help.exitCode).toBe(0)
    for (const command of [
      'run',
      'serve',
      'trigger',
      'workflow',
      'execution',
      'graph',
      'reactor',
      'source',
      'check',
      'config',
    ])
      expect(help.stdout).toContain(command)
  })
})
