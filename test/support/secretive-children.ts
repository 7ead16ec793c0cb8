/** Test of a task whose child processes print its secret: the server must mask the secret in its output. */

import { expect } from 'vitest'
import { loggedMessages, Terminal } from './cloaca-process.ts'
import { ServedHttp } from './served-http.ts'

const SECRET = 'hunter2-of-a-child'

const SCRIPT = `
import os, subprocess, cloaca

class Told(Exception): pass

with cloaca.WorkflowBuilder("tells"):
    @cloaca.task(retry_attempts=0)
    def tells(ctx):
        value = ctx.secret_field("api", "value")
        print("first", flush=True)
        subprocess.run(["sh", "-c", 'echo "child: $0"; echo "error: $0" >&2', value])
        print("second", flush=True)
        os.system(f"echo system: {value}")
        in_two_parts = 'printf %s "\${0%???}"; sleep 0.2; printf "%s\\\\n" "\${0#???????????????}"'
        subprocess.run(["sh", "-c", in_two_parts, value])
        read = subprocess.run(["echo", value], stdout=subprocess.PIPE, text=True).stdout
        with open("out", "w") as file:
            subprocess.run(["echo", value], stdout=file)
        print("read", read.strip() == value == open("out").read().strip(), flush=True)
        raise type(f"Told_{value}", (Told,), {})("failed")
`

/** Serves the task with further options, and expects the secret to be masked in the output. */
export async function expectChildrenMasked(options: readonly string[]): Promise<{ readonly everything: string }> {
  await using terminal = new Terminal()
  terminal.write('tells.py', SCRIPT)
  const env = { CLOACA_SECRET_API: SECRET }

  const serving = terminal.start(['serve', 'tells.py', '--db', 'sqlite://jobs.db', ...options], { env })
  const http = await ServedHttp.of(serving)
  const execution = await http.execute('tells')
  serving.kill('SIGTERM')
  const { stdout, stderr } = await serving.ended

  expect(loggedMessages(stdout)).toEqual(['first', 'child: ***', 'second', 'system: ***', '***', 'read True'])
  expect(stderr).toContain('error: ***')
  return { everything: JSON.stringify([stdout, stderr, execution]) }
}

export { SECRET as SECRET_OF_CHILDREN }
