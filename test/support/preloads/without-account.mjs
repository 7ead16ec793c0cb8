// Preload for a process: its user id has no account, as in a container that runs with a numeric user.
import { syncBuiltinESMExports } from 'node:module'
import os from 'node:os'

const unknown = (call) => () => {
  throw Object.assign(new Error(`${call} returned ENOENT`), { code: 'ERR_SYSTEM_ERROR' })
}
os.userInfo = unknown('uv_os_get_passwd')
if (!process.env.HOME) os.homedir = unknown('uv_os_homedir')
syncBuiltinESMExports()
