/**
 * The POP3 server (RFC 1939). See README.md of this folder.
 */
import { createConnectionLimits, type ConnectionLimits } from '../../base/connection-limits.ts'
import { createPorts } from '../wire/ports.ts'
import type { Ports, TlsKeys } from '../wire/ports.ts'
import { Connection } from './connection.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import type { Pop3Limits } from './limits.ts'
import type { SessionDeps } from './session.ts'

export interface Pop3Deps extends Omit<SessionDeps, 'limits' | 'connections'> {
  readonly tls: TlsKeys
  readonly limits?: Partial<Pop3Limits>
  /** shared with other services; default: its own */
  readonly connections?: ConnectionLimits
}

export type Pop3Server = Ports

export function createPop3Server({ tls, limits, connections = createConnectionLimits(), ...rest }: Pop3Deps): Pop3Server {
  const deps: SessionDeps = { ...rest, connections, limits: { ...DEFAULT_LIMITS, ...limits } }
  const farewell = '-ERR [SYS/TEMP] Too many connections\r\n'
  return createPorts({
    tls,
    handshakeTime: deps.limits.loginTime,
    connections: deps.limits.connections,
    perClient: connections,
    farewells: { full: farewell, perClient: farewell },
    accept: (socket, context) => new Connection(deps, socket, context),
  })
}
