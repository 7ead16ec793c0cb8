/** What served scripts print does not break the lines of the log. */

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scenarioPath } from '../support/run-script.ts'
import { ROOT } from '../support/source-tree.ts'
import { temporaryFolder } from '../support/store-sites.ts'

test('off a terminal each line on stderr is a whole one, of the log or of a script, and stdout is as it was printed', async () => {
  using folder = temporaryFolder()
  const words = [
    'serve',
    scenarioPath('prints_half_lines.py'),
    '--no-http',
    '--db',
    `sqlite://${folder.file('says.db')}`,
  ]
  const child = spawn(process.execPath, [join(ROOT, 'src/cli/main.ts'), ...words])
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
    if (stderr.includes("workflow 'says' completed")) child.kill('SIGTERM')
  })
  await new Promise((resolve) => child.on('close', resolve))

  const lines = stderr.trimEnd().split('\n')
  expect(lines.filter((line) => !line.startsWith('{'))).toEqual(['half a line, and the rest'])
  for (const line of lines.filter((each) => each.startsWith('{'))) expect(JSON.parse(line)).toHaveProperty('msg')
  expect(stdout).toBe('to stdout')
})
