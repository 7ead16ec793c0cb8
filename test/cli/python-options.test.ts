/** Python's command line is read as python reads it. */

import { expect, it } from 'vitest'
import { parsePython } from '../../src/cli/python/options.ts'

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
])('finds in %j what is to be run', (words, target) => {
  expect(parsePython(words, {}).target).toEqual(target)
})

it('heeds the variables of python, with what options say in their place', () => {
  const environ = { PYTHONWARNINGS: 'error', PYTHONPATH: '/lib', PATH: '/bin' }

  expect(parsePython(['-u', '-W', 'ignore', '-Wonce', '-Xdev', '-c', ''], environ).options).toEqual({
    environ: { PYTHONWARNINGS: 'default,error,ignore,once', PYTHONPATH: '/lib', PYTHONUNBUFFERED: '1' },
    flags: { dev_mode: 1 },
    xOptions: ['dev'],
  })
})

it.each([['-E'], ['-I']])('heeds no variable with %s', (option) => {
  expect(parsePython([option, '-c', ''], { PYTHONPATH: '/lib' }).options.environ).toEqual({})
})

it.each([
  [['-Z'], 'unknown option -Z'],
  [['--fast', 'x.py'], 'unknown option --fast'],
  [['-c'], 'argument expected for the -c option'],
])('refuses %j', (words, message) => {
  expect(() => parsePython(words, {})).toThrow(message)
})
