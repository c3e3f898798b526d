/** Who runs a command, as the audit log names them: somebody on the machine itself. */
import { userInfo } from 'node:os'
import type { Actor } from '../audit/audit.ts'

export const hostActor = (): Actor => ({ actor: `host:${userInfo().username}`, role: 'host' })
