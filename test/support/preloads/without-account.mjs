// Preloaded into a process that is to be one of a user whom the system does not know, as in a container that runs as a number.
import { syncBuiltinESMExports } from 'node:module'
import os from 'node:os'

const unknown = (call) => () => {
  throw Object.assign(new Error(`${call} returned ENOENT`), { code: 'ERR_SYSTEM_ERROR' })
}
os.userInfo = unknown('uv_os_get_passwd')
if (!process.env.HOME) os.homedir = unknown('uv_os_homedir')
syncBuiltinESMExports()
