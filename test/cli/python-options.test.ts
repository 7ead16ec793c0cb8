/** Parser of the options that `cloaca run` shares with python. */

import { expect, it } from 'vitest'
import { parsePython } from '../../src/cli/python/python-options.ts'

it.each([
  [['-c', 'x', '-B'], { kind: 'code', text: 'x', rest: ['-B'] }],
  [['-Bcprint(1)', 'a'], { kind: 'code', text: 'print(1)', rest: ['a'] }],
  [['-Em', 'site'], { kind: 'module', text: 'site', rest: [] }],
  [['-u', '-', 'a'], { kind: 'path', rest: ['-', 'a'] }],
  [['-I', 'file.py', '-c'], { kind: 'path', rest: ['file.py', '-c'] }],
  [['--', 'file.py'], { kind: 'path', rest: ['file.py'] }],
  [[], { kind: 'path', rest: [] }],
  [['-VV'], { kind: 'version' }],
  [['--help'], { kind: 'help' }],
])('finds the program to run in %j', (words, target) => {
  expect(parsePython(words, {}).target).toEqual(target)
})

it('passes python environment variables on, unless an option replaces them', () => {
  const environ = { PYTHONWARNINGS: 'error', PYTHONPATH: '/lib', PATH: '/bin' }

  expect(parsePython(['-u', '-W', 'ignore', '-Wonce', '-Xdev', '-c', ''], environ).options).toEqual({
    environ: { PYTHONWARNINGS: 'default,error,ignore,once', PYTHONPATH: '/lib', PYTHONUNBUFFERED: '1' },
    flags: { dev_mode: 1 },
    xOptions: ['dev'],
  })
})

it.each([['-E'], ['-I']])('ignores environment variables with %s', (option) => {
  expect(parsePython([option, '-c', ''], { PYTHONPATH: '/lib' }).options.environ).toEqual({})
})

it.each([
  [['-Z'], 'unknown option -Z'],
  [['--fast', 'x.py'], 'unknown option --fast'],
  [['-c'], 'argument expected for the -c option'],
])('rejects %j', (words, message) => {
  expect(() => parsePython(words, {})).toThrow(message)
})
