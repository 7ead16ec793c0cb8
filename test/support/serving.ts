/** Start of `cloaca serve` in tests of the command line, and a script with a trigger that starts a workflow. */

import type { CloacaProcess, ProcessOptions, Terminal } from './cloaca-process.ts'

export const WORKS = `
import cloaca

@cloaca.trigger("works", name="works", poll_interval="1h")
def check():
    return True

with cloaca.WorkflowBuilder("works"):
    @cloaca.task()
    def work(context):
        return context
`

/** Starts `serve` with these words, and waits until it serves all scripts. */
export async function startServing(
  terminal: Terminal,
  words: readonly string[],
  options: ProcessOptions = {},
): Promise<CloacaProcess> {
  const serving = terminal.start(['serve', ...words], options)
  await serving.logs('serving ')
  return serving
}
